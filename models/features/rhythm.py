"""When a channel would act next if it went on as it does: after the last gap again, and after the one before that.

Gaps are counted in frames, as sound engines play arpeggios, echoes and the lengths of notes; ticks alone, which count
rows of seven and eight frames alike, cannot tell them. What a channel did is `models.features.tracker`'s to know.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from models.features.events import ROW_TICKS
from models.music.grid import RowClock
from models.tokens.vocabulary import EVENTS, MAX_OFFSET

PERIODS = (1, 2)
"""How many gaps ago the gap was that is taken again: the last one; the one before, since notes and rests take turns."""
NEVER = -1
_LONGEST = 960
"""Frames of a gap that is gone on with, at the most: eight bars of a slow tune are no rhythm."""


class Rhythm:
    """The rows of a tune in frames, as its head says them."""

    def __init__(self) -> None:
        self._clock = RowClock(480)
        self._rows = [self._clock.row(0)]

    def set_clock(self, event: int) -> None:
        """An event of a tune's head; those that say nothing of its rows are passed over."""
        kind, _, value = EVENTS[event].partition(":")
        clock = self._clock
        if kind == "frames":
            self._clock = replace(clock, sixteenths=int(value) * 16)
        elif kind == "sixteenths":
            self._clock = replace(clock, sixteenths=clock.sixteenths // 16 * 16 + int(value))
        elif kind == "clock":
            self._clock = replace(clock, ntsc=value == "ntsc")
        elif kind == "lead":
            self._clock = replace(clock, lead=int(value))
        elif kind == "phase":
            self._clock = replace(clock, phase=int(value))
        else:
            return
        self._rows = [self._clock.row(0)]

    def frame(self, tick: int) -> int:
        """The frame of a tick."""
        row, offset = divmod(tick, ROW_TICKS)
        self._reach(row)
        return self._rows[row] + offset

    def tick(self, frame: int) -> int:
        """The tick of a frame, or `NEVER` where its row is too long to name it."""
        while self._rows[-1] <= frame:
            self._reach(len(self._rows))
        row = bisect_right(self._rows, frame) - 1
        offset = frame - self._rows[row]
        return row * ROW_TICKS + offset if 0 <= offset < MAX_OFFSET else NEVER

    def expected(self, ticks: Sequence[int], known: int) -> tuple[int, ...]:
        """The ticks at which a channel would act next, for each of `PERIODS`. known: how many of its ticks are past."""
        frames = [self.frame(tick) for tick in ticks[max(0, known - 1 - max(PERIODS)) : known]]
        found = []
        for period in PERIODS:
            gap = frames[-period] - frames[-period - 1] if len(frames) > period else 0
            found.append(self.tick(frames[-1] + gap) if 0 < gap <= _LONGEST else NEVER)
        return tuple(found)

    def _reach(self, row: int) -> None:
        while len(self._rows) <= row:
            self._rows.append(self._clock.row(len(self._rows)))
