"""A score in rows and patterns, as trackers have it, with at most one cell for each channel and row.

Rows follow the score's grid, or the beat found in it if it has none. A cell starts a note, possibly some frames into
its row; everything else until the next cell is done by the instrument. `tracker_instruments` finds the instruments,
`famitracker` writes the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from generator.apu.registers import frame_values
from generator.apu.retrigger import truncate
from generator.exporting.tracker_instruments import LONGEST_CYCLE, LONGEST_SEQUENCE, Sound, cycle_length
from models.music.grid import find_clock
from models.music.score import Change, Note, Score

LONGEST_ROW = 31
"""Frames: the highest speed of FamiTracker's F effect. From 32 on, the effect sets the tempo."""
PATTERN_ROWS, LONGEST_PATTERN, MOST_PATTERNS = 64, 256, 127
"""Rows of a usual pattern, rows of the longest pattern, and patterns of the longest tune."""
FAST = 4
"""Frames: notes up to this long that repeat a cycle are taken for one arpeggio."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its first frame, its length in frames, and whether a pattern starts with it."""

    frame: int
    length: int
    begins: bool = False


@dataclass
class Event:
    """A note that a cell starts, with all that follows until the sound ends or the next event starts.

    pitches, volumes, duties: one value a frame; a volume of 0 is a rest.
    """

    start: int
    pitches: list[int] = field(default_factory=list)
    volumes: list[int] = field(default_factory=list)
    duties: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The first frame after the sound."""
        return self.start + len(self.pitches)

    @property
    def sound(self) -> Sound:
        """What an instrument must play."""
        steps = tuple(pitch - self.pitches[0] for pitch in self.pitches)
        return Sound(tuple(self.volumes), steps, tuple(self.duties))

    def add(self, note: Note) -> None:
        """Add a note, and the rest before it."""
        rest = note.start - self.end if self.pitches else 0
        self.pitches += [self.pitches[-1]] * rest if rest else []
        self.volumes += [0] * rest
        self.duties += [self.duties[-1]] * rest if rest else []
        self.pitches += [note.pitch] * note.length
        self.volumes += frame_values(note.volume, note.length)
        self.duties += frame_values(note.duty, note.length)

    def cut(self, frame: int) -> Event:
        """End the event at a frame, and return what follows as a new event."""
        at = frame - self.start
        rest = Event(frame, self.pitches[at:], self.volumes[at:], self.duties[at:])
        self.pitches, self.volumes, self.duties = self.pitches[:at], self.volumes[:at], self.duties[:at]
        return rest

    def end_in_silence(self, frames: int) -> None:
        """Let the instrument end the sound if no cell can, with so many silent frames."""
        self.pitches += self.pitches[-1:] * frames
        self.volumes += [0] * frames
        self.duties += self.duties[-1:] * frames


def rows_of(score: Score, parts: int = 1) -> list[Row]:
    """Return the rows of a score, with patterns that start at bars.

    parts: the number of rows into which each row of the grid is divided. Rows are shorter at the score's ends, and
    before a loop point that is inside a row, because the loop point must start one.
    """
    row, row_of, bar_of, rows_a_bar = _clock(score)
    bars = max(1, PATTERN_ROWS // (rows_a_bar * parts))
    first, last = row_of(0), row_of(max(0, score.frames - 1))
    while last - first > bars * rows_a_bar * MOST_PATTERNS / 2 and (bars + 1) * rows_a_bar * parts <= LONGEST_PATTERN:
        bars += 1
    frames = {0: True}
    for i in range(first, last + 1):
        bar = bar_of(i)
        if 0 <= row(i) < score.frames:
            frames[row(i)] = row(i) == 0 or (bar is not None and bar % bars == 0)
    if score.loop is not None:
        frames[score.loop] = True
    rows: list[Row] = []
    for start, end in pairwise([*sorted(frames), score.frames]):
        rows += _divide(start, end, parts, begins=frames[start])
    return _limit_patterns(rows, LONGEST_PATTERN)


def _clock(score: Score) -> tuple[Callable[[int], int], Callable[[int], int], Callable[[int], int | None], int]:
    """Return three functions and a number: row to first frame, frame to row, row to the bar that starts with it (or
    None), and rows a bar.
    """
    if score.grid is not None:
        grid = score.grid
        rows_a_bar = grid.rows_a_bar
        return grid.row, grid.row_of, lambda i: None if i % rows_a_bar else i // rows_a_bar, rows_a_bar
    clock = find_clock(score)
    offset = clock.first * 4
    return clock.row, clock.row_of, lambda i: None if (i + offset) % 16 else (i + offset) // 16, 16


def _divide(start: int, end: int, parts: int, *, begins: bool) -> Iterator[Row]:
    """Divide a row into parts, and into more if they would be longer than a row can be."""
    count = min(end - start, max(parts, -(-(end - start) // LONGEST_ROW)))
    edges = [start + (end - start) * i // count for i in range(count + 1)] if count else []
    for i, (at, until) in enumerate(pairwise(edges)):
        yield Row(at, until - at, begins and i == 0)


def _limit_patterns(rows: list[Row], most: int) -> list[Row]:
    """Return the rows with a new pattern started after at most `most` of them."""
    limited: list[Row] = []
    since = 0
    for row in rows:
        since = 0 if row.begins or since == most else since
        limited.append(Row(row.frame, row.length, since == 0))
        since += 1
    return limited


def find_events(notes: tuple[Note, ...], rows: list[Row], loop: int | None) -> list[Event]:
    """Return the events of one channel: at most one starts in a row, and one at the loop point if it sounds there."""
    starts = [row.frame for row in rows]
    events: list[Event] = []
    row_before = -1
    if loop is not None:
        notes = _split(notes, loop)
    for i, note in enumerate(notes):
        row = bisect_right(starts, note.start) - 1
        crosses = loop is not None and bool(events) and events[-1].start < loop <= note.start
        if row == row_before or (events and not crosses and _continues_arpeggio(events[-1], notes[i - 1], notes[i:])):
            events[-1].add(note)
        else:
            events.append(Event(note.start))
            events[-1].add(note)
            row_before = row
    return [piece for event in events for piece in _split_event(event, starts)]


def _split(notes: tuple[Note, ...], frame: int) -> tuple[Note, ...]:
    """Split the note that sounds across a frame, if there is one."""
    split: list[Note] = []
    for note in notes:
        before = frame - note.start
        if 0 < before < note.length:
            split.append(truncate(note, before))
            volume, duty = (_changes_after(changes, note.length, before) for changes in (note.volume, note.duty))
            split.append(Note(frame, note.end, note.pitch, volume, duty))
        else:
            split.append(note)
    return tuple(split)


def _changes_after(changes: tuple[Change, ...], length: int, frames: int) -> tuple[Change, ...]:
    """Return the changes of a note from `frames` after its start."""
    values = frame_values(changes, length)[frames:]
    return tuple((i, value) for i, value in enumerate(values) if i == 0 or value != values[i - 1])


def _continues_arpeggio(event: Event, before: Note, notes: tuple[Note, ...]) -> bool:
    """Return whether the first of the notes continues the event's arpeggio, which may still be in its first cycle."""
    pitches = list(event.pitches)
    needed = len(pitches) + notes[0].length
    for note in notes:
        if before.end != note.start or before.pitch == note.pitch or max(before.length, note.length) > FAST:
            break
        pitches += [note.pitch] * note.length
        before = note
        if len(pitches) >= needed + 2 * LONGEST_CYCLE:
            break
    if len(pitches) < needed:
        return False
    spans = ((frames, max(needed, 2 * frames)) for frames in range(2, LONGEST_CYCLE + 1))
    return any(len(pitches) >= end and pitches[frames:end] == pitches[: end - frames] for frames, end in spans)


def _split_event(event: Event, starts: list[int]) -> Iterator[Event]:
    """Split an event that is too long for a sequence into several, which start with rows."""
    while not _is_simple(event):
        row = bisect_right(starts, event.start + LONGEST_SEQUENCE) - 1
        if not event.start < starts[row] or row + 1 == len(starts) or starts[row + 1] >= event.end:
            break  # the rest shares its row with the next event: the sequence's last values stay
        rest = event.cut(starts[row])
        yield event
        event = rest
    yield event


def _is_simple(event: Event) -> bool:
    """Return whether an event is short enough for a sequence, or nothing changes after the sequence's end."""
    late = slice(LONGEST_SEQUENCE - 1, None)
    sound = event.sound
    steady = all(len(set(values[late])) <= 1 for values in (sound.volumes, sound.duties, sound.steps))
    return steady or (cycle_length(sound.steps) is not None and len(set(sound.volumes[late] + sound.duties[late])) <= 2)
