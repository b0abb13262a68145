"""What a tune costs by stage, with the number of takes, with its length and in a queue; start and memory.

    python -m benchmarks.speed.stages --out DIR [--rounds N] [--lengths 30,120] [--queued N]

Stages are measured in processor time, with that of FluidSynth and ffmpeg, and by the clock. One take and eight, and one
request at a time and several, take turns. Numbers are medians, with quartiles in brackets. The plot of cost against
length is DIR/length.png. `benchmarks.speed.engine` measures the network alone.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.speed.network_runners import spread
from bot.settings import USUAL_JOBS
from generator.process.meter import used_seconds
from generator.process.pipeline import Pipeline
from generator.process.warm_up import warm_pipeline
from generator.protocol.client import GeneratorClient
from generator.protocol.requests import Request
from generator.protocol.results import Job, Result

TAKES = (1, 8)


def run(pipeline: Pipeline, request: Request) -> dict[str, float]:
    """Return the processor seconds of each stage of a request, and of the whole."""
    pipeline.clock = used_seconds
    with tempfile.TemporaryDirectory() as folder:
        result = pipeline.run(Job(id="bench", request=request, folder=folder), lambda _: None)
    if not isinstance(result, Result):
        raise RuntimeError(result.sentence)
    return {stage: seconds for stage, seconds in result.timings.items() if stage != "processor"}


def time_stages(pipeline: Pipeline, rounds: int, lengths: Sequence[float]) -> dict[float, list[float]]:
    """Print the processor time of each stage by length and number of takes. Return the totals of one take by length."""
    costs: dict[tuple[float, int], list[dict[str, float]]] = {}
    for seed in range(rounds):
        for seconds in lengths:
            for takes in TAKES:
                took = run(pipeline, Request(seconds=seconds, seed=seed, takes=takes))
                costs.setdefault((seconds, takes), []).append(took)
    for (seconds, takes), rows in costs.items():
        print(f"{seconds:g} s, {takes} take(s), processor seconds:")
        for stage in rows[0]:
            low, middle, high = spread([row[stage] for row in rows])
            print(f"  {stage:8} {middle:6.2f} ({low:.2f}-{high:.2f})")
    for seconds in lengths:
        pairs = zip(costs[seconds, TAKES[-1]], costs[seconds, 1], strict=True)
        ratio = statistics.median(many["score"] / one["score"] for many, one in pairs)
        print(f"{seconds:g} s: {TAKES[-1]} takes are composed in {ratio:.2f} times the processor time of one")
    return {seconds: [row["total"] for row in costs[seconds, 1]] for seconds in lengths}


def plot_lengths(costs: dict[float, list[float]], out: Path) -> None:
    """Draw cost against length with a straight line, and print how well it fits."""
    import matplotlib as mpl  # noqa: PLC0415  slow to load

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    lengths = np.array(list(costs))
    medians = np.array([statistics.median(row) for row in costs.values()])
    slope, constant = np.polyfit(lengths, medians, 1)
    off = float(np.abs(slope * lengths + constant - medians).max() / medians.max())
    print(f"a tune costs {constant:.2f} s and {slope:.4f} s a second; that is {off:.1%} off at most")
    figure, axes = plt.subplots(figsize=(7, 4.2))
    for seconds, row in costs.items():
        axes.plot([seconds] * len(row), row, "o", color="#56b4ff", markersize=4)
    axes.plot(lengths, slope * lengths + constant, color="#ffaa14")
    axes.set(xlabel="length of the tune, s", ylabel="processor time, s", xlim=(0, None), ylim=(0, None))
    figure.tight_layout()
    figure.savefig(out, dpi=120)
    plt.close(figure)


async def time_queue(count: int, seconds: float) -> None:
    """Print the tunes a minute of a queue, made one at a time and several at once; start to ready, and memory."""
    client = GeneratorClient()
    began = time.perf_counter()
    await client.warm_up()
    print(f"the generator is ready after {time.perf_counter() - began:.2f} s")
    rates: dict[int, float] = {}
    for jobs in (1, USUAL_JOBS):
        free = asyncio.Semaphore(jobs)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for seed in range(count):
                group.create_task(_one(client, free, Request(seconds=seconds, seed=seed)))
        rates[jobs] = 60 * count / (time.perf_counter() - began)
        print(f"{count} tunes of {seconds:g} s, {jobs} at once: {rates[jobs]:.1f} tunes a minute")
    print(f"the most memory of the generator: {_peak_megabytes(client.pid)} MB")
    await client.close()


async def _one(client: GeneratorClient, free: asyncio.Semaphore, request: Request) -> None:
    async with free:
        with tempfile.TemporaryDirectory() as folder:
            await client.run(Job(id=str(request.seed), request=request, folder=folder), lambda _: None)


def _peak_megabytes(pid: int | None) -> int:
    """Return the most memory that a process had; 0 if the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder for the plot")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lengths", type=_numbers, default=[15.0, 30.0, 60.0, 120.0], help="seconds of music")
    parser.add_argument("--queued", type=int, default=12, help="tunes of the shortest length in a queue")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    pipeline = warm_pipeline()
    print(f"engine {pipeline.engine}")
    costs = time_stages(pipeline, options.rounds, options.lengths)
    plot_lengths(costs, options.out / "length.png")
    asyncio.run(time_queue(options.queued, min(options.lengths)))


if __name__ == "__main__":
    main()
