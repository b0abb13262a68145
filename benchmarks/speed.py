"""How long a 30 s tune takes, stage by stage, and what threads do for the network.

Variants are run in turn, so that a machine whose speed drifts still gives fair ratios.
"""

from __future__ import annotations

import statistics
import tempfile
import time

import torch

from generator.contract import Job, Request
from generator.warmup import ready_workshop
from generator.work import Workshop
from models.sample import Wish

ROUNDS = 5
SECONDS = 30


def time_stages(workshop: Workshop) -> None:
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


def compare_threads(workshop: Workshop) -> None:
    """Print the time of a tune with one thread against two."""
    ratios = []
    for seed in range(ROUNDS):
        took = {}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            began = time.perf_counter()
            workshop.composer.compose(Wish(frames=60 * 10, seed=seed))
            took[threads] = time.perf_counter() - began
        ratios.append(took[2] / took[1])
    torch.set_num_threads(1)
    print(f"two threads take {statistics.median(ratios):.2f} times as long as one")


def main() -> None:
    """`make bench`."""
    workshop = ready_workshop()
    print(f"{SECONDS} s tune, engine {workshop.engine}")
    time_stages(workshop)
    compare_threads(workshop)


if __name__ == "__main__":
    main()
