"""What a network reads at each event of some rows: the features of parts of songs, joined, with what is given in them.

Plain arrays, for training and for writing alike. What the numbers are is said in `models.features.columns` and
`models.features.given`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.features.columns import Features, features_of
from models.features.events import SHIFTS, moved_events
from models.features.given import (
    LOOKUPS,
    NOTHING,
    Played,
    channels_of,
    due_events,
    given_indices,
    known_pitches,
    look_ahead,
)

Longs = npt.NDArray[np.int64]
_MOVED = {shift: np.append(moved_events(shift), np.int16(NOTHING)) for shift in SHIFTS}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a network reads at each event of some rows.

    ids: events [rows, n]. indices: of the features' embeddings [rows, n, columns.LOOKUPS]. classes: of pitches [rows,
    n, 36]. last, before: reference pitches of p1, p2 and tr [rows, n, 3], -1 for none. tokens, buckets: candidates,
    the one that given channels make last [rows, n, COUNT + 1]. given_rows: rows with given channels; given: what is
    known ahead in them [rows with given channels, n, given.LOOKUPS].
    """

    ids: Longs
    indices: npt.NDArray[np.int32]
    classes: npt.NDArray[np.float32]
    last: npt.NDArray[np.int16]
    before: npt.NDArray[np.int16]
    tokens: npt.NDArray[np.int16]
    buckets: npt.NDArray[np.uint8]
    given_rows: Longs
    given: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Given:
    """What is given in one row. start: the tick from which each channel is, at each event [n, channels].

    written: the channels that are written, where others are given from the beginning on; None for a span.
    """

    start: Longs
    channels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A run of events of one song with what is known at each. ahead: indices of what is given, None for nothing."""

    events: npt.NDArray[np.int16]
    features: Features
    due: npt.NDArray[np.int16]
    ahead: npt.NDArray[np.int32] | None


def part_of(
    events: npt.NDArray[np.int16],
    ticks: Longs,
    features_raw: tuple[Any, Any, Any],
    played: Played,
    *,
    shift: int = 0,
    given: Given | None = None,
) -> Part:
    """Events of a song in some key. features_raw: what its tracker said at each (raw, tokens, buckets)."""
    features = features_of(*features_raw, shift)
    moved = _MOVED[shift]
    due = np.full(len(events), NOTHING, np.int16)
    if given is None:
        return Part(moved[events], features, due, None)
    passed = features_raw[0][:, 3].astype(np.int64) - 1
    ahead = look_ahead(played, ticks, passed, given.start)
    known = known_pitches(ahead, shift)
    last = np.where(known >= 0, known, features.last)
    features = replace(features, last=last)
    if given.channels:
        own = np.isin(channels_of(events.astype(np.int64), passed), given.channels)
        due = moved[due_events(events.astype(np.int64), ticks, passed, own)]
    return Part(moved[events], features, due, given_indices(ahead, shift))


def inputs_of(rows: list[list[Part]], length: int) -> Inputs:
    """Rows of parts, cut to a length, as what a network reads."""
    flat = [_joined(row, length) for row in rows]
    given_rows = np.array([i for i, row in enumerate(rows) if any(part.ahead is not None for part in row)], np.int64)
    given = [_ahead(rows[i], length) for i in given_rows]
    ahead = np.stack(given) if given else np.zeros((0, length, LOOKUPS), np.int32)
    columns: list[Any] = [*(np.stack(column) for column in zip(*flat, strict=True)), given_rows, ahead]
    return Inputs(*columns)


def _joined(row: list[Part], length: int) -> tuple[Any, ...]:
    """The columns of a row's parts, in the order of `Inputs`."""
    columns = (
        [part.events.astype(np.int64) for part in row],
        [part.features.indices for part in row],
        [part.features.classes for part in row],
        [part.features.last for part in row],
        [part.features.before for part in row],
        [np.concatenate([part.features.tokens, part.due[:, None]], axis=1) for part in row],
        [np.concatenate([part.features.buckets, (part.due[:, None] >= 0).astype(np.uint8)], axis=1) for part in row],
    )
    return tuple(np.concatenate(column)[:length] for column in columns)


def _ahead(row: list[Part], length: int) -> npt.NDArray[np.int32]:
    """What is given in a row [length, LOOKUPS]."""
    nothing = given_indices(np.zeros((1, LOOKUPS), np.uint8))
    found = [nothing.repeat(len(part.events), axis=0) if part.ahead is None else part.ahead for part in row]
    return np.concatenate(found)[:length]
