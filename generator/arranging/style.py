"""What one arrangement of a song may do otherwise than another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Style:
    """The choices of an arrangement; as they stand here, those of the one that people get.

    step: frames a note of an arpeggio, 0 for chords as their highest note. passed_over: how many parts pulse 2 leaves
    aside that would suit it best. fill: whether rests are filled with what else is played. swap: whether the melody is
    on pulse 2. octave: octaves that the melody is moved up, where that leaves it in range.
    """

    step: int = 3
    passed_over: int = 0
    fill: bool = True
    swap: bool = False
    octave: int = 0


def styles(seed: int) -> Iterator[Style]:
    """The usual style and then others, each once, in an order of the seed's."""
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
