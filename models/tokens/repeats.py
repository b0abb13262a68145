"""Beats of a channel that are the same as an earlier one, so that a tune can say so instead of writing them again.

What a console plays is half repetition: drums every bar, a bass line every four, whole verses. A channel's beat is one
cell: what happens in it and when. Which earlier cell each repeats is found here as LZ77 does (Ziv and Lempel 1977):
the repetition that goes on, else the one that will last longest. How it is written is in `models.tokens.codec`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.tokens.vocabulary import BACKS

LOUDER = 2
"""Steps of volume by which notes may differ from those that they repeat."""
FAR_ENOUGH = 32
"""Beats beyond which it no longer matters how long a repetition lasts."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a channel does in one beat: (row, frames after it, event) in order; (volume, duty) of each note begun."""

    events: tuple[tuple[int, int, str], ...] = ()
    begun: tuple[tuple[int, int], ...] = ()

    def repeats(self, other: Cell) -> bool:
        """Whether the same happens as in another, about as loud."""
        return self.events == other.events and all(
            abs(a[0] - b[0]) <= LOUDER and a[1] == b[1] for a, b in zip(self.begun, other.begun, strict=True)
        )


def find_repeats(cells: Sequence[Cell]) -> list[int]:
    """For each beat of a channel how many beats before it lies the one that it repeats, one of `BACKS`; 0 for none."""
    found: list[int] = []
    for i, cell in enumerate(cells):
        sources = [back for back in BACKS if back <= i and cell.events and cell.repeats(cells[i - back])]
        before = found[-1] if found else 0
        if before in sources:
            found.append(before)
        else:
            found.append(max(sources, key=lambda back: (_lasts(cells, i, back), -back), default=0))
    return found


def _lasts(cells: Sequence[Cell], beat: int, back: int) -> int:
    """Beats that a repetition lasts."""
    end = min(len(cells), beat + FAR_ENOUGH)
    return next((i - beat for i in range(beat + 1, end) if not cells[i].repeats(cells[i - back])), end - beat)
