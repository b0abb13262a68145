"""Some channels of a song as a piano roll: what each does, row by row, for a network that writes the others.

A roll holds integers [rows, columns], each an index into one table of embeddings: for each channel what `COLUMNS`
names, then the row's position. `RowCounter` tells which row each token of a text is at. What a network makes of the
rows is in `models.training.listener`.
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
"""The most notes that start in a row. More count as this many."""


def _columns() -> Iterator[tuple[str, int]]:
    """Yield each column as (name, number of values).

    For each channel: `sounds`, the pitch at the row's end (0 if the channel is not given, 1 if it is silent); `begins`,
    the first note's pitch; `late`, the frames before that note; `many`, the number of new notes; `back`, which of
    `BACKS` the beat repeats. For the row: its position in its beat, and the beat's number among sixteen.
    """
    for spec in CHANNELS:
        pitches = spec.highest - spec.lowest + 1
        yield from (("sounds", 2 + pitches), ("begins", 1 + pitches), ("late", 1 + MAX_OFFSET))
        yield from (("many", 1 + MOST_NOTES), ("back", 1 + len(BACKS)))
    yield from (("row", ROWS), ("beat", BEAT_CYCLE))


COLUMNS = tuple(_columns())
COLUMN_OFFSETS = np.cumsum([0, *(values for _, values in COLUMNS)])
"""The table index of each column's 0, and the table's size."""
TABLE_SIZE = int(COLUMN_OFFSETS[-1])
COLUMNS_PER_CHANNEL = (len(COLUMNS) - 2) // len(CHANNELS)
"""The number of columns of a channel."""


@dataclass(slots=True)
class _Row:
    """What happens in a row of a channel: the first new note, the frames before it, the new notes, the last event."""

    begins: int = 0
    late: int = 0
    many: int = 0
    last: int | None = None


def make_roll(tune: ParsedTune, channels: Collection[int]) -> Roll:
    """Return the rows of a whole song [rows, columns]: what `channels` do, and that the others are not given."""
    roll = np.zeros((len(tune.beats) * ROWS, len(COLUMNS)), dtype=np.int64)
    roll[:, -2] = np.arange(len(roll)) % ROWS
    roll[:, -1] = np.repeat([int(event_of(beat.opening[0]).split(":")[1]) for beat in tune.beats], ROWS)
    for channel in channels:
        roll[:, channel * COLUMNS_PER_CHANNEL : (channel + 1) * COLUMNS_PER_CHANNEL] = list(
            _channel_rows(tune, channel)
        )
    return np.asarray(roll + COLUMN_OFFSETS[:-1])


def stack_rolls(rolls: Sequence[Roll]) -> Roll:
    """Return rolls as one array [n, rows, columns], shorter ones padded with -1."""
    stack = np.full((len(rolls), max(map(len, rolls)), len(COLUMNS)), -1, dtype=np.int64)
    for row, roll in zip(stack, rolls, strict=True):
        row[: len(roll)] = roll
    return stack


def _channel_rows(tune: ParsedTune, channel: int) -> Iterator[tuple[int, ...]]:
    """Yield the columns of a channel, row by row."""
    sounds = 1
    for beat, played in zip(tune.beats, tune.played, strict=True):
        back = beat.again.get(channel, 0)
        repeats = BACKS.index(back) + 1 if back else 0
        for row in _beat_rows(played[channel], CHANNELS[channel].lowest):
            sounds = sounds if row.last is None else row.last
            yield (sounds, row.begins, row.late, row.many, repeats)


def _beat_rows(cell: Cell, lowest: int) -> list[_Row]:
    """Return what happens in each row of a beat."""
    rows = [_Row() for _ in range(ROWS)]
    for time, event in cell:
        place, offset = map(int, event_of(time).split(":")[1].split("."))
        row = rows[place]
        kind, *rest = event_of(event[0]).split(":")
        if kind == "off":
            row.last = 1
            continue
        pitch = int(rest[1]) - lowest
        if not row.many:
            row.begins, row.late = 1 + pitch, 1 + offset
        row.many, row.last = min(MOST_NOTES, row.many + 1), 2 + pitch
    return rows


class RowCounter:
    """Tells which row each token is at. spelling: the events that each token stands for."""

    def __init__(self, spelling: Sequence[Sequence[str]]) -> None:
        self._begins = [any(event.startswith("beat:") for event in events) for events in spelling]
        self._last = [_last_row(events) for events in spelling]

    def rows(self, ids: Sequence[int], beat: int, reached: int | None = None) -> Rows:
        """Return the row that each token is at [tokens].

        beat: the number of the first beat that starts among the tokens; tokens before it are at its first row. If the
        tokens continue a beat, that beat's number, with the row of the token before them in `reached`.
        """
        begins = beat * ROWS
        row = begins if reached is None else reached
        rows = np.empty(len(ids), dtype=np.int64)
        begun = 0 if reached is None else 1
        for i, token in enumerate(ids):
            last = self._last[token]
            if self._begins[token]:
                row = begins = (beat + begun) * ROWS
                begun += 1
            elif last is not None:
                row = begins + last
            rows[i] = row
        return rows


def _last_row(events: Sequence[str]) -> int | None:
    """Return the row of the last time among some events, or None if there is none."""
    times = [event for event in events if event.startswith("at:")]
    return int(times[-1].split(":")[1].split(".")[0]) if times else None
