"""Follows a tune event by event and says after each what a reader can know: numbers that need no key.

One implementation for training and for writing: what it says after an event depends on the events up to it alone. The
numbers are bytes, in the order of `models.features.columns`, which turns them into those of any key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from models.features.candidates import Candidates, place_of
from models.features.events import (
    BACK_NUMBER,
    BEAT_TICKS,
    CHANNELS_OF,
    KINDS,
    LOWEST,
    ROW_TICKS,
    SLOTS,
    VALUES,
    Kind,
)
from models.features.lookback import Lookback, Row
from models.features.rhythm import NEVER, PERIODS, Rhythm
from models.music.grid import BEAT_CYCLE, ROWS
from models.music.score import CHANNELS, TR
from models.tokens.vocabulary import BACKS, MAX_OFFSET

FIXED = (1, 2, 4, 8, 16, 32)
"""Beats back at which is always looked, beside the best distance of the channel and that of all."""
SOURCES = len(FIXED) + 2
RECENT = 4 * BEAT_TICKS
"""Ticks of which the pitch classes are counted apart."""
BEFORE_ROWS, NO_ROW, NO_OFFSET = ROWS + 1, 0, MAX_OFFSET
"""Rows of a beat from 1; 0 before a time is written, the last before the first beat."""
LONGEST_SINCE = 64
SCORES, JOINT_SCORES = 24, 32
"""Steps of how well a distance fits: of a channel, and of all."""
_AGE_EDGES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
AGES = len(_AGE_EDGES) + 1
"""Steps of how many beats a tune has had."""
_SINCE_EDGES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 64)
_SINCE = [bisect_right(_SINCE_EDGES, rows) for rows in range(LONGEST_SINCE + 1)]
SINCES = len(_SINCE_EDGES) + 1
_NEXT_EDGES = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32)
_NEXT = [2 + bisect_left(_NEXT_EDGES, rows) + (rows > 0) for rows in range(LONGEST_SINCE + 1)]
NEXTS = 3 + len(_NEXT_EDGES) + 1
"""Steps of how many rows off the next event is: 0 none, 1 at this very tick, 2 later in the row."""


def next_step(tick: int, now: int) -> int:
    """The step of how far off an event at a tick is, or one that lies behind."""
    if tick == now:
        return 1
    return _NEXT[max(0, min((tick >> 4) - (now >> 4), LONGEST_SINCE))]


class Tracker:
    """A tune so far. ticks, codes: for each channel its events in time, those included that a repeat has told ahead.

    tick: the time written last. passed: the channel written last at that time, or -1. beat, cycle: the beat's number,
    and modulo the cycle.
    """

    def __init__(self) -> None:
        self.beat, self.tick, self.passed, self.cycle = -1, 0, -1, BEAT_CYCLE
        self.timed = False
        self.ticks: list[list[int]] = [[] for _ in CHANNELS]
        self.codes: list[list[int]] = [[] for _ in CHANNELS]
        self.lookback = Lookback()
        self.candidates = Candidates()
        self.rhythm = Rhythm()
        self._expected: list[tuple[int, tuple[int, ...]]] = [(0, (NEVER,) * len(PERIODS)) for _ in CHANNELS]
        self._onsets: list[list[int]] = [[] for _ in CHANNELS]
        self._before: list[list[int]] = [[] for _ in CHANNELS]
        self._sounds: list[list[list[int]]] = [[] for _ in CHANNELS]
        self._cells: list[list[list[tuple[int, int, list[int]]]]] = [[] for _ in CHANNELS]
        self._latest = [[0, 0] for _ in CHANNELS]
        self._again, self._again_before = [0] * len(CHANNELS), [0] * len(CHANNELS)
        self._named = 0
        self._classes = [[0] * 12 for _ in CHANNELS]
        self._recent = [[0] * 12 for _ in CHANNELS]
        self._old = [0] * len(CHANNELS)
        self._columns = self._describe()

    def feed(self, event: int) -> None:
        """The next event, by its number."""
        kind = KINDS[event]
        if kind in (Kind.OTHER, Kind.END):
            if self.beat < 0:
                self.rhythm.set_clock(event)
            return
        if kind == Kind.BEAT:
            self._begin_beat(VALUES[event])
        elif self.beat < 0:
            return
        elif kind == Kind.AT:
            self.tick, self.passed, self.timed = self.beat * BEAT_TICKS + VALUES[event], -1, True
            self._look(self.tick // ROW_TICKS)
        elif kind == Kind.AGAIN:
            self._repeat(CHANNELS_OF[event], VALUES[event])
        elif kind == Kind.SOUND:
            self._name(VALUES[event], SLOTS[event])
        else:
            self.passed = CHANNELS_OF[event]
            self._play(self.passed, self.tick, VALUES[event], [0, 0])
        self._named = self._named + 1 if kind == Kind.SOUND else 0
        place = place_of(event, self.passed, self._named)
        expected = [self._expect(channel) for channel in range(len(CHANNELS))]
        self.candidates.add(event, self.tick, place, BACKS[self.lookback.best[-1]], self._soonest(expected))
        self._columns = self._describe()

    @property
    def columns(self) -> bytes:
        """What is known after the last event [columns.RAW]."""
        return self._columns

    # --- what happens ------------------------------------------------------------------------------------------

    def _begin_beat(self, cycle: int) -> None:
        self.beat += 1
        self.tick, self.passed, self.timed, self.cycle = self.beat * BEAT_TICKS, -1, False, cycle
        self._again_before, self._again = self._again, [0] * len(CHANNELS)
        self._look(self.beat * ROWS)
        for cells in self._cells:
            cells.append([])

    def _play(self, channel: int, tick: int, code: int, sound: list[int]) -> None:
        """A note or a silence of a channel at a tick. sound: what it names, which may be told later."""
        codes, onsets = self.codes[channel], self._onsets[channel]
        number = len(codes)
        last = onsets[-1] if onsets else -1
        begins = code >= LOWEST
        before = self._before[channel][-1] if number else 0
        if begins:
            before = codes[last] if last >= 0 else 0
        self.ticks[channel].append(tick)
        codes.append(code)
        onsets.append(number if begins else last)
        self._before[channel].append(before)
        self._sounds[channel].append(sound)
        self._cells[channel][self.beat].append((tick - self.beat * BEAT_TICKS, code, sound))
        if begins:
            pitch_class = (code - LOWEST + CHANNELS[channel].lowest) % 12
            self._classes[channel][pitch_class] += 1
            self._recent[channel][pitch_class] += 1

    def _repeat(self, channel: int, back: int) -> None:
        """A channel does what it did some beats ago, sounds included. All of it is known from now on."""
        source = self.beat - back
        if source < 0:
            return
        self._again[channel] = BACK_NUMBER[back]
        for offset, code, sound in self._cells[channel][source]:
            self._play(channel, self.beat * BEAT_TICKS + offset, code, sound)
            self._latest[channel] = [new or old for new, old in zip(sound, self._latest[channel], strict=True)]

    def _name(self, value: int, slot: int) -> None:
        """The note written last names a sound."""
        if self.passed >= 0 and self._sounds[self.passed]:
            self._sounds[self.passed][-1][slot] = value
            self._latest[self.passed] = list(self._latest[self.passed])
            self._latest[self.passed][slot] = value

    def _look(self, row: int) -> None:
        """Show what looks back all rows before one."""
        while self.lookback.rows < row:
            beat, number = divmod(self.lookback.rows, ROWS)
            self.lookback.add([_row(cells[beat], number) for cells in self._cells])

    def _expect(self, channel: int) -> tuple[int, ...]:
        """The ticks at which a channel would act next if it went on as it does."""
        known = bisect_right(self.ticks[channel], self.tick)
        if known != self._expected[channel][0]:
            self._expected[channel] = known, self.rhythm.expected(self.ticks[channel], known)
        return self._expected[channel][1]

    def _soonest(self, expected: list[tuple[int, ...]]) -> list[int]:
        """For each period the next tick at which any channel would act, or `NEVER`."""
        ahead = [[tick for tick in ticks if tick > self.tick] for ticks in zip(*expected, strict=True)]
        return [min(ticks, default=NEVER) for ticks in ahead]

    # --- what is known -----------------------------------------------------------------------------------------

    def _describe(self) -> bytes:
        """The columns, in the order of `columns.LAYOUT`."""
        found = self._place()
        for channel in range(len(CHANNELS)):
            found += self._state(channel)
        for channel in range(len(CHANNELS)):
            found += self._looked(channel)
        best, scores = self.lookback.best, self.lookback.scores
        found += [best[-1], min(int(scores[-1]), JOINT_SCORES - 1)]
        found += self._looked_sounds()
        found += self._pitch_classes()
        return bytes(found)

    def _place(self) -> list[int]:
        """Where in its beat and in its phrase the tune is."""
        if self.beat < 0:
            return [BEFORE_ROWS, NO_OFFSET, BEAT_CYCLE, 0, 0]
        row, offset = divmod(self.tick % BEAT_TICKS, ROW_TICKS)
        if not self.timed:
            row, offset = NO_ROW - 1, NO_OFFSET
        age = bisect_right(_AGE_EDGES, self.beat)
        return [row + 1, min(offset, MAX_OFFSET - 1) if self.timed else NO_OFFSET, self.cycle, self.passed + 1, age]

    def _state(self, channel: int) -> list[int]:
        """What sounds, the last two pitches and how long ago, what repeats tell of what comes, and the rhythm."""
        ticks, codes, now = self.ticks[channel], self.codes[channel], self.tick
        known = bisect_right(ticks, now)
        sounding = last = before = since = 0
        if known:
            sounding = codes[known - 1]
            before = self._before[channel][known - 1]
            onset = self._onsets[channel][known - 1]
            if onset >= 0:
                last = codes[onset]
                since = _SINCE[min((now >> 4) - (ticks[onset] >> 4), LONGEST_SINCE)]
        coming = known if channel <= self.passed else bisect_left(ticks, now)
        step = code = 0
        if coming < len(ticks):
            step, code = next_step(ticks[coming], now), codes[coming]
        steps = [
            next_step(tick, now) if tick > now or (tick == now and channel > self.passed) else 0
            for tick in self._expected[channel][1]
        ]
        return [sounding, last, since, before, step, code, self._again[channel], self._again_before[channel], *steps]

    def _looked(self, channel: int) -> list[int]:
        """For each distance what came next there, when, and what sounded; then the best distance and how it fits."""
        ticks, codes = self.ticks[channel], self.codes[channel]
        count, passed = len(ticks), channel <= self.passed
        best = self.lookback.best
        found: list[int] = []
        for back in (*FIXED, BACKS[best[channel]], BACKS[best[-1]]):
            then = self.tick - back * BEAT_TICKS
            if then < 0 or self.beat < 0:
                found += (0, 0, 0)
                continue
            known = bisect_right(ticks, then)
            coming = known - 1 if not passed and known and ticks[known - 1] == then else known
            if coming < count:
                found += (next_step(ticks[coming], then), codes[coming], codes[known - 1] if known else 0)
            else:
                found += (0, 0, codes[known - 1] if known else 0)
        found += (best[channel], min(int(2 * self.lookback.scores[channel]), SCORES - 1))
        return found

    def _looked_sounds(self) -> list[int]:
        """The sounds of the channel written last, and those that were named at this tick some beats ago."""
        if self.passed < 0 or self.passed == TR:
            return [0, 0] * (1 + SOURCES)
        ticks, sounds = self.ticks[self.passed], self._sounds[self.passed]
        best = self.lookback.best
        found: list[int] = list(self._latest[self.passed])
        for back in (*FIXED, BACKS[best[self.passed]], BACKS[best[-1]]):
            then = self.tick - back * BEAT_TICKS
            known = bisect_right(ticks, then)
            there = known and ticks[known - 1] == then
            # 0: nothing there; 1: a note that names none; 2 and more: what it names.
            found += [1 + value for value in sounds[known - 1]] if there else (0, 0)
        return found

    def _pitch_classes(self) -> list[int]:
        """How common each pitch class is, of 255: in all, of late in the pulses, of late in the triangle."""
        for channel in range(TR + 1):
            ticks, codes, low = self.ticks[channel], self.codes[channel], CHANNELS[channel].lowest
            old = self._old[channel]
            while old < len(ticks) and ticks[old] <= self.tick - RECENT:
                if codes[old] >= LOWEST:
                    self._recent[channel][(codes[old] - LOWEST + low) % 12] -= 1
                old += 1
            self._old[channel] = old
        every, late = self._classes, self._recent
        counts = (
            [a + b + c for a, b, c in zip(every[0], every[1], every[2], strict=True)],
            [a + b for a, b in zip(late[0], late[1], strict=True)],
            late[2],
        )
        return [255 * count // (sum(some) + 1) for some in counts for count in some]


def _row(cell: list[tuple[int, int, list[int]]], number: int) -> Row:
    """What a channel's beat has in one of its rows."""
    return tuple((offset & 15, code) for offset, code, _ in cell if offset >> 4 == number)
