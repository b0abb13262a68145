"""A tune as notes on staves: MusicXML through music21, and ABC.

Both hold onsets and lengths in 32nds, tempo, meter and key. Of notes that begin in one 32nd of a channel (arpeggios,
slides) the longest is written; volume and duty are left out. What the sound is stays in the MIDI file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

from generator.analysis.keys import find_key
from models.music.beats import find_grid
from models.music.midi import NOISE_KEYS
from models.music.score import CHANNELS, NO, TR, Grid, Note, Score

UNITS = 8
"""Units a beat: a beat is a quarter, a unit a 32nd."""
WRITABLE = (32, 28, 24, 16, 14, 12, 8, 7, 6, 4, 3, 2, 1)
"""Lengths in units that one note with up to two dots has; others are tied."""
FLATS, SHARPS = "BEADGCF", "FCGDAEB"
"""The letters that a key signature lowers or raises, in its order."""
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
DRUMS = ((4, "E4"), (8, "A4"), (12, "C5"), (16, "G5"))
"""Highest noise period of a group and where it stands on the staff: bass drum, toms, snare, hi-hat."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note in units from the start of the first bar: [start, end), and its pitch or noise period."""

    start: int
    end: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A tune as it is written down: a line for each channel, whole bars of `beats` quarters, the key as we name it."""

    title: str
    bpm: float
    beats: int
    bars: int
    key: str
    lines: tuple[tuple[Sounding, ...], ...]

    @property
    def bar(self) -> int:
        """Units a bar."""
        return self.beats * UNITS

    @property
    def fifths(self) -> int:
        """Sharps of the key signature, -6 to 5; flats are negative."""
        minor = self.key.endswith("m")
        letter, sign = self.key[0], self.key.rstrip("m")[1:]
        tonic = LETTERS[letter] + {"#": 1, "b": -1, "": 0}[sign] + (3 if minor else 0)
        return (tonic * 7 + 6) % 12 - 6


def sheet_of(score: Score, title: str) -> Sheet:
    """A score as notes; where it knows no grid, one is found."""
    grid = score.grid or find_grid(score)
    bar = grid.beats_a_bar * UNITS
    lead = -(_units(grid, 0) // bar) * bar  # what begins before bar 1 stands in bars of its own
    lines = tuple(tuple(_line(grid, notes, lead)) for notes in score.channels)
    last = max([_units(grid, score.frames) + lead, *(line[-1].end for line in lines if line)])
    bars = max(1, -(-last // bar))
    return Sheet(title, grid.bpm, grid.beats_a_bar, bars, find_key(score)[0], lines)


def _units(grid: Grid, frame: int) -> int:
    """The unit nearest to a frame, counted from bar 1."""
    row = grid.row_of(frame)
    begun = Fraction(frame - grid.row(row), grid.row(row + 1) - grid.row(row))
    return round((row + begun) * UNITS / grid.rows_a_beat)


def _line(grid: Grid, notes: tuple[Note, ...], lead: int) -> Iterator[Sounding]:
    """A channel's notes in units, one at a time; those without any volume are left out."""
    longest: dict[int, Note] = {}
    for note in notes:
        if any(volume for _, volume in note.volume):
            start = _units(grid, note.start) + lead
            if start not in longest or longest[start].length < note.length:
                longest[start] = note
    starts = sorted(longest)
    for start, following in zip_longest(starts, starts[1:]):
        end = max(start + 1, _units(grid, longest[start].end) + lead)
        yield Sounding(start, end if following is None else min(end, following), longest[start].pitch)


# --- MusicXML --------------------------------------------------------------------------------------------------


def write_musicxml(score: Score, title: str, path: Path) -> None:
    """Write the tune as MusicXML 4.0, a part for each channel that plays."""
    from music21 import layout, metadata, stream  # noqa: PLC0415  takes a second: only where notes are written

    sheet = sheet_of(score, title)
    whole = stream.Score()
    whole.metadata = metadata.Metadata(title=title, composer="Chiptune Bot")
    parts = [_part(sheet, channel) for channel, line in enumerate(sheet.lines) if line or not score.note_count]
    for part in parts:
        whole.insert(0, part)
    whole.insert(0, layout.StaffGroup(parts, symbol="bracket"))
    whole.write("musicxml", fp=path)


