"""A score as FamiTracker's text export, which FamiTracker 0.4.6 and its descendants import (File, Import text).

Rows, patterns and events are left to `tracker_rows`, instruments to `tracker_instruments`.

Facts: FamiTracker's manual, "Effect list" and "Text export". The text follows the rules of its importer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from generator.apu.nsf import ARTIST
from generator.apu.retrigger import separate_repeats
from generator.exporting.tracker_instruments import (
    LONGEST_SEQUENCE,
    Instrument,
    InstrumentUse,
    Sequence,
    Sound,
    choose_instruments,
)
from generator.exporting.tracker_rows import MOST_PATTERNS, Event, Row, find_events, rows_of
from generator.protocol.errors import InputError
from models.music.score import CHANNELS, NO, TR, Score

NAMES = ("C-", "C#", "D-", "D#", "E-", "F-", "F#", "G-", "G#", "A-", "A#", "B-")
LOWEST_NOTE, HIGHEST_NOTE = 24, 119
"""MIDI notes of C-0 and B-7."""
TRIANGLE_OCTAVE = 12
"""The triangle sounds an octave lower than written. Its highest note, 108, is therefore too high to write."""
TEMPO = 150
"""At this tempo, the speed is the number of frames a row."""

VOLUMES, STEPS, DUTIES = 0, 1, 4
"""Kinds of sequences."""
EMPTY, CUT = "...", "---"


@dataclass
class Cell:
    """A row of one channel: note, instrument, volume, and effects by letter."""

    note: str = EMPTY
    use: InstrumentUse | None = None
    effects: dict[str, int] = field(default_factory=dict)

    def text(self, columns: int) -> str:
        """Return the cell as the file has it, with so many effect columns."""
        sound = f"{self.use.instrument:02X} {self.use.column:X}" if self.use else ".. ."
        effects = [f"{letter}{value:02X}" for letter, value in self.effects.items()]
        return " ".join((self.note, sound, *effects, *[EMPTY] * (columns - len(effects))))


Column = list[Cell]
"""The cells of one channel, one a row."""


DIVISIONS = (1, 2)
"""Numbers of rows for each row of the grid: one, unless instruments are then too few."""
FEW_INEXACT = 0.02
"""The share of notes that may be played by an inexact instrument before rows are divided."""


@dataclass
class _Module:
    """A score in rows, before it becomes text."""

    rows: list[Row]
    channels: list[list[Event]]
    instruments: list[Instrument]
    uses: dict[Sound, InstrumentUse]

    @property
    def inexact(self) -> int:
        """Notes that are played by an inexact instrument."""
        return sum(not self.uses[event.sound].exact for events in self.channels for event in events)


def to_famitracker(score: Score) -> str:
    """Return the text of a score. Raise InputError if it needs more patterns than FamiTracker has."""
    score = _limit_triangle(separate_repeats(score))
    module = _module(score, DIVISIONS[0])
    for parts in DIVISIONS[1:]:
        if module.inexact > FEW_INEXACT * score.note_count:
            module = min(module, _module(score, parts), key=lambda module: module.inexact)
    rows, channels, uses = module.rows, module.channels, module.uses
    columns = [_cells(channel, events, rows, uses, score) for channel, events in enumerate(channels)]
    columns.append(_control_column(rows, score.loop))
    starts = [i for i, row in enumerate(rows) if row.begins]
    if len(starts) > MOST_PATTERNS:
        raise InputError(f"The tune needs {len(starts)} patterns; FamiTracker has {MOST_PATTERNS} at most.")
    text = [
        *_head(score.title, module.inexact),
        *_instruments(module.instruments),
        *_track(columns, starts, rows, score),
    ]
    return "\n".join(text) + "\n"


def _limit_triangle(score: Score) -> Score:
    """Return the score with the triangle's highest note an octave lower."""
    highest = HIGHEST_NOTE - TRIANGLE_OCTAVE
    notes = (note if note.pitch <= highest else replace(note, pitch=note.pitch - 12) for note in score.channels[TR])
    return replace(score, channels=(*score.channels[:TR], tuple(notes), *score.channels[TR + 1 :]))


