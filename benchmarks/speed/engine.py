"""The engine of this project and transformers, compared: one token, and a prompt of half a context.

    python -m benchmarks.speed.engine [--model DIR] [--rounds N] [--shipped-only]

Runners take turns, a few tokens each, and processor time is measured in place of the clock, so the ratios are fair even
if the machine's speed drifts or it does other work. Each runner uses one thread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import generator  # noqa: F401  limits numpy to one thread before numpy is loaded

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from benchmarks.speed.network_runners import Ours, Runner, Transformers
from models.training.network import new_network
from models.weights import DEFAULT_MODEL_FOLDER

TOKENS = 25
"""Tokens that a runner reads before the next one takes its turn."""
OTHER_SIZES = ((8, 384), (10, 448))
"""(layers, width) of networks with random weights that are measured too."""


def runners(folder: Path) -> dict[str, Runner]:
    """Return every runner with the same network. The others are compared with the first."""
    return {"transformers": Transformers(folder), "ours": Ours(folder)}


def compare_speed(compared: dict[str, Runner], rounds: int) -> None:
    """Print the time of a token near the middle of the context, and of a prompt of half a context."""
    first = next(iter(compared))
    context = compared[first].context
    ids = np.random.default_rng(0).integers(0, 1024, context).tolist()
    prompts: dict[str, list[float]] = {name: [] for name in compared}
    tokens: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(rounds):
        for name, runner in compared.items():
            began = time.process_time()
            runner.begin(ids[: context // 2])
            read = time.process_time()
            for token in ids[-TOKENS:]:
                runner.feed(token)
            prompts[name].append(read - began)
            tokens[name].append((time.process_time() - read) / TOKENS)
    for name in compared:
        token, prompt = (_ratio(times[name], times[first]) for times in (tokens, prompts))
        print(f"{name:14} a token {token}   a prompt {prompt}")


def _ratio(times: list[float], reference: list[float]) -> str:
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times, reference, strict=True))
    return f"{statistics.median(times) * 1000:8.2f} ms, {ratio:.2f} times"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the runners on the model that ships, and on larger networks with random weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--shipped-only", action="store_true", help="leave out networks with random weights")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"the model in {options.model}")
    compared = runners(options.model)
    compare_speed(compared, options.rounds)
    for layers, width in () if options.shipped_only else OTHER_SIZES:
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(0)
            network = new_network(vocabulary=1024, width=width, layers=layers, context=1024, pad=0, bos=1, end=2)
            network.save_pretrained(folder)
            print(f"random weights, {layers} layers of width {width}")
            compare_speed(runners(Path(folder)), options.rounds)


if __name__ == "__main__":
    main()