def _part(sheet: Sheet, channel: int) -> object:
    """One channel as a part of bars."""
    from music21 import clef, instrument, key, meter, note, stream, tempo  # noqa: PLC0415

    part = stream.Part(id=CHANNELS[channel].name)
    part.partName = CHANNELS[channel].title
    player = instrument.UnpitchedPercussion() if channel == NO else instrument.Instrument()
    player.partName = part.partName
    part.insert(0, player)
    part.insert(0, {TR: clef.BassClef(), NO: clef.PercussionClef()}.get(channel, clef.TrebleClef()))
    part.insert(0, meter.TimeSignature(f"{sheet.beats}/4"))
    part.insert(0, key.KeySignature(sheet.fifths))
    part.insert(0, tempo.MetronomeMark(number=round(sheet.bpm, 1)))
    for start, end, sounding in _filled(sheet, channel):
        written: note.GeneralNote
        if sounding is None:
            written = note.Rest()
        elif channel == NO:
            written = note.Unpitched(displayName=next(place for most, place in DRUMS if sounding.pitch <= most))
        else:
            written = note.Note(_spelled(sounding.pitch, sheet.fifths)[2])
        written.quarterLength = Fraction(end - start, UNITS)
        part.insert(Fraction(start, UNITS), written)
    return part.makeNotation()


def _filled(sheet: Sheet, channel: int) -> Iterator[tuple[int, int, Sounding | None]]:
    """(start, end, note or rest) of a channel, one after the other to the end of the last bar."""
    now = 0
    for sounding in sheet.lines[channel]:
        if sounding.start > now:
            yield now, sounding.start, None
        yield sounding.start, sounding.end, sounding
        now = sounding.end
    if now < sheet.bars * sheet.bar:
        yield now, sheet.bars * sheet.bar, None


# --- ABC -------------------------------------------------------------------------------------------------------


def write_abc(score: Score, title: str, path: Path) -> None:
    """Write the tune in ABC 2.1, a voice for each channel; noise as General MIDI drum keys."""
    sheet = sheet_of(score, title)
    lines = [
        "%abc-2.1",
        "X:1",
        f"T:{' '.join(title.split()) or 'Untitled'}",
        f"M:{sheet.beats}/4",
        f"L:1/{4 * UNITS}",
        f"Q:1/4={round(sheet.bpm)}",
        f"K:{sheet.key}",
    ]
    for channel, spec in enumerate(CHANNELS):
        clef = {TR: "bass", NO: "perc"}.get(channel, "treble")
        lines.append(f'V:{channel + 1} name="{spec.title}" clef={clef}')
        if channel == NO:
            lines.append("%%MIDI channel 10")
        bars = _abc_bars(sheet, channel)
        lines += [" | ".join(bars[i : i + 4]) + (" |]" if i + 4 >= len(bars) else " |") for i in range(0, len(bars), 4)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _abc_bars(sheet: Sheet, channel: int) -> list[str]:
    """The bars of one voice."""
    bars: list[list[str]] = [[] for _ in range(sheet.bars)]
    marked: list[set[str]] = [set() for _ in bars]
    for start, end, sounding in _filled(sheet, channel):
        for at, length in _pieces(start, end, sheet.bar):
            number = at // sheet.bar
            if at % UNITS == 0 and bars[number]:
                bars[number].append(" ")  # what stands together has one beam
            if sounding is None:
                bars[number].append(f"z{length}")
                continue
            pitch = NOISE_KEYS[sounding.pitch] if channel == NO else sounding.pitch
            tie = "-" if at + length < end else ""
            bars[number].append(f"{_abc_pitch(pitch, sheet.fifths, marked[number])}{length}{tie}")
    return ["".join(bar) for bar in bars]


def _pieces(start: int, end: int, bar: int) -> Iterator[tuple[int, int]]:
    """(start, length) of what lasts from start to end together: nothing crosses a bar line, each can be written."""
    while start < end:
        room = min(end, (start // bar + 1) * bar) - start
        length = next(length for length in WRITABLE if length <= room)
        yield start, length
        start += length


def _abc_pitch(pitch: int, fifths: int, marked: set[str]) -> str:
    """A pitch in ABC. `marked` are the letters that had an accidental in the bar so far, and is added to.

    Once a letter had one, it always gets one: programs differ in whether it holds for other octaves, too.
    """
    letter, sign, name = _spelled(pitch, fifths)
    octave = int(name.lstrip("ABCDEFG#-"))
    usual = (letter in SHARPS[: max(0, fifths)]) - (letter in FLATS[: max(0, -fifths)])
    accidental = ""
    if sign != usual or letter in marked:
        accidental = {1: "^", 0: "=", -1: "_"}[sign]
        marked.add(letter)
    octaves = "'" * (octave - 5) if octave >= 5 else "," * (4 - octave)
    return accidental + (letter.lower() if octave >= 5 else letter) + octaves


def _spelled(pitch: int, fifths: int) -> tuple[str, int, str]:
    """(letter, sign, music21's name) of a MIDI note: sharps in keys with sharps, else flats."""
    names = "C C# D D# E F F# G G# A A# B" if fifths >= 0 else "C D- D E- E F G- G A- A B- B"
    name = names.split()[pitch % 12]
    sign = {"#": 1, "-": -1}.get(name[1:], 0)
    return name[0], sign, f"{name}{pitch // 12 - 1}"
