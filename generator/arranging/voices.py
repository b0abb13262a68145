"""Splits parts into voices: what one player or one hand plays, one chord or note after another.

A part that plays one note at a time is one voice. A part that plays chords is three: its top, its bottom, and the
chords themselves. `generator.arranging.salience` and `reduction` decide what each voice becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from generator.arranging.drums import is_percussion
from generator.importing.importer import Part

STRUM_FRAMES = 2
"""Frames within which the notes of a strummed chord start."""
ARPEGGIATED_FRAMES = 8
"""Frames within which the notes of an arpeggiated chord start."""
RINGING_NOTES = 3
"""A note that sounds while this many others start is sustained."""
CHORD_SHARE = 0.1
"""A part plays chords if at least this share of its chords has several notes or is sustained over others."""
MOST_PARTS = 40
"""Files with more parts only test the machine's memory: 21,027 files of VGMusic have 8.5 parts on average."""
TWO_HANDS = 14
"""Semitones between the middles of what two hands play."""


@dataclass(frozen=True, slots=True)
class SourceNote:
    """A pitched note of the source: frames, pitch, velocity, number of its part, its own number, and its program.

    slide: whether it is a bend on the way to or from another note.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    part: int
    number: int
    program: int
    slide: bool = False


@dataclass(frozen=True, slots=True)
class Chord:
    """One or more notes that start together, highest first."""

    start: int
    end: int
    notes: tuple[SourceNote, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """What one player or hand plays. kind: `solo`, or for a part with chords its `top`, `bottom` or `chords`."""

    part: int
    kind: str
    chords: tuple[Chord, ...]


def source_notes(parts: Sequence[Part]) -> list[SourceNote]:
    """Return the pitched notes, numbered. Notes of a strummed chord start together, so that none cuts another off.

    If there are more than `MOST_PARTS` parts, only those with the most notes are used.
    """
    notes: list[SourceNote] = []
    pitched = [index for index, part in enumerate(parts) if not is_percussion(part)]
    chosen = set(sorted(pitched, key=lambda index: -len(parts[index].notes))[:MOST_PARTS])
    for index, part in enumerate(parts):
        if index in chosen:
            first: SourceNote | None = None
            for note in part.notes:
                source = SourceNote(
                    note.start, note.end, note.pitch, note.velocity, index, len(notes), note.program, note.slide
                )
                if first is None or source.start - first.start > STRUM_FRAMES or source.start >= first.end:
                    first = source
                notes.append(replace(source, start=first.start) if first.start != source.start else source)
    return notes


def split_voices(notes: Iterable[SourceNote]) -> list[Voice]:
    """Return the voices of all parts that these notes come from."""
    voices: list[Voice] = []
    for part, own in groupby(
        sorted(notes, key=lambda source: (source.part, source.start, -source.pitch)), key=lambda t: t.part
    ):
        chords = list(_chords(own))
        if not _plays_chords(chords):
            voices.append(
                Voice(part, "solo", tuple(_without_arpeggiated(_single(chord, chord.notes[0]) for chord in chords)))
            )
            continue
        top, bottom = _outer_voices(chords)
        voices.append(Voice(part, "top", tuple(top)))
        if bottom:
            voices.append(Voice(part, "bottom", tuple(bottom)))
        if any(len(chord.notes) > 1 for chord in chords):
            voices.append(Voice(part, "chords", tuple(chords)))
    return voices


def _chords(notes: Iterable[SourceNote]) -> Iterator[Chord]:
    """Yield the notes of a part that start together, without repeated pitches."""
    for start, struck in groupby(notes, key=lambda source: source.start):
        chord = tuple({source.pitch: source for source in struck}.values())
        yield Chord(start, max(source.end for source in chord), chord)


def _single(chord: Chord, source: SourceNote) -> Chord:
    """Return one note of a chord as a chord of its own."""
    return Chord(chord.start, source.end, (source,))


def _plays_chords(chords: Sequence[Chord]) -> bool:
    """Return whether notes start together or are sustained over others. Strings and bells that ring on do not count."""
    chord_count = sum(len(chord.notes) > 1 for chord in chords)
    held_count = sum(
        chord.end > later.start + STRUM_FRAMES for chord, later in zip(chords, chords[RINGING_NOTES:], strict=False)
    )
    return chord_count + held_count > CHORD_SHARE * len(chords)


def _without_arpeggiated(chords: Iterable[Chord]) -> list[Chord]:
    """Return single notes; of those that start one after another but end together, only the highest."""
    voice: list[Chord] = []
    for chord in chords:
        if voice and _is_arpeggiated(voice[-1], chord):
            if chord.notes[0].pitch < voice[-1].notes[0].pitch:
                continue
            voice.pop()
        voice.append(chord)
    return voice


def _is_arpeggiated(first: Chord, second: Chord) -> bool:
    """Return whether two notes belong to one chord that is played note by note."""
    overlap = first.end - second.start
    return (
        second.start - first.start <= ARPEGGIATED_FRAMES
        and overlap >= 2 * ARPEGGIATED_FRAMES
        and abs(first.end - second.end) <= ARPEGGIATED_FRAMES
    )


def _outer_voices(chords: Sequence[Chord]) -> tuple[list[Chord], list[Chord]]:
    """Return (top, bottom) of a part with chords: by hands if two play it, and otherwise by chord."""
    low, high = _centres([source.pitch for chord in chords for source in chord.notes])
    if high - low < TWO_HANDS:
        return _outer(chords, 0), _outer(chords, -1)
    upper, lower = [], []
    for chord in chords:
        right = tuple(source for source in chord.notes if abs(source.pitch - high) <= abs(source.pitch - low))
        left = chord.notes[len(right) :]
        if right:
            high = _moving_mean(high, right[0].pitch)
            upper.append(Chord(chord.start, chord.end, right))
        if left:
            low = _moving_mean(low, left[-1].pitch)
            lower.append(Chord(chord.start, chord.end, left))
    return _outer(upper, 0), _outer(lower, -1)


def _outer(chords: Iterable[Chord], which: int) -> list[Chord]:
    """Return the highest (0) or lowest (-1) note of each chord, unless a longer note covers it."""
    voice: list[Chord] = []
    for chord in chords:
        source = chord.notes[which]
        alone = _single(chord, source)
        while voice and _is_arpeggiated(voice[-1], alone) and _is_outside(source, voice[-1].notes[0], which):
            voice.pop()
        inside = (
            voice and voice[-1].end > source.start + STRUM_FRAMES and not _is_outside(source, voice[-1].notes[0], which)
        )
        if not inside:
            voice.append(alone)
    return voice


def _is_outside(source: SourceNote, other: SourceNote, which: int) -> bool:
    """Return whether a note is above (0) or below (-1) another, or at the same pitch."""
    return source.pitch >= other.pitch if which == 0 else source.pitch <= other.pitch


def _centres(pitches: Sequence[int]) -> tuple[float, float]:
    """Return the means of the lower and the upper pitches, split between the two (2-means)."""
    low, high = float(min(pitches)), float(max(pitches))
    for _ in range(5):
        below = [pitch for pitch in pitches if pitch - low < high - pitch]
        above = [pitch for pitch in pitches if pitch - low >= high - pitch]
        if not below or not above:
            break
        low, high = sum(below) / len(below), sum(above) / len(above)
    return low, high


def _moving_mean(mean: float, pitch: int) -> float:
    """Return the mean, moved towards a pitch."""
    return 0.9 * mean + 0.1 * pitch
