"""Some channels of a song as a piano roll: what each does, row by row, for a network that writes others to them.

A roll is whole numbers [rows, columns], each an index into one table of embeddings: for each channel what `COLUMNS`
names, then the place of the row. Here is also which row each token of a text has reached. What a network makes of them
is in `models.training.listener`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.music.grid import BEAT_CYCLE, ROWS
from models.music.score import CHANNELS
from models.tokens.prompts import Cell, ParsedTune
from models.tokens.vocabulary import BACKS, MAX_OFFSET, event_of

Roll = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]

MOST_NOTES = 3
"""Notes that begin in a row, at the most: more count as so many."""


def _columns() -> Iterator[tuple[str, int]]:
    """(name, values) of each column.

    Of a channel: `sounds`, the pitch at the row's end (0 where the channel is not given, 1 where it is silent);
    `begins`, the first note's pitch; `late`, the frames before it; `many`, notes begun; `back`, which of `BACKS` the
    beat repeats. Of the row: its place in its beat, and the beat's among sixteen.
    """
    for spec in CHANNELS:
        pitches = spec.highest - spec.lowest + 1
        yield from (("sounds", 2 + pitches), ("begins", 1 + pitches), ("late", 1 + MAX_OFFSET))
        yield from (("many", 1 + MOST_NOTES), ("back", 1 + len(BACKS)))
    yield from (("row", ROWS), ("beat", BEAT_CYCLE))


COLUMNS = tuple(_columns())
COLUMN_OFFSETS = np.cumsum([0, *(values for _, values in COLUMNS)])
"""The table's index of each column's 0, and the table's length."""
TABLE_SIZE = int(COLUMN_OFFSETS[-1])
COLUMNS_PER_CHANNEL = (len(COLUMNS) - 2) // len(CHANNELS)
"""Columns of one channel."""


@dataclass(slots=True)
class _Row:
    """What happens in one row of a channel: the note that begins first, frames before it, notes, the last event."""

    begins: int = 0
    late: int = 0
    many: int = 0
    last: int | None = None


def make_roll(sheet: ParsedTune, channels: Collection[int]) -> Roll:
    """The rows of a whole song [rows, columns]: what `channels` do; of others only that they are not given."""
    roll = np.zeros((len(sheet.beats) * ROWS, len(COLUMNS)), dtype=np.int64)
    roll[:, -2] = np.arange(len(roll)) % ROWS
    roll[:, -1] = np.repeat([int(event_of(beat.opening[0]).split(":")[1]) for beat in sheet.beats], ROWS)
    for channel in channels:
        roll[:, channel * COLUMNS_PER_CHANNEL : (channel + 1) * COLUMNS_PER_CHANNEL] = list(
            _channel_rows(sheet, channel)
        )
    return np.asarray(roll + COLUMN_OFFSETS[:-1])


def stack_rolls(rolls: Sequence[Roll]) -> Roll:
    """Rolls as one array [n, rows, columns], shorter ones filled up with -1."""
    found = np.full((len(rolls), max(map(len, rolls)), len(COLUMNS)), -1, dtype=np.int64)
    for row, roll in zip(found, rolls, strict=True):
        row[: len(roll)] = roll
    return found


def _channel_rows(sheet: ParsedTune, channel: int) -> Iterator[tuple[int, ...]]:
    """The columns of one channel, row by row."""
    sounds = 1
    for beat, played in zip(sheet.beats, sheet.played, strict=True):
        back = beat.again.get(channel, 0)
        repeats = BACKS.index(back) + 1 if back else 0
        for row in _beat_rows(played[channel], CHANNELS[channel].lowest):
            sounds = sounds if row.last is None else row.last
            yield (sounds, row.begins, row.late, row.many, repeats)


def _beat_rows(cell: Cell, lowest: int) -> list[_Row]:
    """What happens in each row of a beat."""
    rows = [_Row() for _ in range(ROWS)]
    for time, happening in cell:
        place, offset = map(int, event_of(time).split(":")[1].split("."))
        row = rows[place]
        kind, *rest = event_of(happening[0]).split(":")
        if kind == "off":
            row.last = 1
            continue
        pitch = int(rest[1]) - lowest
        if not row.many:
            row.begins, row.late = 1 + pitch, 1 + offset
        row.many, row.last = min(MOST_NOTES, row.many + 1), 2 + pitch
    return rows


class RowCounter:
    """Which row each token reaches. spelling: the events that each token stands for."""

    def __init__(self, spelling: Sequence[Sequence[str]]) -> None:
        self._begins = [any(event.startswith("beat:") for event in events) for events in spelling]
        self._last = [_last_row(events) for events in spelling]

    def rows(self, ids: Sequence[int], beat: int, reached: int | None = None) -> Rows:
        """For each token the row that it reaches [tokens].

        beat: the number of the first beat that begins among them; tokens before it are on its first row. Where they go
        on with a beat, that beat's number, and in `reached` the row that the token before has reached.
        """
        begins = beat * ROWS
        row = begins if reached is None else reached
        found = np.empty(len(ids), dtype=np.int64)
        begun = 0 if reached is None else 1
        for i, token in enumerate(ids):
            last = self._last[token]
            if self._begins[token]:
                row = begins = (beat + begun) * ROWS
                begun += 1
            elif last is not None:
                row = begins + last
            found[i] = row
        return found


def _last_row(events: Sequence[str]) -> int | None:
    """The row of the last time that events name; None where they name none."""
    times = [event for event in events if event.startswith("at:")]
    return int(times[-1].split(":")[1].split(".")[0]) if times else None
