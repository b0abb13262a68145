"""The network's runners against each other: one token, a prompt of half a context, whole tunes, and whether they agree.

Runners take turns, a few tokens each, and processor time is counted instead of the clock's, so that a machine whose
speed drifts or that does other work still gives fair ratios. onnxruntime joins in where it and onnx are installed. One
thread each. torch.compile has no runner: it needs a C++ compiler, which a stranger's machine may lack.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import generator  # noqa: F401  one thread for numpy, before that is loaded

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from benchmarks.speed.network_runners import Onnx, PlainTorch, Runner, Transformers
from models.inference.engine import Engine, Logits
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.training.network import new_network
from models.weights import DEFAULT_MODEL_FOLDER

ROUNDS = 7
TOKENS = 25
"""Tokens that one runner reads before it is another's turn."""
SEEDS = range(3)
SECONDS = 30
SHIPPED = DEFAULT_MODEL_FOLDER


def runners(folder: Path) -> dict[str, Runner]:
    """Every runner with the same network; the first is what the others are compared to."""
    engine = Engine(folder)
    found: dict[str, Runner] = {"transformers": Transformers(folder), "torch": PlainTorch(engine), "numpy": engine}
    try:
        found["onnxruntime"] = Onnx(engine)
    except ModuleNotFoundError as missing:
        print(f"without onnxruntime: {missing}")
    return found


class Heard:
    """A runner that keeps what it said and counts the time it took."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.context = runner.context
        self.said: list[Logits] = []
        self.seconds = 0.0

    @property
    def length(self) -> int:
        """Tokens read."""
        return self._runner.length

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read."""
        return self._keep(self._runner.begin, ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read on."""
        return self._keep(self._runner.feed, ids)

    def _keep(self, read: Callable[[Sequence[int]], Logits], ids: Sequence[int]) -> Logits:
        began = time.process_time()
        self.said.append(read(ids))
        self.seconds += time.process_time() - began
        return self.said[-1]


def compare_tunes(found: dict[str, Runner]) -> None:
    """Print whether all write the same tunes, how far their logits are apart on the way, and what the tunes take."""
    composer = Composer(SHIPPED)
    tunes: dict[str, list[object]] = {name: [] for name in found}
    took: dict[str, list[float]] = {name: [] for name in found}
    heard = {name: Heard(runner) for name, runner in found.items()}
    for seed in SEEDS:
        for name in found:
            composer.engine = heard[name]  # type: ignore[assignment]
            began = time.process_time()
            tunes[name].append(composer.compose(TuneSpec(frames=60 * SECONDS, seed=seed)))
            took[name].append(time.process_time() - began)
    first = next(iter(found))
    for name in found:
        same = sum(a == b for a, b in zip(tunes[name], tunes[first], strict=True))
        # Where a tune differs the texts do, and so nothing could be compared after it.
        far = max(float(np.abs(a - b).max()) for a, b in zip(heard[name].said, heard[first].said, strict=False))
        rest = 1 - heard[name].seconds / sum(took[name])
        print(
            f"{name:14} a tune of {SECONDS} s {_against(took[name], took[first])}, {rest:3.0%} outside of the network"
            f"; {same} of {len(SEEDS)} tunes the same, logits at most {far:.1e} apart"
        )
    print(f"tokens in these tunes: {len(heard[first].said)}")


def compare_speed(found: dict[str, Runner]) -> None:
    """Print what a token near the middle of the context takes and what a prompt of half a context takes."""
    first, context = next(iter(found)), next(iter(found.values())).context
    ids = np.random.default_rng(0).integers(0, 1024, context).tolist()
    prompts: dict[str, list[float]] = {name: [] for name in found}
    tokens: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(ROUNDS):
        for name, runner in found.items():
            heard = Heard(runner)
            heard.begin(ids[: context // 2])
            prompts[name].append(heard.seconds)
            heard.seconds = 0.0
            for token in ids[-TOKENS:]:
                heard.feed([token])
            tokens[name].append(heard.seconds / TOKENS)
    for name in found:
        token, prompt = (_against(times[name], times[first]) for times in (tokens, prompts))
        print(f"{name:14} a token {token}   a prompt {prompt}")


def _against(times: list[float], first: list[float]) -> str:
    ratio = statistics.median(mine / theirs for mine, theirs in zip(times, first, strict=True))
    return f"{statistics.median(times) * 1000:8.2f} ms, {ratio:.2f} times"


def main() -> None:
    """`python -m benchmarks.speed.engine`."""
    torch.set_num_threads(1)
    print("the model that ships")
    shipped = runners(SHIPPED)
    compare_speed(shipped)
    compare_tunes(shipped)
    for layers, width in ((8, 384), (10, 448)):
        with tempfile.TemporaryDirectory() as folder:
            torch.manual_seed(0)
            network = new_network(vocabulary=1024, width=width, layers=layers, context=1024, pad=0, bos=1, end=2)
            network.save_pretrained(folder)
            print(f"random weights, {layers} layers of width {width}")
            compare_speed(runners(Path(folder)))


if __name__ == "__main__":
    main()
