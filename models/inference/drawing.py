"""Draws the next tokens of several texts at once: for each its kind first, then the token from that kind's nucleus.

The probability of a sound or a repeat is spread over so many tokens that one nucleus of all tokens would leave most of
them out (docs/experiments.md). What a text draws does not depend, to the bit, on the texts beside it: sums go over one
text at a time, in the order of its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TOP_P = 0.99
"""Sampling considers the likeliest tokens with this share of the probability (nucleus sampling, Holtzman 2020).

With 0.95, what leads out of a repetition is left out, and twice as many tunes get stuck (docs/experiments.md).
"""

Mask = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Draw:
    """What one text asks for: a token out of those allowed [tokens], with a bonus on the logit of each [tokens or 1].

    random: where the text's random numbers come from, two for each token.
    """

    allowed: Mask
    bonus: Doubles
    temperature: float
    random: np.random.Generator


@dataclass(frozen=True, slots=True)
class Drawn:
    """A token, and its surprisal in nats among the allowed ones, at temperature 1 and without the bonus."""

    token: int
    nats: float


def draw_tokens(logits: npt.NDArray[np.float32], draws: Sequence[Draw], kinds: npt.NDArray[np.intp]) -> list[Drawn]:
    """Return a token for each text. logits: [texts, tokens]. kinds: of each token of the vocabulary [tokens]."""
    count = len(draws)
    texts, ids = np.nonzero(np.stack([draw.allowed for draw in draws]))
    starts = np.searchsorted(texts, np.arange(count))
    plain = logits[texts, ids].astype(np.float64)
    bonus = np.stack([np.broadcast_to(draw.bonus, len(kinds)) for draw in draws])
    temperatures = np.array([draw.temperature for draw in draws])
    numbers = np.array([draw.random.random(2) for draw in draws])
    scaled = (plain + bonus[texts, ids]) / temperatures[texts]
    weights = np.exp(scaled - np.maximum.reduceat(scaled, starts)[texts])
    kind = kinds[ids]
    most = int(kinds.max()) + 1
    by_kind = np.bincount(texts * most + kind, weights, count * most).reshape(count, most).cumsum(axis=1)
    chosen = (by_kind <= numbers[:, :1] * by_kind[:, -1:]).sum(axis=1)
    kept = np.flatnonzero(kind == chosen[texts])
    tokens = _from_nuclei(texts[kept], ids[kept], weights[kept], numbers[:, 1])
    greatest = np.maximum.reduceat(plain, starts)
    total = np.bincount(texts, np.exp(plain - greatest[texts]), count)
    nats = np.log(total) + greatest - logits[np.arange(count), tokens]
    return [Drawn(token, surprisal) for token, surprisal in zip(tokens.tolist(), nats.tolist(), strict=True)]


def _from_nuclei(
    texts: npt.NDArray[np.intp], ids: npt.NDArray[np.intp], weights: Doubles, numbers: Doubles
) -> npt.NDArray[np.intp]:
    """Return a token for each text from the nucleus of the weights of its tokens. numbers: random ones [texts]."""
    every = np.arange(len(numbers))
    starts = np.searchsorted(texts, every)
    places = np.arange(len(texts)) - starts[texts]
    table = np.zeros((len(numbers), int(places.max()) + 1))
    names = np.zeros(table.shape, np.intp)
    table[texts, places] = weights
    names[texts, places] = ids
    order = np.argsort(-table, axis=1, kind="stable")
    cumulative = np.take_along_axis(table, order, axis=1).cumsum(axis=1)
    last = table.shape[1] - 1
    nucleus = np.minimum((cumulative < TOP_P * cumulative[:, -1:]).sum(axis=1), last)
    wanted = numbers * cumulative[every, nucleus]
    place = np.minimum((cumulative < wanted[:, None]).sum(axis=1), nucleus)
    return np.asarray(names[every, order[every, place]])
