"""Parts for tests of the arranger, written as (start, end, pitch) in frames."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from generator.arranging.reduction import ArrangedNote, Reduction, reduce
from generator.arranging.style import Style
from generator.importing.importer import Part, PartNote

Span = tuple[int, int, int]


def part(notes: Iterable[Span], *, program: int = 0, velocity: int = 100, drum: bool = False, name: str = "") -> Part:
    """A part of notes that are equally loud."""
    found = [PartNote(start, end, pitch, velocity, drum, program, 0, name) for start, end, pitch in notes]
    found.sort(key=lambda note: (note.start, -note.pitch))
    return Part(tuple(found), 9 if drum else 0, program, drum, name)


def tune(
    pitches: Iterable[int], *, at: int = 0, step: int = 20, length: int = 18, every: int | None = None
) -> list[Span]:
    """Pitches one after another. every: frames from one to the next, by default `step`."""
    return [(at + i * (every or step), at + i * (every or step) + length, pitch) for i, pitch in enumerate(pitches)]


def spans(line: Iterable[ArrangedNote]) -> list[Span]:
    return [(note.start, note.end, note.pitch) for note in line]


def pitches(line: Iterable[ArrangedNote]) -> list[int]:
    return [note.pitch for note in line]


def reduced(*parts: Part, style: Style | None = None) -> Reduction:
    return reduce(parts, style or Style())


def random_parts(seed: int) -> list[Part]:
    """Parts of any kind: chords, runs, overlaps, drums, any program, any pitch."""
    random = Random(seed)
    parts = []
    for _ in range(random.randrange(1, 7)):
        drum = random.random() < 0.25
        notes: dict[tuple[int, int], Span] = {}
        now = random.randrange(100)
        for _ in range(random.randrange(1, 60)):
            now += random.choice((0, 0, 1, 3, 7, 15, 15, 30, 200))
            pitch = random.randrange(128)
            notes.setdefault((now, pitch), (now, now + random.choice((1, 4, 14, 30, 120)), pitch))
        parts.append(part(notes.values(), program=random.randrange(128), velocity=random.randint(1, 127), drum=drum))
    return parts
