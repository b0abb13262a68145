"""The faults that a listener would notice in a tune: silence, stuck notes, channels that hardly play."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, pairwise

from models.music.score import CHANNELS, FRAMES_PER_SECOND, P1, P2, TR, Note, Score

STUCK_NOTES = 8
"""A channel with more notes than this, all of one pitch, is stuck."""
STUCK_REPEATS = 24
"""A pitched channel that plays one pitch as often as this in a row is caught in it. One song in eight does so, and one
take in three (docs/experiments.md)."""
STUCK_SECONDS = 8
"""A note held longer than this is stuck."""
SILENT_SECONDS = 3
"""A gap longer than this in the whole tune is a fault."""
SILENT_END_SECONDS = 2
"""A silence after the last note longer than this is a fault."""
LEAST_PLAYED = 0.2
"""The share of a tune during which each pulse and the triangle must sound."""


def hardly_plays_fault(channel: int) -> str:
    """Return the fault of a channel that sounds too little."""
    return f"{CHANNELS[channel].title} hardly plays"


def find_faults(score: Score) -> list[str]:
    """Return the faults of a tune, in words."""
    faults = []
    onsets = sorted(note.start for _, note in score.notes())
    if not onsets:
        return ["silent"]
    ends = sorted(note.end for _, note in score.notes())
    if onsets[0] > FRAMES_PER_SECOND or any(b - a > SILENT_SECONDS * FRAMES_PER_SECOND for a, b in pairwise(onsets)):
        faults.append("long gaps")
    if score.frames - ends[-1] > SILENT_END_SECONDS * FRAMES_PER_SECOND:
        faults.append("ends in silence")
    # Real tunes may have no drums, but a tune without one of the pitched channels sounds thin.
    for channel in (P1, P2, TR):
        if sum(note.length for note in score.channels[channel]) < LEAST_PLAYED * score.frames:
            faults.append(hardly_plays_fault(channel))
    for spec, notes in zip(CHANNELS, score.channels, strict=True):
        if len(notes) > STUCK_NOTES and len({note.pitch for note in notes}) == 1:
            faults.append(f"{spec.title} stuck on one pitch")
        elif spec.name != "no" and _longest_run(notes) >= STUCK_REPEATS:
            faults.append(f"{spec.title} is caught in one pitch")
        if any(note.length > STUCK_SECONDS * FRAMES_PER_SECOND for note in notes):
            faults.append(f"{spec.title} holds a note")
    return faults


def _longest_run(notes: Iterable[Note]) -> int:
    """Return the most notes in a row of one pitch."""
    return max((sum(1 for _ in run) for _, run in groupby(note.pitch for note in notes)), default=0)
