"""Ways to run the network, compared: one token, a prompt of half a context, whole tunes, and whether the results agree.

    python -m benchmarks.speed.engine [--model DIR] [--rounds N] [--tunes N] [--seconds S] [--shipped-only]

Runners take turns, a few tokens each, and processor time is measured in place of the clock, so the ratios are fair even
if the machine's speed drifts or it does other work. Each runner uses one thread. torch.compile is not included, because
it needs a C++ compiler, which a stranger's machine may lack.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import generator  # noqa: F401  limits numpy to one thread before numpy is loaded

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from benchmarks.speed.network_runners import PlainTorch, Runner, Transformers
from models.inference.engine import Engine, Logits
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.score import Score
from models.training.network import new_network
from models.weights import DEFAULT_MODEL_FOLDER

TOKENS = 25
"""Tokens that a runner reads before the next one takes its turn."""
OTHER_SIZES = ((8, 384), (10, 448))
"""(layers, width) of networks with random weights that are measured too."""


class Timed:
    """A runner that keeps its logits and adds up its processor time, in place of a composer's engine."""

    listener = None
    companion = None

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.context = runner.context
        self.logits: list[Logits] = []
        self.seconds = 0.0

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return self._runner.length

    def begin(self, ids: Sequence[int], *_: object) -> Logits:
        """Forget everything and read tokens; return the logits of the next one."""
        return self._time(self._runner.begin, ids)

    def feed(self, ids: Sequence[int], *_: object) -> Logits:
        """Read more tokens; return the logits of the next one."""
        return self._time(self._runner.feed, ids)

    def _time(self, read: Callable[[Sequence[int]], Logits], ids: Sequence[int]) -> Logits:
        began = time.process_time()
        self.logits.append(read(ids))
        self.seconds += time.process_time() - began
        return self.logits[-1]


def runners(folder: Path) -> dict[str, Runner]:
    """Return every runner with the same network. The others are compared with the first."""
    engine = Engine(folder)
    return {"transformers": Transformers(folder), "torch": PlainTorch(engine), "numpy": engine}


def compare_tunes(folder: Path, compared: dict[str, Runner], tunes: int, seconds: float) -> None:
    """Print the time of whole tunes, whether all runners compose the same ones, and how far their logits differ."""
    composer = Composer(folder)
    scores: dict[str, list[Score]] = {name: [] for name in compared}
    times: dict[str, list[float]] = {name: [] for name in compared}
    timed = {name: Timed(runner) for name, runner in compared.items()}
    for seed in range(tunes):
        for name in compared:
            composer.engine = timed[name]  # type: ignore[assignment]
            began = time.process_time()
            scores[name].append(composer.compose(TuneSpec(frames=round(60 * seconds), seed=seed)))
            times[name].append(time.process_time() - began)
    first = next(iter(compared))
    for name in compared:
        same = sum(mine == reference for mine, reference in zip(scores[name], scores[first], strict=True))
        # After a tune that differs the texts differ too, and nothing can be compared.
        pairs = zip(timed[name].logits, timed[first].logits, strict=False)
        difference = max(float(np.abs(mine - reference).max()) for mine, reference in pairs)
        rest = 1 - timed[name].seconds / sum(times[name])
        print(
            f"{name:14} a tune of {seconds:g} s {_ratio(times[name], times[first])}, {rest:3.0%} outside of the network"
            f"; {same} of {tunes} tunes the same, logits differ by at most {difference:.1e}"
        )
    print(f"tokens in these tunes: {len(timed[first].logits)}")


def compare_speed(compared: dict[str, Runner], rounds: int) -> None:
    """Print the time of a token near the middle of the context, and of a prompt of half a context."""
    first = next(iter(compared))
    context = compared[first].context
    ids = np.random.default_rng(0).integers(0, 1024, context).tolist()
    prompts: dict[str, list[float]] = {name: [] for name in compared}
    tokens: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(rounds):
        for name, runner in compared.items():
            timed = Timed(runner)
            timed.begin(ids[: context // 2])
            prompts[name].append(timed.seconds)
            timed.seconds = 0.0
            for token in ids[-TOKENS:]:
                timed.feed([token])
            tokens[name].append(timed.seconds / TOKENS)
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
    parser.add_argument("--tunes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the tunes")
    parser.add_argument("--shipped-only", action="store_true", help="leave out networks with random weights")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"the model in {options.model}")
    compared = runners(options.model)
    compare_speed(compared, options.rounds)
    compare_tunes(options.model, compared, options.tunes, options.seconds)
    for layers, width in () if options.shipped_only else OTHER_SIZES:
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(0)
            network = new_network(vocabulary=1024, width=width, layers=layers, context=1024, pad=0, bos=1, end=2)
            network.save_pretrained(folder)
            print(f"random weights, {layers} layers of width {width}")
            compare_speed(runners(Path(folder)), options.rounds)


if __name__ == "__main__":
    main()
