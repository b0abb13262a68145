"""What may differ between arrangements of one song."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Style:
    """The choices of an arrangement. The defaults are those of the arrangement that people get.

    step: frames a note of an arpeggio; 0 plays only the highest note of a chord. passed_over: how many of the most
    suitable voices pulse 2 skips. fill: whether rests are filled with other notes. swap: whether the melody is on pulse
    2. octave: octaves by which the melody is moved up, if it stays in range.
    """

    step: int = 3
    passed_over: int = 0
    fill: bool = True
    swap: bool = False
    octave: int = 0


def styles(seed: int) -> Iterator[Style]:
    """Yield the default style and then all others, each once, in an order that the seed decides."""
    yield Style()
    random = np.random.default_rng((seed, 2))
    others = [
        Style(step, passed_over, fill, swap, octave)
        for step in (3, 0, 2)
        for passed_over in (0, 1)
        for fill in (True, False)
        for swap in (False, True)
        for octave in (0, -1, 1)
    ]
    for i in random.permutation(len(others) - 1):
        yield others[1 + i]
