"""A tune as sheet music: MusicXML, by music21, and ABC.

Both have onsets and lengths in 32nds, tempo, meter and key. If several notes of a channel start in the same 32nd
(arpeggios, slides), the longest is written. Volume and duty are left out; the MIDI file keeps them.
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
from models.music.score import CHANNELS, NO, TR, Grid, Meter, Note, Score

UNITS = 8
"""Units a beat: a beat is a quarter note, a unit a 32nd."""
NOTATED_LENGTHS = (32, 28, 24, 16, 14, 12, 8, 7, 6, 4, 3, 2, 1)
"""Lengths in units that a single note with up to two dots can have; others need ties."""
FLATS, SHARPS = "BEADGCF", "FCGDAEB"
"""The letters that a key signature lowers or raises, in order."""
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
DRUMS = ((4, "E4"), (8, "A4"), (12, "C5"), (16, "G5"))
"""The highest noise period of each group, and its place on the staff: bass drum, toms, snare, hi-hat."""


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note in units from the first bar's start: its start, its end (exclusive), and its pitch or noise period."""

    start: int
    end: int
    pitch: int


@dataclass(frozen=True, slots=True)
class SheetMusic:
    """A tune in whole bars of a meter, with one list of notes for each channel."""

    title: str
    bpm: float
    meter: Meter
    bars: int
    key: str
    notes: tuple[tuple[WrittenNote, ...], ...]

    @property
    def bar(self) -> int:
        """Units a bar."""
        return bar_units(self.meter)

    @property
    def fifths(self) -> int:
        """Sharps of the key signature, -6 to 5; flats are negative."""
        minor = self.key.endswith("m")
        letter, sign = self.key[0], self.key.rstrip("m")[1:]
        tonic = LETTERS[letter] + {"#": 1, "b": -1, "": 0}[sign] + (3 if minor else 0)
        return (tonic * 7 + 6) % 12 - 6


