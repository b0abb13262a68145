"""Events that may come next because they did in a like place: after the longest match so far, and some beats ago.

A pointer into the tune's own past, in the manner of a cache model (Kuhn and De Mori 1990) and of copying (Gu 2016). How
far each is to be believed is said beside it: how often its like has been right of late, and how long the match is.
"""

from __future__ import annotations

from bisect import bisect, bisect_right
from collections.abc import Sequence

import numpy as np

from models.features.events import BEAT_TICKS, CHANNELS_OF, FIRST_BEAT, KINDS, Kind, beat_event, time_event
from models.features.rhythm import NEVER, PERIODS

FIXED = (4, 8, 16, 32)
"""Beats back at which is always looked, beside the distance that fits best."""
COUNT = 2 + len(FIXED) + len(PERIODS)
"""Candidates: after the longest match, at the best distance, at the fixed ones; the times that the rhythm expects."""
NONE = -1
"""Where there is no candidate."""
BUCKETS = 33
"""How far a candidate may be believed: 0 for none, else 1 and more."""
LONGEST = 16
"""Events of a match at the most."""
_MATCHES = (2, 3, 4, 6, 8, 12, 16)
_FADE, _MOST = 0.75, 7
_PLACES = 32
"""Places in the order of writing that a tick has: a beat's beginning, repeats, the time, then channels with sounds."""


class Candidates:
    """Follows a tune event by event. tokens, buckets: the candidates after the last one, and how they are believed."""

    def __init__(self) -> None:
        self.tokens = [NONE] * COUNT
        self.buckets = [0] * COUNT
        self._events: list[int] = []
        self._places: list[int] = []
        self._where: dict[int, list[int]] = {}
        self._lengths = np.zeros(1024, np.int32)
        self._right = [0.0] * COUNT
        self._beat = FIRST_BEAT

    def add(self, event: int, tick: int, sub: int, best: int, expected: Sequence[int]) -> None:
        """An event, the tick it leads to and its place there.

        best: beats back that fit best. expected: the next ticks at which something should happen by its rhythm.
        """
        for i, token in enumerate(self.tokens):
            self._right[i] = _FADE * self._right[i] + (token == event)
        if KINDS[event] == Kind.BEAT:
            self._beat = event
        place = tick * _PLACES + sub
        self._events.append(event)
        self._places.append(place)
        length, source = self._match(FIRST_BEAT if KINDS[event] == Kind.BEAT else event)
        believed = [min(int(2 * right), _MOST) for right in self._right]
        self.tokens = [self._following(source) if length else NONE]
        self.buckets = [1 + believed[0] // 2 * 8 + bisect(_MATCHES, length) if length else 0]
        for i, back in enumerate((best, *FIXED), 1):
            source = bisect_right(self._places, place - back * BEAT_TICKS * _PLACES)
            there = place >= back * BEAT_TICKS * _PLACES and source < len(self._events)
            self.tokens.append(self._following(source) if there else NONE)
            self.buckets.append(1 + believed[i] if there else 0)
        for i, then in enumerate(expected, 2 + len(FIXED)):
            soon = then // BEAT_TICKS == tick // BEAT_TICKS
            self.tokens.append(NONE if then == NEVER else time_event(then) if soon else self._next_beat())
            self.buckets.append(0 if then == NEVER else 1 + believed[i])

    def _following(self, source: int) -> int:
        """The event at a place in the past, as it would be written now: beats are counted on."""
        event = self._events[source]
        if KINDS[event] != Kind.BEAT:
            return event
        return self._next_beat()

    def _next_beat(self) -> int:
        return beat_event(self._beat - FIRST_BEAT + 1)

    def _match(self, event: int) -> tuple[int, int]:
        """(events of the longest match that ends here, `LONGEST` at the most; where its latest one goes on)."""
        now = len(self._events) - 1
        before = self._where.setdefault(event, [])
        if now + 2 > len(self._lengths):
            self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        found, source = 0, 0
        if before:
            ends = np.array(before)
            lengths = np.minimum(self._lengths[ends] + 1, LONGEST)
            latest = len(ends) - 1 - int(lengths[::-1].argmax())
            found, source = int(lengths[latest]), before[latest] + 1
            self._lengths[:] = 0
            self._lengths[ends + 1] = lengths
        else:
            self._lengths[:] = 0
        before.append(now)
        return found, source


def place_of(event: int, passed: int, named: int) -> int:
    """Where in its tick an event stands in the order of writing. passed: the last channel; named: its sounds so far."""
    kind = KINDS[event]
    if kind == Kind.BEAT:
        return 0
    if kind == Kind.AGAIN:
        return 1 + CHANNELS_OF[event]
    if kind == Kind.AT:
        return 5
    return 6 + 3 * max(passed, 0) + named
