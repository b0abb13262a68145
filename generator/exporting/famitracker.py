"""A score as FamiTracker's text: what FamiTracker 0.4.6 and its descendants import (File, Import text).

Rows, patterns and events are `tracker`'s, instruments `macros`'. Facts: FamiTracker's manual, "Effect list" and "Text
export"; the text's rules are those that its importer keeps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from generator.apu.nsf import ARTIST
from generator.apu.retrigger import separate_repeats
from generator.exporting.tracker_instruments import LONGEST_SEQUENCE, Instrument, Played, Sequence, Sound, choose
from generator.exporting.tracker_rows import MOST_PATTERNS, Event, Row, find_events, lay_rows
from generator.protocol.errors import InputError
from models.music.score import CHANNELS, NO, TR, Score

NAMES = ("C-", "C#", "D-", "D#", "E-", "F-", "F#", "G-", "G#", "A-", "A#", "B-")
LOWEST_NOTE, HIGHEST_NOTE = 24, 119
"""MIDI notes of C-0 and B-7."""
TRIANGLE_OCTAVE = 12
"""The triangle sounds an octave below what is written for it: its highest note, 108, is beyond what can be written."""
TEMPO = 150
"""With it the speed is frames a row."""

VOLUMES, STEPS, DUTIES = 0, 1, 4
"""Kinds of sequences."""
EMPTY, CUT = "...", "---"


@dataclass
class Cell:
    """What stands in a row for a channel: note, instrument, volume, effects by letter."""

    note: str = EMPTY
    played: Played | None = None
    effects: dict[str, int] = field(default_factory=dict)

    def text(self, columns: int) -> str:
        """As the file has it."""
        sound = f"{self.played.instrument:02X} {self.played.column:X}" if self.played else ".. ."
        effects = [f"{letter}{value:02X}" for letter, value in self.effects.items()]
        return " ".join((self.note, sound, *effects, *[EMPTY] * (columns - len(effects))))


Line = list[Cell]
"""The cells of one channel, one a row."""


PARTS = (1, 2)
"""Into how many rows of the file a row of the grid is divided: one, unless instruments are then too few."""
FEW_AWAY = 0.02
"""The share of notes that may be played by an instrument that is not quite theirs, before rows are divided."""


@dataclass
class _Module:
    """A score on rows, before it is text."""

    rows: list[Row]
    channels: list[list[Event]]
    instruments: list[Instrument]
    played: dict[Sound, Played]

    @property
    def away(self) -> int:
        """How many notes are played by an instrument that is not quite theirs."""
        return sum(not self.played[event.sound].exact for events in self.channels for event in events)


def to_famitracker(score: Score) -> str:
    """The text. Raises InputError where FamiTracker has not enough patterns for it."""
    score = _writable(separate_repeats(score))
    module = _arranged(score, PARTS[0])
    for parts in PARTS[1:]:
        if module.away > FEW_AWAY * score.note_count:
            module = min(module, _arranged(score, parts), key=lambda one: one.away)
    rows, channels, played = module.rows, module.channels, module.played
    lines = [_line(channel, events, rows, played, score) for channel, events in enumerate(channels)]
    lines.append(_control(rows, score.loop))
    starts = [i for i, row in enumerate(rows) if row.begins]
    if len(starts) > MOST_PATTERNS:
        raise InputError(f"The tune takes {len(starts)} of FamiTracker's patterns, {MOST_PATTERNS} is the most.")
    text = [*_head(score.title, module.away), *_instruments(module.instruments), *_track(lines, starts, rows, score)]
    return "\n".join(text) + "\n"


def _writable(score: Score) -> Score:
    """The score with the triangle's highest note an octave lower."""
    highest = HIGHEST_NOTE - TRIANGLE_OCTAVE
    notes = (note if note.pitch <= highest else replace(note, pitch=note.pitch - 12) for note in score.channels[TR])
    return replace(score, channels=(*score.channels[:TR], tuple(notes), *score.channels[TR + 1 :]))


def _arranged(score: Score, parts: int) -> _Module:
    """The score on rows, each of the grid's rows in so many parts."""
    rows = lay_rows(score, parts)
    channels = [find_events(notes, rows, score.loop) for notes in score.channels]
    if score.loop is None:
        rows.append(Row(score.frames, 1, begins=True))
    for events in channels:
        _end_where_no_cell_can(events, rows, score)
    instruments, played = choose(event.sound for events in channels for event in events)
    return _Module(rows, channels, instruments, played)


# --- cells ------------------------------------------------------------------------------------------------------


def _end_where_no_cell_can(events: list[Event], rows: list[Row], score: Score) -> None:
    """Leave an event's end to its instrument where its row belongs to the next note, or where the tune loops."""
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


def _line(channel: int, events: list[Event], rows: list[Row], played: dict[Sound, Played], score: Score) -> Line:
    """The cells of a channel."""
    starts = [row.frame for row in rows]
    line = [Cell() for _ in rows]
    duty: int | None = 0
    looped = False
    for i, event in enumerate(events):
        row = bisect_right(starts, event.start) - 1
        delay = event.start - starts[row]
        cell = line[row]
        cell.note, cell.played = _note(channel, event.pitches[0]), played[event.sound]
        if delay:
            cell.effects["G"] = delay
        if score.loop is not None and event.start >= score.loop and not looped:
            duty, looped = None, True  # the duty at the tune's end may be another
        if channel != TR and event.sound.duty not in (None, duty):
            cell.effects["V"] = duty = event.sound.duty
        following = events[i + 1].start if i + 1 < len(events) else None
        if following != event.end <= score.frames:
            _end(event, line, starts, row, delay)
    return line


