"""Networks to time and two ways to have them write texts: transformers and the engine of this project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.inference.batch import Ask, Text, write_together
from models.inference.drawing import TOP_P, Draw, Drawn
from models.inference.engine import Engine
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.score import FRAMES_PER_SECOND
from models.training.network import load_network, new_network, parameter_count

VOCABULARY, CONTEXT = 1024, 1024
BLOCK = 32
"""Weights that share a scale of four bytes in the engine's graphs."""

Writer = Callable[[int], int]
"""Writes so many texts at once and returns how many tokens they have."""


@dataclass
class Model:
    """What a batch needs of a model without a grammar."""

    engine: Engine
    token_kinds: npt.NDArray[np.intp]


def make_network(folder: Path, layers: int, width: int) -> None:
    """Save a network with random weights."""
    torch.manual_seed(0)
    network = new_network(vocabulary=VOCABULARY, width=width, layers=layers, context=CONTEXT, pad=0, bos=1, end=2)
    network.save_pretrained(folder)


def transformers_writer(folder: Path, tokens: int) -> Writer:
    """Return a writer of texts of so many tokens by transformers' `generate` in float32."""
    network = load_network(folder)

    def write(texts: int) -> int:
        ids = torch.ones((texts, 1), dtype=torch.long)
        settings = {"do_sample": True, "top_p": TOP_P, "min_new_tokens": tokens, "max_new_tokens": tokens}
        with torch.inference_mode():
            written = network.generate(ids, attention_mask=torch.ones_like(ids), pad_token_id=0, **settings)
        return int(written[:, 1:].numel())

    return write


def engine_writer(folder: Path, tokens: int) -> Writer:
    """Return a writer of texts of so many tokens by the engine, any token allowed."""
    engine = Engine(folder)
    model = Model(engine, np.zeros(engine.shape.vocabulary, np.intp))

    def text(seed: int) -> Text[int]:
        allowed, bonus = np.ones(engine.shape.vocabulary, bool), np.zeros(1)
        draw, token = Draw(allowed, bonus, 1.0, np.random.default_rng(seed)), 1
        for _ in range(tokens):
            drawn = yield Ask([token], draw)
            token = drawn.token
        return tokens

    return lambda texts: sum(write_together(model, [text(seed) for seed in range(texts)], texts))


def tune_writer(folder: Path, seconds: float) -> Writer:
    """Return a writer of whole tunes with a model that ships: grammar, guidance and all."""
    composer = Composer(folder)

    def write(texts: int) -> int:
        counts = [0] * texts
        specs = (TuneSpec(frames=round(FRAMES_PER_SECOND * seconds), seed=seed) for seed in range(texts))
        tunes = [_counted(composer.writing(spec), counts, number) for number, spec in enumerate(specs)]
        write_together(composer, tunes, texts)
        return sum(counts)

    return write


def _counted(text: Text[object], counts: list[int], number: int) -> Text[None]:
    """Write a text and count its tokens in `counts[number]`."""
    drawn: Drawn | None = None
    while True:
        try:
            ask = text.send(drawn) if drawn else next(text)
        except StopIteration:
            return
        drawn = yield ask
        counts[number] += 1


def weight_count(folder: Path) -> int:
    """Return the number of weights of a network."""
    return parameter_count(load_network(folder))


def bytes_of(weights: int) -> float:
    """Return the bytes that the engine reads for one token: a byte for each weight, and its share of a scale."""
    return weights * (1 + 4 / BLOCK)


def read_bandwidth(size: float, measure: Callable[[Callable[[], object]], float], times: int = 20) -> float:
    """Return bytes a second that one thread reads of an array of `size` bytes, over and over. measure: times a call."""
    array = np.ones(int(size // 4), np.float32)
    seconds = measure(lambda: [array @ array for _ in range(times)])
    return times * array.nbytes / seconds


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)