def sheet_music(score: Score, title: str) -> SheetMusic:
    """Return a score as sheet music, on the grid found in it if it has none."""
    grid = score.grid or find_grid(score)
    bar = bar_units(grid.meter)
    lead = -(_units(grid, 0) // bar) * bar  # notes before bar 1 are in bars of their own
    notes = tuple(tuple(_channel_notes(grid, notes, lead)) for notes in score.channels)
    last = max([_units(grid, score.frames) + lead, *(channel[-1].end for channel in notes if channel)])
    bars = max(1, -(-last // bar))
    return SheetMusic(title, grid.bpm, grid.meter, bars, find_key(score)[0], notes)


def bar_units(meter: Meter) -> int:
    """Return the units of a bar, at least one: a bar of three 64ths is longer than it should be."""
    upper, lower = meter
    return max(1, 4 * UNITS * upper // lower)


def _units(grid: Grid, frame: int) -> int:
    """Return the unit nearest to a frame, counted from bar 1."""
    row = grid.row_of(frame)
    begun = Fraction(frame - grid.row(row), grid.row(row + 1) - grid.row(row))
    return round((row + begun) * UNITS / grid.rows_a_beat)


def _channel_notes(grid: Grid, notes: tuple[Note, ...], lead: int) -> Iterator[WrittenNote]:
    """Yield a channel's notes in units, one at a time, without silent ones."""
    longest: dict[int, Note] = {}
    for note in notes:
        if any(volume for _, volume in note.volume):
            start = _units(grid, note.start) + lead
            if start not in longest or longest[start].length < note.length:
                longest[start] = note
    starts = sorted(longest)
    for start, following in zip_longest(starts, starts[1:]):
        end = max(start + 1, _units(grid, longest[start].end) + lead)
        yield WrittenNote(start, end if following is None else min(end, following), longest[start].pitch)


# --- MusicXML --------------------------------------------------------------------------------------------------


def write_musicxml(score: Score, title: str, path: Path) -> None:
    """Write a tune as MusicXML 4.0, with a part for each channel that plays."""
    from music21 import layout, metadata, stream  # noqa: PLC0415  takes a second: only where notes are written

    sheet = sheet_music(score, title)
    whole = stream.Score()
    whole.metadata = metadata.Metadata(title=title, composer="Chiptune Bot")
    parts = [_part(sheet, channel) for channel, notes in enumerate(sheet.notes) if notes or not score.note_count]
    for part in parts:
        whole.insert(0, part)
    whole.insert(0, layout.StaffGroup(parts, symbol="bracket"))
    whole.write("musicxml", fp=path)


def _part(sheet: SheetMusic, channel: int) -> object:
    """Return one channel as a music21 part."""
    from music21 import clef, instrument, key, meter, note, stream, tempo  # noqa: PLC0415

    part = stream.Part(id=CHANNELS[channel].name)
    part.partName = CHANNELS[channel].title
    player = instrument.UnpitchedPercussion() if channel == NO else instrument.Instrument()
    player.partName = part.partName
    part.insert(0, player)
    part.insert(0, {TR: clef.BassClef(), NO: clef.PercussionClef()}.get(channel, clef.TrebleClef()))
    part.insert(0, meter.TimeSignature("{}/{}".format(*sheet.meter)))
    part.insert(0, key.KeySignature(sheet.fifths))
    part.insert(0, tempo.MetronomeMark(number=round(sheet.bpm, 1)))
    for start, end, note_in_units in _with_rests(sheet, channel):
        written: note.GeneralNote
        if note_in_units is None:
            written = note.Rest()
        elif channel == NO:
            written = note.Unpitched(displayName=next(place for most, place in DRUMS if note_in_units.pitch <= most))
        else:
            written = note.Note(_spell(note_in_units.pitch, sheet.fifths)[2])
        written.quarterLength = Fraction(end - start, UNITS)
        part.insert(Fraction(start, UNITS), written)
    return part.makeNotation()


def _with_rests(sheet: SheetMusic, channel: int) -> Iterator[tuple[int, int, WrittenNote | None]]:
    """Yield (start, end, note or None for a rest) of a channel, up to the end of the last bar."""
    now = 0
    for note in sheet.notes[channel]:
        if note.start > now:
            yield now, note.start, None
        yield note.start, note.end, note
        now = note.end
    if now < sheet.bars * sheet.bar:
        yield now, sheet.bars * sheet.bar, None


# --- ABC -------------------------------------------------------------------------------------------------------


def write_abc(score: Score, title: str, path: Path) -> None:
    """Write a tune in ABC 2.1, with a voice for each channel; noise as General MIDI drum keys."""
    sheet = sheet_music(score, title)
    lines = [
        "%abc-2.1",
        "X:1",
        f"T:{' '.join(title.split()) or 'Untitled'}",
        "M:{}/{}".format(*sheet.meter),
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


def _abc_bars(sheet: SheetMusic, channel: int) -> list[str]:
    """Return the bars of one voice."""
    bars: list[list[str]] = [[] for _ in range(sheet.bars)]
    marked: list[set[str]] = [set() for _ in bars]
    for start, end, note in _with_rests(sheet, channel):
        for at, length in _pieces(start, end, sheet.bar):
            number = at // sheet.bar
            if at % UNITS == 0 and bars[number]:
                bars[number].append(" ")  # notes without a space between them share a beam
            if note is None:
                bars[number].append(f"z{length}")
                continue
            pitch = NOISE_KEYS[note.pitch] if channel == NO else note.pitch
            tie = "-" if at + length < end else ""
            bars[number].append(f"{_abc_pitch(pitch, sheet.fifths, marked[number])}{length}{tie}")
    return ["".join(bar) for bar in bars]


def _pieces(start: int, end: int, bar: int) -> Iterator[tuple[int, int]]:
    """(start, length) of what lasts from start to end together: nothing crosses a bar line, each can be written."""
    while start < end:
        room = min(end, (start // bar + 1) * bar) - start
        length = next(length for length in NOTATED_LENGTHS if length <= room)
        yield start, length
        start += length


def _abc_pitch(pitch: int, fifths: int, marked: set[str]) -> str:
    """Return a pitch in ABC.

    marked: the letters that had an accidental in this bar; this function adds to it. Once a letter has had an
    accidental it gets one each time, because programs differ in whether accidentals apply to other octaves.
    """
    letter, sign, name = _spell(pitch, fifths)
    octave = int(name.lstrip("ABCDEFG#-"))
    usual = (letter in SHARPS[: max(0, fifths)]) - (letter in FLATS[: max(0, -fifths)])
    accidental = ""
    if sign != usual or letter in marked:
        accidental = {1: "^", 0: "=", -1: "_"}[sign]
        marked.add(letter)
    octaves = "'" * (octave - 5) if octave >= 5 else "," * (4 - octave)
    return accidental + (letter.lower() if octave >= 5 else letter) + octaves


def _spell(pitch: int, fifths: int) -> tuple[str, int, str]:
    """Return (letter, sign, music21's name) of a MIDI note: sharps in keys with sharps, flats in the others."""
    names = "C C# D D# E F F# G G# A A# B" if fifths >= 0 else "C D- D E- E F G- G A- A B- B"
    name = names.split()[pitch % 12]
    sign = {"#": 1, "-": -1}.get(name[1:], 0)
    return name[0], sign, f"{name}{pitch // 12 - 1}"
