"""General MIDI's drums as hits of the noise channel, one at a time.

How each drum sounds is left to `generator.sound.envelopes` and the soundfont's tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from generator.importing.importer import Part, PartNote
from generator.importing.instruments import UNPITCHED
from generator.sound.envelopes import drum_length

KICKS = frozenset({35, 36, 41, 43, 45, 47, 48, 50})
"""Bass drums and toms: recognised within a few frames, after which another drum of the same moment can sound."""
KICK_FRAMES = 3
RANKS = ((49, 52, 55, 57), (38, 40, 39), (35, 36), (41, 43, 45, 47, 48, 50), (46, 51, 53, 59))
"""Priorities of drums that start together: crashes, snares, bass drums, toms, open hi-hats and rides; then all
others."""
_RANK = {key: rank for rank, keys in enumerate(RANKS) for key in keys}


@dataclass(frozen=True, slots=True)
class DrumHit:
    """A sound of the noise channel: its frames, and the source's note."""

    start: int
    end: int
    note: PartNote


def is_percussion(part: Part) -> bool:
    """Return whether a part is for the noise channel."""
    return part.drum or part.program in UNPITCHED


def reduce_drums(parts: Iterable[Part]) -> list[DrumHit]:
    """Return one hit at a time: a kick or tom if there is one, and a little later the strongest other drum."""
    notes = [
        note if part.drum else replace(note, pitch=UNPITCHED[part.program])
        for part in parts
        if is_percussion(part)
        for note in part.notes
    ]
    hits: list[DrumHit] = []
    for start, together in groupby(sorted(notes, key=lambda note: note.start), key=lambda note: note.start):
        ranked = sorted(together, key=lambda note: (_RANK.get(note.pitch, len(RANKS)), -note.velocity, note.pitch))
        kick = next((note for note in ranked if note.pitch in KICKS), None)
        other = next((note for note in ranked if note.pitch not in KICKS), None)
        if kick:
            _add_hit(hits, DrumHit(start, start + drum_length(kick.pitch), kick))
        if other:
            other_start = start + KICK_FRAMES if kick else start
            _add_hit(hits, DrumHit(other_start, max(other_start + 2, start + drum_length(other.pitch)), other))
    return hits


def _add_hit(hits: list[DrumHit], hit: DrumHit) -> None:
    """Add a hit that ends the one before. A hit that would not be heard at all is removed."""
    while hits and hits[-1].end > hit.start:
        before = hits.pop()
        if before.start < hit.start:
            hits.append(replace(before, end=hit.start))
    hits.append(hit)
