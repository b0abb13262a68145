"""Parts as lines: what one player or one hand plays, one stroke after another.

A part that plays one note at a time is one line. A part that plays chords is three: its top, its bottom and the
chords themselves. Which line becomes what is decided in `generator.arranging.salience` and `reduction`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from generator.arranging.drums import is_struck
from generator.importing.importer import Part

STRUM = 2
"""Frames within which the notes of a chord are struck."""
SPREAD = 8
"""Frames within which the notes of a chord that is spread begin."""
RINGING = 3
"""A note that sounds on while this many others begin is held."""
CHORDAL = 0.1
"""A part plays chords where this share of its strokes or more has several notes or is held over others."""
MOST_PARTS = 40
"""More are no music but a test of the machine's memory: 21,027 files of VGMusic have 8.5 parts on average."""
TWO_HANDS = 14
"""Semitones between the middles of what two hands play."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A pitched note of the source: frames, pitch, velocity, its part's number, its own number and its program."""

    start: int
    end: int
    pitch: int
    velocity: int
    part: int
    number: int
    program: int


@dataclass(frozen=True, slots=True)
class Stroke:
    """Tones struck together, highest first."""

    start: int
    end: int
    tones: tuple[Tone, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What one player or hand plays. kind: `solo`, or of a part with chords its `top`, `bottom` or `chords`."""

    part: int
    kind: str
    strokes: tuple[Stroke, ...]


def tones_of(parts: Sequence[Part]) -> list[Tone]:
    """The pitched notes, numbered; those of a strummed chord are struck together, so that none cuts another off.

    Of more than `MOST_PARTS` parts only those with the most notes are heard.
    """
    found: list[Tone] = []
    pitched = [index for index, part in enumerate(parts) if not is_struck(part)]
    heard = set(sorted(pitched, key=lambda index: -len(parts[index].notes))[:MOST_PARTS])
    for index, part in enumerate(parts):
        if index in heard:
            first: Tone | None = None
            for note in part.notes:
                tone = Tone(note.start, note.end, note.pitch, note.velocity, index, len(found), part.program)
                if first is None or tone.start - first.start > STRUM or tone.start >= first.end:
                    first = tone
                found.append(replace(tone, start=first.start) if first.start != tone.start else tone)
    return found


def lines_of(tones: Iterable[Tone]) -> list[Line]:
    """The lines of all parts whose tones these are."""
    lines: list[Line] = []
    for part, own in groupby(
        sorted(tones, key=lambda tone: (tone.part, tone.start, -tone.pitch)), key=lambda t: t.part
    ):
        strokes = list(_strokes(own))
        if not _plays_chords(strokes):
            lines.append(Line(part, "solo", tuple(_unspread(_alone(stroke, stroke.tones[0]) for stroke in strokes))))
            continue
        top, bottom = _hands(strokes)
        lines.append(Line(part, "top", tuple(top)))
        if bottom:
            lines.append(Line(part, "bottom", tuple(bottom)))
        if any(len(stroke.tones) > 1 for stroke in strokes):
            lines.append(Line(part, "chords", tuple(strokes)))
    return lines


def _strokes(tones: Iterable[Tone]) -> Iterator[Stroke]:
    for start, struck in groupby(tones, key=lambda tone: tone.start):
        chord = tuple({tone.pitch: tone for tone in struck}.values())
        yield Stroke(start, max(tone.end for tone in chord), chord)


def _alone(stroke: Stroke, tone: Tone) -> Stroke:
    return Stroke(stroke.start, tone.end, (tone,))


def _plays_chords(strokes: Sequence[Stroke]) -> bool:
    """Whether notes are struck together or held over others; strings and bells that ring on are not held."""
    chords = sum(len(stroke.tones) > 1 for stroke in strokes)
    held = sum(stroke.end > later.start + STRUM for stroke, later in zip(strokes, strokes[RINGING:], strict=False))
    return chords + held > CHORDAL * len(strokes)


def _unspread(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Single notes, of those that begin one after another and end together only the highest."""
    line: list[Stroke] = []
    for stroke in strokes:
        if line and _is_spread(line[-1], stroke):
            if stroke.tones[0].pitch < line[-1].tones[0].pitch:
                continue
            line.pop()
        line.append(stroke)
    return line


def _is_spread(first: Stroke, second: Stroke) -> bool:
    """Whether two notes are of one chord, struck one after the other."""
    held = first.end - second.start
    return second.start - first.start <= SPREAD and held >= 2 * SPREAD and abs(first.end - second.end) <= SPREAD


def _hands(strokes: Sequence[Stroke]) -> tuple[list[Stroke], list[Stroke]]:
    """(top, bottom) of a part with chords: of two hands where it is played by two, else of each stroke."""
    low, high = _centres([tone.pitch for stroke in strokes for tone in stroke.tones])
    if high - low < TWO_HANDS:
        return _outer(strokes, 0), _outer(strokes, -1)
    upper, lower = [], []
    for stroke in strokes:
        right = tuple(tone for tone in stroke.tones if abs(tone.pitch - high) <= abs(tone.pitch - low))
        left = stroke.tones[len(right) :]
        if right:
            high = _toward(high, right[0].pitch)
            upper.append(Stroke(stroke.start, stroke.end, right))
        if left:
            low = _toward(low, left[-1].pitch)
            lower.append(Stroke(stroke.start, stroke.end, left))
    return _outer(upper, 0), _outer(lower, -1)


def _outer(strokes: Iterable[Stroke], which: int) -> list[Stroke]:
    """The highest (0) or lowest (-1) tone of each stroke, but none inside one that is held."""
    line: list[Stroke] = []
    for stroke in strokes:
        tone = stroke.tones[which]
        alone = _alone(stroke, tone)
        while line and _is_spread(line[-1], alone) and _beyond(tone, line[-1].tones[0], which):
            line.pop()
        inside = line and line[-1].end > tone.start + STRUM and not _beyond(tone, line[-1].tones[0], which)
        if not inside:
            line.append(alone)
    return line


def _beyond(tone: Tone, other: Tone, which: int) -> bool:
    return tone.pitch >= other.pitch if which == 0 else tone.pitch <= other.pitch


def _centres(pitches: Sequence[int]) -> tuple[float, float]:
    """The means of the lower and the upper pitches, split between the two (2-means)."""
    low, high = float(min(pitches)), float(max(pitches))
    for _ in range(5):
        below = [pitch for pitch in pitches if pitch - low < high - pitch]
        above = [pitch for pitch in pitches if pitch - low >= high - pitch]
        if not below or not above:
            break
        low, high = sum(below) / len(below), sum(above) / len(above)
    return low, high


def _toward(mean: float, pitch: int) -> float:
    return 0.9 * mean + 0.1 * pitch
