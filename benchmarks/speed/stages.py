"""How long a tune takes, stage by stage, and what a second thread does for the network. `make bench` runs it.

    python -m benchmarks.speed.stages [--rounds N] [--seconds S]

The variants take turns, so the ratios are fair even if the machine's speed drifts. `benchmarks.speed.engine` compares
other ways to run the network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from generator.process.pipeline import Pipeline
from generator.process.warm_up import warm_pipeline
from generator.protocol.requests import Request
from generator.protocol.results import Job


def time_stages(pipeline: Pipeline, rounds: int, seconds: float) -> None:
    """Print the median seconds of each stage of a job."""
    times: dict[str, list[float]] = {}
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            job = Job(id="bench", request=Request(seconds=seconds, seed=seed), folder=folder)
            result = pipeline.run(job, lambda _: None)
            for stage, took in getattr(result, "timings", {}).items():
                times.setdefault(stage, []).append(took)
    for stage, stage_times in times.items():
        print(f"{stage:8} {statistics.median(stage_times):6.2f} s  (worst of {rounds}: {max(stage_times):.2f} s)")


TUNE = """
import sys, time
from generator.process.warm_up import warm_pipeline
from models.inference.sampler import TuneSpec
pipeline = warm_pipeline()
began = time.perf_counter()
pipeline.composer.compose(TuneSpec(frames=600, seed=int(sys.argv[1])))
print(time.perf_counter() - began)
"""
"""Times a tune in a process of its own, because numpy chooses its threads once, when it is loaded."""


def compare_threads(rounds: int) -> None:
    """Print the time of a tune with two threads as a multiple of that with one."""
    ratios = []
    for seed in range(rounds):
        times = []
        for threads in ("1", "2"):
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
            command = [sys.executable, "-c", TUNE, str(seed)]
            process = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            times.append(float(process.stdout))
        ratios.append(times[1] / times[0])
    print(f"two threads take {statistics.median(ratios):.2f} times as long as one")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the tunes")
    options = parser.parse_args(arguments)
    pipeline = warm_pipeline()
    print(f"{options.seconds:g} s tune, engine {pipeline.engine}")
    time_stages(pipeline, options.rounds, options.seconds)
    compare_threads(options.rounds)


if __name__ == "__main__":
    main()