def _module(score: Score, parts: int) -> _Module:
    """Return the score in rows, with each row of the grid divided into so many parts."""
    rows = rows_of(score, parts)
    channels = [find_events(notes, rows, score.loop) for notes in score.channels]
    if score.loop is None:
        rows.append(Row(score.frames, 1, begins=True))
    for events in channels:
        _end_where_no_cell_can(events, rows, score)
    instruments, uses = choose_instruments(event.sound for events in channels for event in events)
    return _Module(rows, channels, instruments, uses)


# --- cells ------------------------------------------------------------------------------------------------------


def _end_where_no_cell_can(events: list[Event], rows: list[Row], score: Score) -> None:
    """Let the instrument end an event if its last row belongs to the next note, or if the tune loops."""
    starts = [row.frame for row in rows]
    for i, event in enumerate(events):
        following = events[i + 1].start if i + 1 < len(events) else None
        if following == event.end:
            continue
        ends_in = bisect_right(starts, event.end) - 1
        taken = following is not None and bisect_right(starts, following) - 1 == ends_in
        if taken and following is not None:
            event.end_in_silence(following - event.end)
        elif score.loop is not None and event.end == score.frames:
            event.end_in_silence(LONGEST_SEQUENCE)


def _cells(
    channel: int, events: list[Event], rows: list[Row], uses: dict[Sound, InstrumentUse], score: Score
) -> Column:
    """Return the cells of a channel."""
    starts = [row.frame for row in rows]
    cells = [Cell() for _ in rows]
    duty: int | None = 0
    looped = False
    for i, event in enumerate(events):
        row = bisect_right(starts, event.start) - 1
        delay = event.start - starts[row]
        cell = cells[row]
        cell.note, cell.use = _note(channel, event.pitches[0]), uses[event.sound]
        if delay:
            cell.effects["G"] = delay
        if score.loop is not None and event.start >= score.loop and not looped:
            duty, looped = None, True  # the duty may be different at the tune's end
        if channel != TR and event.sound.duty not in (None, duty):
            cell.effects["V"] = duty = event.sound.duty
        following = events[i + 1].start if i + 1 < len(events) else None
        if following != event.end <= score.frames:
            _end_note(event, cells, starts, row, delay)
    return cells


def _end_note(event: Event, cells: Column, starts: list[int], row: int, delay: int) -> None:
    """End a sound in the row in which it ends."""
    at = bisect_right(starts, event.end) - 1
    frames = event.end - starts[at]
    if not frames:
        cells[at].note = CUT
    else:
        cells[at].effects["S"] = frames - delay if at == row else frames  # a delayed cell delays its effects too


def _note(channel: int, pitch: int) -> str:
    """Return a pitch as the file names it."""
    if channel == NO:
        return f"{pitch - CHANNELS[NO].lowest:X}-#"
    written = pitch + TRIANGLE_OCTAVE if channel == TR else pitch
    octave, name = divmod(written - LOWEST_NOTE, 12)
    return f"{NAMES[name]}{octave}"


def _control_column(rows: list[Row], loop: int | None) -> Column:
    """Return the column of the sample channel, which plays nothing: it sets the speed where it changes, and jumps."""
    starts = [i for i, row in enumerate(rows) if row.begins]
    longest = max(b - a for a, b in zip(starts, [*starts[1:], len(rows)], strict=True))
    cells = []
    speed = rows[0].length
    for i, row in enumerate(rows):
        cell = Cell()
        last = i == len(rows) - 1
        if row.length != speed or row.frame == loop:
            speed = cell.effects["F"] = row.length
        if last:
            cell.effects.update({"C": 0} if loop is None else {"B": _pattern_at(rows, starts, loop)})
        elif i + 1 in starts and i + 1 - starts[bisect_right(starts, i) - 1] < longest:
            cell.effects["D"] = 0
        cells.append(cell)
    return cells


def _pattern_at(rows: list[Row], starts: list[int], frame: int) -> int:
    """Return the number of the pattern that starts at a frame."""
    return next(number for number, i in enumerate(starts) if rows[i].frame == frame)


# --- text -------------------------------------------------------------------------------------------------------


