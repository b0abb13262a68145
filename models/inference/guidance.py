"""Keeping a tune on its course while it is written: more or fewer notes, repeats and ornaments, louder or quieter.

Feedback: what has been written so far is tallied beat by beat, and where it has left the course, tokens that bring it
back are favoured until it is near again. What the course is, is up to `models.inference.new_tune` and `models.inference.remix`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.tokens.grammar import TokenTable
from models.tokens.sounds import Codebook
from models.tokens.tune_counts import TuneCounts, loudness_of
from models.tokens.vocabulary import is_note

STRENGTH = 1.5
"""What a token that is wanted earns, and one that is not wanted costs, in nats, while a tune is off its course."""
LATE = 3.0
"""How much more it costs to begin a note off the rows: the model does that far more often than a tune should."""
NEAR = 0.1
"""The share of a limit within which a tune is steered already."""
HEARD = 10
"""Frames of an envelope by which it is loud or quiet."""
MIDDLE, STEPS = 7.5, 4.0
"""The volume that neither earns nor costs anything, and how much more a token of a note is worth."""

Range = tuple[float, float]
"""At the least, and at the most."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GuidanceTargets:
    """What a tune is to be; None where anything will do.

    density: notes a second. returns: the share of beats, each channel's counted apart, that repeat an earlier one.
    late: the share of notes, repeats left out, that begin some frames after a row does. loudness: the mean volume, 0 to
    15, of the envelopes that notes have, repeats left out.
    """

    density: Range | None = None
    returns: Range | None = None
    late: Range | None = None
    loudness: Range | None = None


class Guidance:
    """What each token does to a tune: vectors [tokens]."""

    def __init__(self, table: TokenTable, codebook: Codebook | None) -> None:
        self.notes = np.array([sum(map(is_note, events)) for events in table.spelling], dtype=float)
        self.repeats = table.is_repeat.astype(float)
        self.late = np.array([_late_notes(events, late=False) for events in table.spelling], dtype=float)
        self.late_after_late = np.array([_late_notes(events, late=True) for events in table.spelling], dtype=float)
        self.louder = np.zeros(len(table.spelling))
        for i, events in enumerate(table.spelling):
            if codebook and events and events[0].startswith("env:"):
                self.louder[i] = (loudness_of(events[0], codebook) - MIDDLE) / STEPS

    def turned(self, course: GuidanceTargets, tally: TuneCounts, seconds: float) -> tuple[Vector, Vector]:
        """What each token earns after so many seconds, in nats [tokens]: on a row, and some frames after one."""
        if seconds < 1:
            return np.zeros(1), np.zeros(1)
        turned = _direction(tally.notes / seconds, course.density) * self.notes
        turned += _direction(tally.repeated / max(1, tally.played), course.returns) * self.repeats
        if tally.heard:
            turned += _direction(tally.loudness / tally.heard, course.loudness) * self.louder
        late = LATE * _direction(tally.late / max(1, tally.written), course.late)
        return STRENGTH * (turned + late * self.late), STRENGTH * (turned + late * self.late_after_late)


def _late_notes(events: Sequence[str], *, late: bool) -> int:
    """How many notes of a token begin some frames after a row. late: whether the time before it is such a one."""
    found = 0
    for event in events:
        if event.startswith("at:"):
            late = not event.endswith(".0")
        found += late and is_note(event)
    return found


def _direction(found: float, limits: Range | None) -> int:
    """1 where there should be more, -1 where there should be less, 0 where all is well, with a margin inside limits."""
    low, high = limits or (0.0, np.inf)
    return int(found < low * (1 + NEAR)) - int(found > high * (1 - NEAR))
