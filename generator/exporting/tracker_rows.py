"""A score as a tracker has it: rows of some frames each, patterns of rows, and one cell a channel and row.

Rows follow the score's grid, or, where it has none, the beat that is found in it. A cell begins a note, perhaps some
frames into its row; what else happens until the next cell is the instrument's. `macros` finds the instruments,
`famitracker` writes the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from generator.apu.registers import frame_values
from generator.apu.retrigger import truncate
from generator.exporting.tracker_instruments import LONGEST_FIGURE, LONGEST_SEQUENCE, Sound, cycle
from models.music.grid import find_clock
from models.music.score import Change, Note, Score

LONGEST_ROW = 31
"""Frames: the highest speed of FamiTracker's F effect, from 32 on it means a tempo."""
USUAL_PATTERN, LONGEST_PATTERN, MOST_PATTERNS = 64, 256, 127
"""Rows of a pattern as trackers usually have them, the most that it may have, and patterns a tune at the most."""
FAST = 4
"""Frames: notes up to this long that go through a cycle are an arpeggio of one note."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row's first frame, how many it lasts, and whether a pattern begins with it."""

    frame: int
    length: int
    begins: bool = False


@dataclass
class Event:
    """A note as a cell begins it, with all that follows until the sound ends or the next event begins.

    pitches, volumes, duties: a value a frame; a volume of 0 is a rest inside.
    """

    start: int
    pitches: list[int] = field(default_factory=list)
    volumes: list[int] = field(default_factory=list)
    duties: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The first frame that no longer sounds."""
        return self.start + len(self.pitches)

    @property
    def sound(self) -> Sound:
        """What an instrument must do."""
        steps = tuple(pitch - self.pitches[0] for pitch in self.pitches)
        return Sound(tuple(self.volumes), steps, tuple(self.duties))

    def add(self, note: Note) -> None:
        """Let a note follow, and before it the rest between."""
        rest = note.start - self.end if self.pitches else 0
        self.pitches += [self.pitches[-1]] * rest if rest else []
        self.volumes += [0] * rest
        self.duties += [self.duties[-1]] * rest if rest else []
        self.pitches += [note.pitch] * note.length
        self.volumes += frame_values(note.volume, note.length)
        self.duties += frame_values(note.duty, note.length)

    def cut(self, frame: int) -> Event:
        """End here; what would have followed, as an event of its own."""
        at = frame - self.start
        rest = Event(frame, self.pitches[at:], self.volumes[at:], self.duties[at:])
        self.pitches, self.volumes, self.duties = self.pitches[:at], self.volumes[:at], self.duties[:at]
        return rest

    def end_in_silence(self, frames: int) -> None:
        """Let the instrument end the sound, where no cell can, and be silent for so many frames."""
        self.pitches += self.pitches[-1:] * frames
        self.volumes += [0] * frames
        self.duties += self.duties[-1:] * frames


def lay_rows(score: Score, parts: int = 1) -> list[Row]:
    """The rows of a score from its first frame to its last, a pattern beginning with bars of it.

    parts: into how many each row of the grid is divided. A row is shorter at the score's ends, and where the loop
    point, which must begin a row, lies inside one.
    """
    row, row_of, bar_of, rows_a_bar = _clock(score)
    bars = max(1, USUAL_PATTERN // (rows_a_bar * parts))
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
    found: list[Row] = []
    for start, end in pairwise([*sorted(frames), score.frames]):
        found += _pieces(start, end, parts, begins=frames[start])
    return _no_longer(found, LONGEST_PATTERN)


def _clock(score: Score) -> tuple[Callable[[int], int], Callable[[int], int], Callable[[int], int | None], int]:
    """Where row i begins, which row has a frame, which bar begins with row i (or None), and rows a bar."""
    if score.grid is not None:
        grid = score.grid
        rows_a_bar = grid.rows_a_beat * grid.beats_a_bar
        return grid.row, grid.row_of, lambda i: None if i % rows_a_bar else i // rows_a_bar, rows_a_bar
    clock = find_clock(score)
    offset = clock.first * 4
    return clock.row, clock.row_of, lambda i: None if (i + offset) % 16 else (i + offset) // 16, 16


def _pieces(start: int, end: int, parts: int, *, begins: bool) -> Iterator[Row]:
    """A row in its parts, and in more where it is longer than a row can be."""
    count = min(end - start, max(parts, -(-(end - start) // LONGEST_ROW)))
    edges = [start + (end - start) * i // count for i in range(count + 1)] if count else []
    for i, (at, until) in enumerate(pairwise(edges)):
        yield Row(at, until - at, begins and i == 0)


def _no_longer(rows: list[Row], most: int) -> list[Row]:
    """The rows with a pattern begun at the latest after so many of them."""
    found: list[Row] = []
    since = 0
    for row in rows:
        since = 0 if row.begins or since == most else since
        found.append(Row(row.frame, row.length, since == 0))
        since += 1
    return found


def find_events(notes: tuple[Note, ...], rows: list[Row], loop: int | None) -> list[Event]:
    """The events of one channel: at most one begins in a row, and one at the loop point if it sounds there."""
    starts = [row.frame for row in rows]
    events: list[Event] = []
    row_before = -1
    if loop is not None:
        notes = _split(notes, loop)
    for i, note in enumerate(notes):
        row = bisect_right(starts, note.start) - 1
        crosses = loop is not None and bool(events) and events[-1].start < loop <= note.start
        if row == row_before or (events and not crosses and _goes_on(events[-1], notes[i - 1], notes[i:])):
            events[-1].add(note)
        else:
            events.append(Event(note.start))
            events[-1].add(note)
            row_before = row
    return [piece for event in events for piece in _cut_up(event, starts)]


def _split(notes: tuple[Note, ...], frame: int) -> tuple[Note, ...]:
    """The notes with one that sounds across a frame as two."""
    found: list[Note] = []
    for note in notes:
        before = frame - note.start
        if 0 < before < note.length:
            found.append(truncate(note, before))
            volume, duty = (_later(changes, note.length, before) for changes in (note.volume, note.duty))
            found.append(Note(frame, note.end, note.pitch, volume, duty))
        else:
            found.append(note)
    return tuple(found)


def _later(changes: tuple[Change, ...], length: int, frames: int) -> tuple[Change, ...]:
    """A note's changes from so many frames after its start on."""
    values = frame_values(changes, length)[frames:]
    return tuple((i, value) for i, value in enumerate(values) if i == 0 or value != values[i - 1])


