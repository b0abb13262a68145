"""What lies ahead in channels that are given: what they play next and in a few beats, before it is reached.

Channels are given from some tick on: from the beginning where others are written beside them, from a span's end where
the span is filled in. What they did before it is known as of any other channel (`models.features.tracker`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.features.columns import PITCHED, pitches
from models.features.events import (
    BEAT_TICKS,
    CHANNELS_OF,
    CODES,
    KINDS,
    LOWEST,
    SILENCE,
    VALUES,
    Kind,
    beat_event,
    moved_codes,
    time_event,
)
from models.features.tracker import NEXTS, Tracker, next_step
from models.music.score import CHANNELS

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]
Tokens = npt.NDArray[np.int16]

NEVER = 1 << 30
"""The tick from which a channel is given that is not."""
AHEAD = (1, 2, 4)
"""Beats ahead of which it is told what sounds."""
MARKS = 3
"""Whether a channel is given: not, now, or only farther on."""
_SIZES = [MARKS, NEXTS, NEXTS, CODES, NEXTS, CODES, *[CODES] * len(AHEAD)]
_PITCHES = (3, 5, *range(6, 6 + len(AHEAD)))
"""Of a channel's columns, those that are codes."""
SIZES = _SIZES * len(CHANNELS)
"""How many embeddings each lookup has to choose from."""
LOOKUPS = len(SIZES)
OFFSETS = np.cumsum([0, *SIZES])[:-1].astype(np.int32)
TABLE = sum(SIZES)
_WIDTH = len(_SIZES)
_MOST_ROWS = 65


@dataclass(frozen=True, slots=True)
class Played:
    """For each channel the ticks at which something happens, in order, and the codes of what."""

    ticks: tuple[Longs, ...]
    codes: tuple[Bytes, ...]


def played_by(events: list[int]) -> Played:
    """What a tune's events, by their numbers, play on each channel."""
    tracker = Tracker()
    for event in events:
        tracker.feed(event)
    return Played(
        tuple(np.array(ticks, np.int64) for ticks in tracker.ticks),
        tuple(np.array(codes, np.uint8) for codes in tracker.codes),
    )


def look_ahead(played: Played, ticks: Longs, passed: Longs, given_from: Longs) -> Bytes:
    """What is known ahead at some events [n, LOOKUPS], in the key of the tune.

    ticks, passed: where each event stands, as a tracker has it [n]. given_from: the tick from which each channel is
    given there [n, channels], `NEVER` for one that is not.
    """
    found = np.zeros((len(ticks), LOOKUPS), np.uint8)
    for channel in range(len(CHANNELS)):
        start = given_from[:, channel]
        there = np.flatnonzero(start < NEVER)
        if len(there):
            columns = _ahead(
                played.ticks[channel], played.codes[channel], ticks[there], channel <= passed[there], start[there]
            )
            found[there, channel * _WIDTH : (channel + 1) * _WIDTH] = columns
    return found


def _ahead(happens: Longs, codes: Bytes, now: Longs, over: npt.NDArray[np.bool_], start: Longs) -> Bytes:
    """The columns of one channel [n, _WIDTH]. over: whether what it does now has been written already."""
    padded = np.append(codes, np.uint8(0))
    times = np.append(happens, 0)
    first = np.searchsorted(happens, start)
    coming = np.maximum(np.where(over, np.searchsorted(happens, now, "right"), np.searchsorted(happens, now)), first)
    columns = [np.where(start > now, 2, 1), _steps(np.maximum(start, now), now)]
    for number in (coming, coming + 1):
        there = number < len(happens)
        at = np.where(there, number, len(happens))
        columns += [np.where(there, _steps(times[at], now), 0), np.where(there, padded[at], 0)]
    for beats in AHEAD:
        last = np.searchsorted(happens, now + beats * BEAT_TICKS, "right") - 1
        columns.append(np.where(last >= first, padded[last], 0))
    return np.stack(columns, axis=1).astype(np.uint8)


