"""How long a 30 s tune takes, stage by stage, and what threads do for the network.

Variants are run in turn, so that a machine whose speed drifts still gives fair ratios. Other ways to run the network
are compared in `benchmarks.speed.engine`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from generator.process.pipeline import Pipeline
from generator.process.warm_up import warm_pipeline
from generator.protocol.requests import Request
from generator.protocol.results import Job

ROUNDS = 5
SECONDS = 30


def time_stages(workshop: Pipeline) -> None:
    """Print the median seconds of each stage of a job."""
    laps: dict[str, list[float]] = {}
    for seed in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            job = Job(id="bench", request=Request(seconds=SECONDS, seed=seed), folder=folder)
            done = workshop.run(job, lambda _: None)
            for stage, seconds in getattr(done, "timings", {}).items():
                laps.setdefault(stage, []).append(seconds)
    for stage, found in laps.items():
        print(f"{stage:8} {statistics.median(found):6.2f} s  (worst of {ROUNDS}: {max(found):.2f} s)")


TUNE = """
import sys, time
from generator.warmup import ready_workshop
from models.writer import Wish
workshop = ready_workshop()
began = time.perf_counter()
workshop.composer.compose(Wish(frames=600, seed=int(sys.argv[1])))
print(time.perf_counter() - began)
"""
"""Times a tune in a process of its own: numpy's threads are chosen once, when it is loaded."""


def compare_threads() -> None:
    """Print the time of a tune with one thread against two."""
    ratios = []
    for seed in range(ROUNDS):
        took = []
        for threads in ("1", "2"):
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
            command = [sys.executable, "-c", TUNE, str(seed)]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            took.append(float(done.stdout))
        ratios.append(took[1] / took[0])
    print(f"two threads take {statistics.median(ratios):.2f} times as long as one")


def main() -> None:
    """`make bench`."""
    workshop = warm_pipeline()
    print(f"{SECONDS} s tune, engine {workshop.engine}")
    time_stages(workshop)
    compare_threads()


if __name__ == "__main__":
    main()
