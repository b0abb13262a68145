"""Finds beats of a channel that equal an earlier one, so that a tune can refer to it instead of writing it again.

Half of what a console plays is repetition: drums every bar, a bass line every four, whole verses. A channel's beat is a
cell: what happens in it and when. Which earlier cell each repeats is found as in LZ77 (Ziv and Lempel 1977): the
repetition that is going on, or else the one that will last longest. How it is written is in `models.tokens.codec`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.tokens.vocabulary import BACKS

LOUDER = 2
"""Steps of volume by which notes may differ from those that they repeat."""
FAR_ENOUGH = 32
"""Beats after which it no longer matters how long a repetition lasts."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a channel does in a beat: (row, frames after it, event) in order, and (volume, duty) of each new note."""

    events: tuple[tuple[int, int, str], ...] = ()
    begun: tuple[tuple[int, int], ...] = ()

    def repeats(self, other: Cell) -> bool:
        """Return whether the same happens as in another cell, about equally loud."""
        return self.events == other.events and all(
            abs(a[0] - b[0]) <= LOUDER and a[1] == b[1] for a, b in zip(self.begun, other.begun, strict=True)
        )


def find_repeats(cells: Sequence[Cell]) -> list[int]:
    """Return how many beats back each beat of a channel repeats: one of `BACKS`, or 0 if it repeats none."""
    backs: list[int] = []
    for i, cell in enumerate(cells):
        sources = [back for back in BACKS if back <= i and cell.events and cell.repeats(cells[i - back])]
        before = backs[-1] if backs else 0
        if before in sources:
            backs.append(before)
        else:
            backs.append(max(sources, key=lambda back: (_lasts(cells, i, back), -back), default=0))
    return backs


def _lasts(cells: Sequence[Cell], beat: int, back: int) -> int:
    """Return how many beats a repetition lasts."""
    end = min(len(cells), beat + FAR_ENOUGH)
    return next((i - beat for i in range(beat + 1, end) if not cells[i].repeats(cells[i - back])), end - beat)
