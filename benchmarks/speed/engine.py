"""The engine of this project against transformers' `generate` in float32, and against the floor of its own weights.

    python -m benchmarks.speed.engine [--sizes 5,16,35] [--texts 1,2,4,8] [--rounds N] [--tokens N] [--seconds S]

For networks with random weights, made on the spot, and for those that ship. The ways take turns, and processor time is
measured beside the clock, so that ratios are fair if the machine does other work. Each way uses one thread. The floor
is the time that one thread takes to read the engine's weights once, from an array of the same size in the same run.
Numbers are medians, with quartiles in brackets.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import generator  # noqa: F401  limits numpy to one thread before numpy is loaded

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from benchmarks.speed.network_runners import (
    Writer,
    bytes_of,
    engine_writer,
    make_network,
    read_bandwidth,
    spread,
    transformers_writer,
    tune_writer,
    weight_count,
)
from models.weights import DEFAULT_MODEL, WEIGHTS_FOLDER

SIZES = {5: (6, 256), 16: (9, 384), 35: (11, 512), 1: (2, 128)}
"""(layers, width) by about how many millions of weights the network has."""

Times = dict[tuple[str, int], list[tuple[float, float]]]
"""Seconds of processor and of the clock for a token, of each round, by way and number of texts."""


def processor_seconds(call: Callable[[], object]) -> float:
    """Return how long a call keeps the processor busy."""
    began = time.process_time()
    call()
    return time.process_time() - began


def take_turns(ways: dict[str, Writer], texts: Sequence[int], rounds: int) -> Times:
    """Have each way write each number of texts, in turns."""
    times: Times = {}
    for _ in range(rounds):
        for count in texts:
            for name, write in ways.items():
                processor, clock = time.process_time(), time.perf_counter()
                tokens = write(count)
                took = (time.process_time() - processor) / tokens, (time.perf_counter() - clock) / tokens
                times.setdefault((name, count), []).append(took)
    return times


def report(title: str, weights: int, times: Times, floor: float) -> None:
    """Print a table. floor: seconds to read the weights once."""
    print(f"\n{title}: {weights / 1e6:.1f} million weights, floor {1000 * floor:.2f} ms a token")
    print("texts  way           processor ms a token   clock ms   tokens/s   times transformers   times 1 text   floor")
    for name, count in times:
        processor = [pair[0] for pair in times[name, count]]
        low, middle, high = (1000 * value for value in spread(processor))
        clock = 1000 * spread([pair[1] for pair in times[name, count]])[1]
        faster = _ratio(times["transformers", count], times[name, count])
        gain = _ratio(times[name, min(texts for _, texts in times)], times[name, count])
        share = f"{floor / count / middle * 1000:6.0%}" if name != "transformers" else ""
        print(
            f"{count:5}  {name:12} {middle:7.2f} ({low:.2f}-{high:.2f})   {clock:10.2f} {1000 / middle:10.0f}"
            f"   {faster:12.1f}   {gain:12.1f}   {share}"
        )


def _ratio(reference: list[tuple[float, float]], times: list[tuple[float, float]]) -> float:
    """Return how many times less processor time a way takes: the median over the rounds."""
    return spread([theirs[0] / mine[0] for theirs, mine in zip(reference, times, strict=True)])[1]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=_numbers, default=[5, 16, 35], help=f"out of {', '.join(map(str, SIZES))}")
    parser.add_argument("--texts", type=_numbers, default=[1, 2, 4, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=300, help="length of the texts by networks with random weights")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the tunes by networks that ship")
    parser.add_argument("--models", default=DEFAULT_MODEL, help="networks that ship, by name, or folders")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            make_network(folder, *SIZES[size])
            ways = {
                "transformers": transformers_writer(folder, options.tokens),
                "engine": engine_writer(folder, options.tokens),
            }
            _compare(f"random weights, {options.tokens} tokens", folder, ways, options.texts, options.rounds)
    for name in filter(None, options.models.split(",")):
        folder = Path(name) if Path(name).is_dir() else WEIGHTS_FOLDER / name
        tunes = tune_writer(folder, options.seconds)
        ways = {"transformers": transformers_writer(folder, tunes(1)), "whole tunes": tunes}
        _compare(f"{folder.name}, tunes of {options.seconds:g} s", folder, ways, options.texts, options.rounds)


def _compare(title: str, folder: Path, ways: dict[str, Writer], texts: Sequence[int], rounds: int) -> None:
    for write in ways.values():
        write(1)
    times = take_turns(ways, texts, rounds)
    weights = weight_count(folder)
    size = bytes_of(weights)
    report(title, weights, times, size / read_bandwidth(size, processor_seconds))


if __name__ == "__main__":
    main()
