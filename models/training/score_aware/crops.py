"""What training sees at each step: crops of songs with all that is known at each event, in a key drawn at random.

A crop is a song's head, then its events from some beat on, then other songs from their start. In some crops channels
are given: a few of them from the beginning on, or all of them after a span that is filled in. Every crop is a function
of (seed, step, row) alone, so that a resumed run sees what an unbroken one would. The numbers are `models.features`'.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.features.events import BEAT_TICKS, KINDS, SHIFTS, Kind
from models.features.given import NEVER
from models.features.inputs import Given, Inputs, Part, inputs_of, part_of
from models.music.score import CHANNELS
from models.tokens.vocabulary import EVENTS
from models.training.dataset import DROPPED_CONTROLS, FROM_START, INFILL_SPANS, UNCONTROLLED
from models.training.score_aware.store import Store

Longs = npt.NDArray[np.int64]
ACCOMPANIED, FILLED_IN = 0.22, 0.11
"""The shares of crops in which some channels are given, and in which all are after a span."""
_KINDS = np.array(KINDS)
_DROPPED = np.array(
    [next((i for i, kind in enumerate(DROPPED_CONTROLS, 1) if event.startswith(kind)), 0) for event in EVENTS]
)


class ScoreAwareCrops:
    """Crops of the songs of a store."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.seed = store, seed
        lengths = np.diff(store.starts)
        self.share = np.cumsum(lengths / lengths.sum())

    @property
    def event_count(self) -> int:
        """Events of all songs, in one key."""
        return int(self.store.starts[-1])

    def batch(self, step: int, rows: int, length: int) -> tuple[Inputs, Longs]:
        """(what a network reads [rows, length], the events that follow [rows, length])."""
        found = [self._row(np.random.default_rng((self.seed, step, row)), length + 1) for row in range(rows)]
        inputs = inputs_of(found, length)
        following = np.stack([np.concatenate([part.events for part in row])[1:] for row in found])
        return inputs, following.astype(np.int64)

    def _row(self, random: np.random.Generator, length: int) -> list[Part]:
        parts: list[Part] = []
        count = 0
        while count < length:
            part = self._part(random, length - count, first=not parts)
            parts.append(part)
            count += len(part.events)
        return parts

    def _part(self, random: np.random.Generator, most: int, *, first: bool) -> Part:
        """So many events of a song at the most. first: from any beat on, with given channels; else from its start."""
        song = min(int(np.searchsorted(self.share, random.random())), len(self.share) - 1)
        shift = SHIFTS[int(random.integers(len(SHIFTS)))]
        events = self.store.events(song)
        positions = np.arange(len(events))
        if first and random.random() >= FROM_START:
            beats = np.flatnonzero(_KINDS[events] == Kind.BEAT)
            start = int(beats[int(random.integers(len(beats)))])
            positions = np.concatenate([positions[: beats[0]], positions[start:]])
        positions = _without(random, events, positions)[:most]
        events = events[positions]
        ticks = self.store.rows(song, positions, "ticks").astype(np.int64)
        given = _given(random, events, ticks) if first else None
        raw = tuple(self.store.rows(song, positions, name) for name in ("raw", "tokens", "buckets"))
        return part_of(events, ticks, (raw[0], raw[1], raw[2]), self.store.played(song), shift=shift, given=given)


def _given(random: np.random.Generator, events: npt.NDArray[np.int16], ticks: Longs) -> Given | None:
    """What is given in a crop, drawn at random."""
    drawn = random.random()
    start = np.full((len(events), len(CHANNELS)), NEVER, np.int64)
    if drawn < ACCOMPANIED:
        channels = random.choice(len(CHANNELS), size=int(random.integers(1, len(CHANNELS))), replace=False)
        start[:, channels] = 0
        return Given(start, tuple(sorted(channels.tolist())))
    if drawn < ACCOMPANIED + FILLED_IN:
        beats = ticks[_KINDS[events] == Kind.BEAT] // BEAT_TICKS
        begin = int(beats[int(random.integers(len(beats)))]) if len(beats) else 0
        end = begin + int(random.choice(INFILL_SPANS))
        inside = (ticks >= begin * BEAT_TICKS) & (ticks < end * BEAT_TICKS)
        start[inside] = end * BEAT_TICKS
        return Given(start)
    return None


def _without(random: np.random.Generator, events: npt.NDArray[np.int16], positions: Longs) -> Longs:
    """Positions with every control left out, or each kind half the time."""
    none = random.random() < UNCONTROLLED
    left_out = [kind for kind in range(1, len(DROPPED_CONTROLS) + 1) if random.random() < 0.5 or none]
    return positions[~np.isin(_DROPPED[events[positions]], left_out)]
