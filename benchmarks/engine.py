"""The network's runners against each other: one token, a prompt of half a context, and whether they say the same.

Runners take turns, a few tokens each, so that a machine whose speed drifts or that does other work still gives fair
ratios. onnxruntime joins in where it and onnx are installed. One thread each; torch.compile has no runner, because it
needs a C++ compiler, which a stranger's machine may lack.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import generator  # noqa: F401  sets the threads of numpy before that is loaded

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from benchmarks.rivals import Onnx, PlainTorch, Runner, Transformers
from generator.work import WEIGHTS
from models.engine import Engine
from models.network import new_network
from models.sample import Composer, Wish

ROUNDS = 12
TOKENS = 25
"""Tokens that one runner reads before it is another's turn."""


def runners(folder: Path) -> dict[str, Runner]:
    """Every runner with the same network."""
    engine = Engine(folder)
    found: dict[str, Runner] = {"transformers": Transformers(folder), "torch": PlainTorch(engine), "numpy": engine}
    try:
        found["onnxruntime"] = Onnx(engine)
    except ModuleNotFoundError as missing:
        print(f"without onnxruntime: {missing}")
    return found


def compare_speed(found: dict[str, Runner], vocabulary: int, context: int) -> None:
    """Print what a token and a prompt take, as ratios to transformers."""
    ids = np.random.default_rng(0).integers(0, vocabulary, context).tolist()
    prompts: dict[str, list[float]] = {name: [] for name in found}
    tokens: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(ROUNDS):
        for name, runner in found.items():
            prompts[name].append(_took(lambda runner=runner: runner.begin(ids[: context // 2])))  # type: ignore[misc]
            took = [_took(lambda runner=runner, i=i: runner.feed([i])) for i in ids[-TOKENS:]]  # type: ignore[misc]
            tokens[name].append(statistics.median(took))
    print(f"{'':14} {'a token':>20} {'a prompt of ' + str(context // 2):>22}")
    for name in found:
        columns = []
        for times in (tokens, prompts):
            ratios = [mine / theirs for mine, theirs in zip(times[name], times["transformers"], strict=True)]
            columns.append(f"{statistics.median(times[name]) * 1000:7.2f} ms {statistics.median(ratios):5.2f} times")
        print(f"{name:14} {columns[0]:>20} {columns[1]:>22}")


def compare_output(found: dict[str, Runner], seeds: range) -> None:
    """Print whether each runner writes the same tunes, and how far its logits are from transformers' on the way."""
    composer = Composer(WEIGHTS / "nes")
    scores: dict[str, list[object]] = {}
    logits: dict[str, list[object]] = {}
    for name, runner in found.items():
        heard = _Heard(runner)
        composer.engine = heard  # type: ignore[assignment]
        scores[name] = [composer.compose(Wish(frames=300, seed=seed)) for seed in seeds]
        logits[name] = list(heard.said)
    for name in found:
        same = sum(a == b for a, b in zip(scores[name], scores["transformers"], strict=True))
        pairs = zip(logits[name], logits["transformers"], strict=same == len(seeds))
        far = max(float(np.abs(np.subtract(a, b)).max()) for a, b in pairs)  # type: ignore[call-overload]
        text = f", logits at most {far:.1e} apart" if same == len(seeds) else ""
        print(f"{name:14} writes {same} of {len(seeds)} tunes as transformers does{text}")


class _Heard:
    """A runner that keeps what it said."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.said: list[object] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._runner, name)

    def begin(self, ids: list[int]) -> object:
        self.said.append(self._runner.begin(ids))
        return self.said[-1]

    def feed(self, ids: list[int]) -> object:
        self.said.append(self._runner.feed(ids))
        return self.said[-1]


def _took(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """`python -m benchmarks.engine`."""
    torch.set_num_threads(1)
    shipped = runners(WEIGHTS / "nes")
    print("the model that ships")
    compare_output(shipped, range(6))
    compare_speed(shipped, 1024, 1024)
    with tempfile.TemporaryDirectory() as folder:
        for layers, width in ((8, 384), (10, 448)):
            torch.manual_seed(0)
            sizes = {"vocabulary": 1024, "context": 1024, "pad": 0, "bos": 1, "end": 2}
            new_network(width=width, layers=layers, **sizes).save_pretrained(folder)
            print(f"random weights, {layers} layers of width {width}")
            compare_speed(runners(Path(folder)), 1024, 1024)


if __name__ == "__main__":
    main()