def _head(title: str, inexact: int) -> Iterator[str]:
    """Yield the lines with the song's information and the global settings."""
    yield "# FamiTracker text export 0.4.2"
    yield ""
    yield "# Song information"
    yield f"TITLE           {_quoted(title)}"
    yield f"AUTHOR          {_quoted(ARTIST)}"
    yield 'COPYRIGHT       ""'
    yield ""
    yield "# Song comment"
    yield f"COMMENT {_quoted(f'{inexact} notes are played by the nearest of 64 instruments.' if inexact else '')}"
    yield ""
    yield "# Global settings"
    for name, value in (("MACHINE", 0), ("FRAMERATE", 0), ("EXPANSION", 0), ("VIBRATO", 1), ("SPLIT", 32)):
        yield f"{name:<15} {value}"
    yield ""


def _instruments(instruments: list[Instrument]) -> Iterator[str]:
    """Yield the lines of the sequences, numbered by kind, and of the instruments that use them."""
    kinds = (VOLUMES, STEPS, DUTIES)
    numbers: dict[int, dict[Sequence, int]] = {kind: {} for kind in kinds}
    for instrument in instruments:
        for kind, sequence in zip(kinds, (instrument.volumes, instrument.steps, instrument.duties), strict=True):
            if sequence is not None:
                numbers[kind].setdefault(sequence, len(numbers[kind]))
    yield "# Macros"
    for kind in kinds:
        for sequence, number in numbers[kind].items():
            loop = -1 if sequence.loop is None else sequence.loop
            yield f"MACRO {kind:7} {number:3} {loop:3}  -1   0 : {' '.join(map(str, sequence.values))}"
    yield ""
    yield "# Instruments"
    for i, instrument in enumerate(instruments):
        volumes = numbers[VOLUMES][instrument.volumes]
        steps = numbers[STEPS][instrument.steps] if instrument.steps else -1
        duties = numbers[DUTIES][instrument.duties] if instrument.duties else -1
        yield f'INST2A03 {i:3}   {volumes:3} {steps:3}  -1  -1 {duties:3} "{_name(instrument)}"'
    yield ""


def _name(instrument: Instrument) -> str:
    """Return a readable name for an instrument."""
    values = instrument.volumes.values
    kind = "steady" if len(values) == 1 else "plucked" if values[0] == max(values) else "swelling"
    if instrument.steps is not None:
        return "Arpeggio" if instrument.steps.loop == 0 else "Figure"
    return f"{kind.capitalize()}{', moving duty' if instrument.duties else ''}"


def _track(columns_of_cells: list[Column], starts: list[int], rows: list[Row], score: Score) -> Iterator[str]:
    """Yield the lines of the track: its order, and its patterns, each stored once."""
    ends = [*starts[1:], len(rows)]
    longest = max(b - a for a, b in zip(starts, ends, strict=True))
    columns = [max(1, *(len(cell.effects) for cell in line)) for line in columns_of_cells]
    numbers: list[dict[tuple[str, ...], int]] = [{} for _ in columns_of_cells]
    order = []
    for first, end in zip(starts, ends, strict=True):
        frame = []
        for channel, line in enumerate(columns_of_cells):
            cells = tuple(cell.text(columns[channel]) for cell in line[first:end])
            frame.append(numbers[channel].setdefault(cells, len(numbers[channel])))
        order.append(frame)
    yield "# Tracks"
    yield ""
    yield f"TRACK {longest:3} {rows[0].length:3} {TEMPO:3} {_quoted(score.title)}"
    yield f"COLUMNS : {' '.join(map(str, columns))}"
    yield ""
    for i, frame in enumerate(order):
        yield f"ORDER {i:02X} : {' '.join(f'{number:02X}' for number in frame)}"
    stored = [list(patterns) for patterns in numbers]
    empty = [Cell().text(count) for count in columns]
    for number in range(max(map(len, stored))):
        yield ""
        yield f"PATTERN {number:02X}"
        patterns: list[tuple[str, ...]] = [cells[number] if number < len(cells) else () for cells in stored]
        for row in range(max(map(len, patterns))):
            texts = [
                cells[row] if row < len(cells) else nothing for cells, nothing in zip(patterns, empty, strict=True)
            ]
            yield f"ROW {row:02X} : {' : '.join(texts)}"


def _quoted(text: str) -> str:
    """Return a text in quotation marks, in ASCII, which every version of FamiTracker reads."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode()
    return '"' + plain.replace('"', '""') + '"'
