"""From what a tracker says to rows of one table of embeddings, in any key.

A tracker's columns are bytes in the key of the song. Here each becomes the number of an embedding, moved to another
key where it is a pitch; intervals and places in the bar that follow from several columns are added. What is left
besides are the pitches that melodies move from, the shares of the pitch classes, and the candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from models.features import candidates
from models.features.events import CODES, DUTIES, ENVELOPES, LOWEST, moved_codes, moved_events
from models.features.rhythm import PERIODS
from models.features.tracker import (
    AGES,
    BEFORE_ROWS,
    JOINT_SCORES,
    NEXTS,
    NO_OFFSET,
    SCORES,
    SINCES,
    SOURCES,
)
from models.music.grid import BEAT_CYCLE
from models.music.score import CHANNELS, TR
from models.tokens.vocabulary import BACKS, EVENTS

Bytes = npt.NDArray[np.uint8]
Tokens = npt.NDArray[np.int16]
Indices = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

PITCHED = TR + 1
"""Channels with pitches, the first ones."""
CLASSES = 36
"""Shares of pitch classes: in all, of late in the pulses, of late in the triangle."""
_ROWS, _OFFSETS, _CYCLES, _BACKS = BEFORE_ROWS + 1, NO_OFFSET + 1, BEAT_CYCLE + 1, len(BACKS) + 1


@dataclass(frozen=True, slots=True)
class Column:
    """One byte of a tracker: how many values it has; the channel whose pitches they are, or -1."""

    size: int
    channel: int = -1


def _state(channel: int) -> list[Column]:
    pitch, step, back = Column(CODES, channel), Column(NEXTS), Column(_BACKS)
    return [pitch, pitch, Column(SINCES), pitch, step, pitch, back, back, *[step] * len(PERIODS)]


def _looked(channel: int) -> list[Column]:
    one = [Column(NEXTS), Column(CODES, channel), Column(CODES, channel)]
    return [*one * SOURCES, Column(_BACKS), Column(SCORES)]


_PLACE = [Column(size) for size in (_ROWS, _OFFSETS, _CYCLES, len(CHANNELS) + 1, AGES)]
_STATE = [column for channel in range(len(CHANNELS)) for column in _state(channel)]
_LOOKED = [column for channel in range(len(CHANNELS)) for column in _looked(channel)]
_SOUNDS = [Column(1 + ENVELOPES), Column(1 + DUTIES)] * (1 + SOURCES)
COLUMNS = [*_PLACE, *_STATE, *_LOOKED, Column(_BACKS), Column(JOINT_SCORES), *_SOUNDS]
"""A tracker's columns that are looked up; the shares of the pitch classes follow."""
RAW = len(COLUMNS) + CLASSES
"""Bytes of a tracker."""
FIRST_STATE, STATE = len(_PLACE), len(_STATE) // len(CHANNELS)
_CANDIDATES = [Column(1 + len(EVENTS))] * candidates.COUNT + [Column(1 + candidates.BUCKETS)] * candidates.COUNT
_INTERVAL, _CLASS, _WIDE = 28, 13, 52
_DERIVED = [_ROWS * _CYCLES, *[_INTERVAL] * PITCHED, *[_CLASS] * (2 * PITCHED), _WIDE]
STATE_COLUMNS = len(_PLACE) + len(_STATE) + len(_DERIVED)
"""Lookups of the first kind: the place and the state, and what follows from them. All others look back."""
SIZES = [
    *(column.size for column in [*_PLACE, *_STATE]),
    *_DERIVED,
    *(column.size for column in [*_LOOKED, Column(_BACKS), Column(JOINT_SCORES), *_SOUNDS, *_CANDIDATES]),
]
"""How many embeddings each lookup has to choose from, in the order of the lookups."""
OFFSETS = np.cumsum([0, *SIZES])[:-1].astype(np.int32)
TABLE = int(sum(SIZES))
"""Embeddings in all."""
LOOKUPS = len(SIZES)
REFERENCES = PITCHED + 1
"""Pitches that an interval is counted from: the last one of each pitched channel, and the channel's own before."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is known at some events.

    indices: of embeddings [n, LOOKUPS]. classes: shares of the pitch classes, 0 to 1 [n, CLASSES]. last, before: the
    last pitch of each pitched channel and the one before, -1 where there is none [n, PITCHED]. tokens, buckets: the
    candidates, -1 where there is none, and how far they are believed [n, candidates.COUNT].
    """

    indices: Indices
    classes: Floats
    last: Tokens
    before: Tokens
    tokens: Tokens
    buckets: Bytes