def _end(event: Event, line: Line, starts: list[int], row: int, delay: int) -> None:
    """End a sound in the row that its end falls into."""
    at = bisect_right(starts, event.end) - 1
    frames = event.end - starts[at]
    if not frames:
        line[at].note = CUT
    else:
        line[at].effects["S"] = frames - delay if at == row else frames  # a delayed cell's effects wait with it


def _note(channel: int, pitch: int) -> str:
    """A pitch as the file names it."""
    if channel == NO:
        return f"{pitch - CHANNELS[NO].lowest:X}-#"
    written = pitch + TRIANGLE_OCTAVE if channel == TR else pitch
    octave, name = divmod(written - LOWEST_NOTE, 12)
    return f"{NAMES[name]}{octave}"


def _control(rows: list[Row], loop: int | None) -> Line:
    """The column of the samples, which we have none of: speed where it changes, and the jumps."""
    starts = [i for i, row in enumerate(rows) if row.begins]
    longest = max(b - a for a, b in zip(starts, [*starts[1:], len(rows)], strict=True))
    line = []
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
        line.append(cell)
    return line


def _pattern_at(rows: list[Row], starts: list[int], frame: int) -> int:
    return next(number for number, i in enumerate(starts) if rows[i].frame == frame)


# --- text -------------------------------------------------------------------------------------------------------


def _head(title: str, away: int) -> Iterator[str]:
    yield "# FamiTracker text export 0.4.2"
    yield ""
    yield "# Song information"
    yield f"TITLE           {_quoted(title)}"
    yield f"AUTHOR          {_quoted(ARTIST)}"
    yield 'COPYRIGHT       ""'
    yield ""
    yield "# Song comment"
    yield f"COMMENT {_quoted(f'{away} notes are played by the nearest of 64 instruments.' if away else '')}"
    yield ""
    yield "# Global settings"
    for name, value in (("MACHINE", 0), ("FRAMERATE", 0), ("EXPANSION", 0), ("VIBRATO", 1), ("SPLIT", 32)):
        yield f"{name:<15} {value}"
    yield ""


def _instruments(instruments: list[Instrument]) -> Iterator[str]:
    """Sequences, each kind numbered by itself, and the instruments that refer to them."""
    kinds = (VOLUMES, STEPS, DUTIES)
    numbers: dict[int, dict[Sequence, int]] = {kind: {} for kind in kinds}
    for one in instruments:
        for kind, sequence in zip(kinds, (one.volumes, one.steps, one.duties), strict=True):
            if sequence is not None:
                numbers[kind].setdefault(sequence, len(numbers[kind]))
    yield "# Macros"
    for kind in kinds:
        for sequence, number in numbers[kind].items():
            loop = -1 if sequence.loop is None else sequence.loop
            yield f"MACRO {kind:7} {number:3} {loop:3}  -1   0 : {' '.join(map(str, sequence.values))}"
    yield ""
    yield "# Instruments"
    for i, one in enumerate(instruments):
        volumes = numbers[VOLUMES][one.volumes]
        steps = numbers[STEPS][one.steps] if one.steps else -1
        duties = numbers[DUTIES][one.duties] if one.duties else -1
        yield f'INST2A03 {i:3}   {volumes:3} {steps:3}  -1  -1 {duties:3} "{_name(one)}"'
    yield ""


def _name(instrument: Instrument) -> str:
    """What a person may call an instrument."""
    values = instrument.volumes.values
    kind = "steady" if len(values) == 1 else "plucked" if values[0] == max(values) else "swelling"
    if instrument.steps is not None:
        return "Arpeggio" if instrument.steps.loop == 0 else "Figure"
    return f"{kind.capitalize()}{', moving duty' if instrument.duties else ''}"


def _track(lines: list[Line], starts: list[int], rows: list[Row], score: Score) -> Iterator[str]:
    """The one track: its patterns, each stored once, and their order."""
    ends = [*starts[1:], len(rows)]
    longest = max(b - a for a, b in zip(starts, ends, strict=True))
    columns = [max(1, *(len(cell.effects) for cell in line)) for line in lines]
    numbers: list[dict[tuple[str, ...], int]] = [{} for _ in lines]
    order = []
    for first, end in zip(starts, ends, strict=True):
        frame = []
        for channel, line in enumerate(lines):
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
    stored = [list(one) for one in numbers]
    empty = [Cell().text(count) for count in columns]
    for number in range(max(map(len, stored))):
        yield ""
        yield f"PATTERN {number:02X}"
        patterns: list[tuple[str, ...]] = [one[number] if number < len(one) else () for one in stored]
        for row in range(max(map(len, patterns))):
            texts = [one[row] if row < len(one) else nothing for one, nothing in zip(patterns, empty, strict=True)]
            yield f"ROW {row:02X} : {' : '.join(texts)}"


def _quoted(text: str) -> str:
    """Text in quotation marks, in the letters that every FamiTracker has."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode()
    return '"' + plain.replace('"', '""') + '"'
