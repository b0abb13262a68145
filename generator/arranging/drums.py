"""General MIDI's drums as hits of the noise channel: which sounds when, one at a time.

How each drum sounds is `generator.sound.envelopes`' and, behind it, the soundfont's table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from generator.importing.importer import Part, PartNote
from generator.sound.envelopes import drum_length

KICKS = frozenset({35, 36, 41, 43, 45, 47, 48, 50})
"""Bass drums and toms: heard in a few frames, after which another drum of the same stroke may sound."""
KICK_FRAMES = 3
RANKS = ((49, 52, 55, 57), (38, 40, 39), (35, 36), (41, 43, 45, 47, 48, 50), (46, 51, 53, 59))
"""Which drum is heard of those struck together: crashes, snares, bass drums, toms, open hats and rides, the rest."""
UNPITCHED = {
    115: 76, 116: 41, 117: 45, 118: 38, 119: 49, 120: 37, 121: 44, 122: 55, 125: 41, 126: 55, 127: 38,
}  # fmt: skip
"""Programs of pitched channels that are heard as drums or noise, and the drum keys that stand for them."""
_RANK = {key: rank for rank, keys in enumerate(RANKS) for key in keys}


@dataclass(frozen=True, slots=True)
class Hit:
    """One sound of the noise channel: frames, and the drum's note."""

    start: int
    end: int
    note: PartNote


def is_struck(part: Part) -> bool:
    """Whether a part is for the noise channel."""
    return part.drum or part.program in UNPITCHED


def drum_line(parts: Iterable[Part]) -> list[Hit]:
    """One hit at a time: a kick or tom, if there is one, and after its first frames the strongest of the others."""
    notes = [
        note if part.drum else replace(note, pitch=UNPITCHED[part.program])
        for part in parts
        if is_struck(part)
        for note in part.notes
    ]
    line: list[Hit] = []
    for start, struck in groupby(sorted(notes, key=lambda note: note.start), key=lambda note: note.start):
        ranked = sorted(struck, key=lambda note: (_RANK.get(note.pitch, len(RANKS)), -note.velocity, note.pitch))
        kick = next((note for note in ranked if note.pitch in KICKS), None)
        other = next((note for note in ranked if note.pitch not in KICKS), None)
        if kick:
            _strike(line, Hit(start, start + drum_length(kick.pitch), kick))
        if other:
            begin = start + KICK_FRAMES if kick else start
            _strike(line, Hit(begin, max(begin + 2, start + drum_length(other.pitch)), other))
    return line


def _strike(line: list[Hit], hit: Hit) -> None:
    """Add a hit, ending the one before; what would not be heard at all is left out."""
    while line and line[-1].end > hit.start:
        before = line.pop()
        if before.start < hit.start:
            line.append(replace(before, end=hit.start))
    line.append(hit)