_STEPS = np.array([next_step(rows * 16 + 1, 0) for rows in range(_MOST_ROWS)], np.uint8)


def _steps(then: Longs, now: Longs) -> Longs:
    """`tracker.next_step` of many ticks."""
    rows = np.clip((then >> 4) - (now >> 4), 0, _MOST_ROWS - 1)
    return np.where(then == now, 1, _STEPS[rows].astype(np.int64))


def given_indices(ahead: Bytes, shift: int = 0) -> Indices:
    """What is known ahead [n, LOOKUPS] as numbers of embeddings, so many semitones higher."""
    return _moved(ahead, shift).astype(np.int32) + OFFSETS


def known_pitches(ahead: Bytes, shift: int = 0) -> Tokens:
    """The pitches that given channels begin at this very tick and that are not written yet [n, PITCHED], else -1."""
    moved = _moved(ahead, shift)
    columns = [moved[:, channel * _WIDTH : (channel + 1) * _WIDTH] for channel in range(PITCHED)]
    codes = np.stack([np.where((one[:, 2] == 1) & (one[:, 3] >= LOWEST), one[:, 3], SILENCE) for one in columns], 1)
    return pitches(codes)


def _moved(ahead: Bytes, shift: int) -> Bytes:
    codes = moved_codes(shift)
    moved = ahead.copy()
    for channel in range(len(CHANNELS)):
        for number in _PITCHES:
            column = channel * _WIDTH + number
            moved[:, column] = codes[channel][ahead[:, column]]
    return moved


# --- what has to come ------------------------------------------------------------------------------------------

NOTHING = -1
"""Where nothing given has to come any more."""
_KINDS, _CHANNELS, _VALUES = np.array(KINDS), np.array(CHANNELS_OF), np.array(VALUES)


def channels_of(events: Longs, passed: Longs) -> Longs:
    """The channel that each event belongs to, -1 for none; sounds belong to the note before them [n]."""
    return np.where(_KINDS[events] == Kind.SOUND, passed, _CHANNELS[events])


def due_events(events: Longs, ticks: Longs, passed: Longs, given: npt.NDArray[np.bool_]) -> Tokens:
    """For each event of a tune what given channels make follow at the latest [n]: theirs, its time or the next beat.

    ticks, passed: where each event stands. given: whether it belongs to a given channel [n]. `NOTHING` before the first
    beat and after the last given event.
    """
    count = len(events)
    kinds = _KINDS[events]
    own = np.where(given, np.arange(count), count)
    following = np.append(np.minimum.accumulate(own[::-1])[::-1][1:], count)
    there = (following < count) & (np.maximum.accumulate(kinds == Kind.BEAT))
    source = np.where(there, following, 0)
    timed = _timed(kinds)
    cycle = _VALUES[events[np.maximum.accumulate(np.where(kinds == Kind.BEAT, np.arange(count), 0))]]
    direct = np.isin(kinds[source], (Kind.AGAIN, Kind.SOUND)) | ((ticks[source] == ticks) & timed)
    later = ticks[source] // BEAT_TICKS > ticks // BEAT_TICKS
    beats = np.array([beat_event(int(number) + 1) for number in range(int(cycle.max(initial=0)) + 1)])
    times = np.array([time_event(int(tick)) for tick in ticks[source]])
    due = np.where(later, beats[cycle], np.where(direct, events[source], times))
    return np.where(there, due, NOTHING).astype(np.int16)


def _timed(kinds: Longs) -> npt.NDArray[np.bool_]:
    """Whether a time has been written in the beat of each event [n]."""
    number = np.arange(len(kinds))
    beat = np.maximum.accumulate(np.where(kinds == Kind.BEAT, number, -1))
    time = np.maximum.accumulate(np.where(kinds == Kind.AT, number, -1))
    return np.asarray(time > beat)