def _goes_on(event: Event, before: Note, notes: tuple[Note, ...]) -> bool:
    """Whether the first of the notes goes on with an arpeggio, which may still be in its first cycle."""
    pitches = list(event.pitches)
    needed = len(pitches) + notes[0].length
    for note in notes:
        if before.end != note.start or before.pitch == note.pitch or max(before.length, note.length) > FAST:
            break
        pitches += [note.pitch] * note.length
        before = note
        if len(pitches) >= needed + 2 * LONGEST_FIGURE:
            break
    if len(pitches) < needed:
        return False
    spans = ((frames, max(needed, 2 * frames)) for frames in range(2, LONGEST_FIGURE + 1))
    return any(len(pitches) >= end and pitches[frames:end] == pitches[: end - frames] for frames, end in spans)


def _cut_up(event: Event, starts: list[int]) -> Iterator[Event]:
    """An event, in several that begin rows where it is longer than a sequence can say."""
    while not _is_simple(event):
        row = bisect_right(starts, event.start + LONGEST_SEQUENCE) - 1
        if not event.start < starts[row] or row + 1 == len(starts) or starts[row + 1] >= event.end:
            break  # the rest of it shares its row with what follows: the sequence's last values stay
        rest = event.cut(starts[row])
        yield event
        event = rest
    yield event


def _is_simple(event: Event) -> bool:
    """Whether the event is short enough for any sequence, or nothing changes so late in it."""
    late = slice(LONGEST_SEQUENCE - 1, None)
    sound = event.sound
    steady = all(len(set(values[late])) <= 1 for values in (sound.volumes, sound.duties, sound.steps))
    return steady or (cycle(sound.steps) is not None and len(set(sound.volumes[late] + sound.duties[late])) <= 2)
