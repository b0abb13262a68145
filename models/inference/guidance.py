"""Guides a tune to its targets while it is sampled: more or fewer notes, repeats and ornaments, louder or quieter.

This is feedback: `models.tokens.tune_counts` counts what has been written, beat by beat. While a count misses its
target, tokens that bring it back earn a bonus. `models.inference.new_tune` and `models.inference.remix` set targets.
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
"""What a wanted token earns, and an unwanted one costs, in nats, while a tune misses a target."""
LATE = 3.0
"""How much more a note off the rows costs: the model writes far more of them than a tune should have."""
NEAR = 0.1
"""Guidance starts within this share of a limit, before it is crossed."""
MIDDLE, STEPS = 7.5, 4.0
"""The volume of an envelope that earns nothing, and the steps of volume that are worth as much as a note."""

Range = tuple[float, float]
"""The least and the most."""
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GuidanceTargets:
    """The ranges that a tune's counts should be in; None for any.

    density: notes a second. repetition: the share of beats that repeat an earlier one, each channel counted
    separately. late: the share of notes, without repeats, that start some frames after a row. loudness: the mean
    volume, 0 to 15, of notes' envelopes, without repeats.
    """

    density: Range | None = None
    repetition: Range | None = None
    late: Range | None = None
    loudness: Range | None = None


class Guidance:
    """What each token adds to a tune's counts: vectors [tokens]."""

    def __init__(self, table: TokenTable, codebook: Codebook | None) -> None:
        self.notes = np.array([sum(map(is_note, events)) for events in table.spelling], dtype=float)
        self.repeats = table.is_repeat.astype(float)
        self.late = np.array([_late_notes(events, late=False) for events in table.spelling], dtype=float)
        self.late_after_late = np.array([_late_notes(events, late=True) for events in table.spelling], dtype=float)
        self.louder = np.zeros(len(table.spelling))
        for i, events in enumerate(table.spelling):
            if codebook and events and events[0].startswith("env:"):
                self.louder[i] = (loudness_of(events[0], codebook) - MIDDLE) / STEPS

    def bonus(self, targets: GuidanceTargets, counts: TuneCounts, seconds: float) -> tuple[Vector, Vector]:
        """Return each token's bonus after so many seconds, in nats [tokens]: on a row, and some frames after one."""
        if seconds < 1:
            return np.zeros(1), np.zeros(1)
        total = _direction(counts.notes / seconds, targets.density) * self.notes
        total += _direction(counts.repeated / max(1, counts.played), targets.repetition) * self.repeats
        if counts.enveloped:
            total += _direction(counts.loudness / counts.enveloped, targets.loudness) * self.louder
        late = LATE * _direction(counts.late / max(1, counts.written), targets.late)
        return STRENGTH * (total + late * self.late), STRENGTH * (total + late * self.late_after_late)


def _late_notes(events: Sequence[str], *, late: bool) -> int:
    """Return how many notes of a token start some frames after a row. late: whether the time before it does."""
    count = 0
    for event in events:
        if event.startswith("at:"):
            late = not event.endswith(".0")
        count += late and is_note(event)
    return count


def _direction(value: float, limits: Range | None) -> int:
    """Return 1 if there should be more, -1 if there should be less, else 0. Limits have a margin on their inside."""
    low, high = limits or (0.0, np.inf)
    return int(value < low * (1 + NEAR)) - int(value > high * (1 - NEAR))