def features_of(raw: Bytes, tokens: Tokens, buckets: Bytes, shift: int = 0) -> Features:
    """What trackers said [n, RAW] with their candidates [n, COUNT], so many semitones higher."""
    looked = raw[:, : len(COLUMNS)]
    if shift:
        looked = _moved(shift)[np.arange(len(COLUMNS)), looked]
        tokens = _moved_tokens(shift)[tokens]
    indices = np.empty((len(raw), LOOKUPS), np.int32)
    plain = STATE_COLUMNS - len(_DERIVED)
    indices[:, :plain] = looked[:, :plain]
    indices[:, plain:STATE_COLUMNS] = _derived_table()[_DERIVED_NUMBERS, looked[:, _FROM], looked[:, _AND]]
    rest = STATE_COLUMNS + len(COLUMNS) - plain
    indices[:, STATE_COLUMNS:rest] = looked[:, plain:]
    indices[:, rest : rest + candidates.COUNT] = tokens
    indices[:, rest : rest + candidates.COUNT] += 1
    indices[:, rest + candidates.COUNT :] = buckets
    indices += OFFSETS
    return Features(
        indices=indices,
        classes=np.divide(raw[:, _classes_order(shift)], 255, dtype=np.float32),
        last=pitches(looked[:, _LAST]),
        before=pitches(looked[:, _BEFORE]),
        tokens=tokens,
        buckets=buckets,
    )


def pitches(codes: npt.NDArray[np.uint8]) -> Tokens:
    """The pitches that codes of the pitched channels name [n, PITCHED], -1 where they name none."""
    return _PITCHES[_CHANNEL_NUMBERS, codes]


def _column(number: int) -> list[int]:
    """Where one column of the state of every pitched channel is [PITCHED]."""
    return [FIRST_STATE + channel * STATE + number for channel in range(PITCHED)]


_SOUNDING, _LAST, _BEFORE = _column(0), _column(1), _column(3)
_CHANNEL_NUMBERS = np.arange(PITCHED)
_PITCHES = np.array(
    [[code - LOWEST + spec.lowest if code >= LOWEST else -1 for code in range(256)] for spec in CHANNELS[:PITCHED]],
    np.int16,
)
_PAIRS = ((0, 1), (0, 2), (1, 2))
_FROM = [0, *_LAST, *_SOUNDING, *(_SOUNDING[a] for a, _ in _PAIRS), _LAST[0]]
_AND = [2, *_BEFORE, *_SOUNDING, *(_SOUNDING[b] for _, b in _PAIRS), _LAST[1]]
"""The two columns that each derived one follows from: place in the phrase; melodic intervals; harmony."""
_DERIVED_NUMBERS = np.arange(len(_DERIVED))


@cache
def _derived_table() -> npt.NDArray[np.int16]:
    """What follows from two columns, for each derived one [derived, 256, 256]."""
    first, second = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    both = (first >= LOWEST) & (second >= LOWEST)
    melodic = np.where(both, np.clip(first - second, -13, 13) + 14, 0)

    def pitch(channel: int, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
        pitches: npt.NDArray[Any] = _PITCHES[channel].astype(np.int32)[codes]
        return pitches

    single = [np.where(pitch(c, first) >= 0, pitch(c, first) % 12, 12) for c in range(PITCHED)]
    harmonic = [np.where(both, (pitch(a, first) - pitch(b, second)) % 12, 12) for a, b in _PAIRS]
    apart = np.where(both, np.clip(pitch(0, first) - pitch(1, second), -25, 25) + 25, 51)
    return np.stack([first * _CYCLES + second, *[melodic] * PITCHED, *single, *harmonic, apart]).astype(np.int16)


@cache
def _classes_order(shift: int) -> npt.NDArray[np.int64]:
    """Where the shares of the pitch classes are, moved [CLASSES]."""
    order = len(COLUMNS) + np.arange(CLASSES).reshape(-1, 12)
    moved: npt.NDArray[np.int64] = np.roll(order, shift, axis=1).ravel()
    return moved


@cache
def _moved(shift: int) -> Bytes:
    """For each column and byte the byte in another key [COLUMNS, 256]."""
    found = np.tile(np.arange(256, dtype=np.uint8), (len(COLUMNS), 1))
    codes = moved_codes(shift)
    for number, column in enumerate(COLUMNS):
        if column.channel >= 0:
            found[number, :CODES] = codes[column.channel]
    return found


@cache
def _moved_tokens(shift: int) -> Tokens:
    """For each event its number in another key; -1, the last, stays."""
    return np.append(moved_events(shift), np.int16(candidates.NONE))
