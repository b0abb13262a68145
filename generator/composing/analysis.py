"""The key of a tune by music21's analysis, and what a listener would call a fault."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Score
from models.tokens.vocabulary import KEYS

STUCK_NOTES = 8
"""A channel with more notes than this, all of one pitch, is stuck."""
STUCK_SECONDS = 8
"""A note held longer than this is stuck."""
SILENT_SECONDS = 3
"""A gap longer than this in the whole tune is a fault."""
SILENT_END_SECONDS = 2
"""So is a longer silence after the last note."""
LEAST_PLAYED = 0.2
"""The share of a tune that each pulse and the triangle sound at the least."""


def pitch_class_frames(score: Score) -> list[int]:
    """Frames that each of the 12 pitch classes sounds, noise left out."""
    frames = [0] * 12
    for channel, note in score.notes():
        if channel != NO:
            frames[note.pitch % 12] += note.length
    return frames


@cache
def key_profiles() -> npt.NDArray[np.float64]:
    """music21's weights of the pitch classes in each of `KEYS`, normalised [24, 12]."""
    from music21.analysis.discrete import AardenEssen  # noqa: PLC0415  takes a second: only where a key is asked for

    found = np.array(
        [np.roll(AardenEssen().getWeights(mode), tonic) for mode in ("major", "minor") for tonic in range(12)]
    )
    found -= found.mean(axis=1, keepdims=True)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def find_key(score: Score) -> tuple[str, float]:
    """(key, correlation -1 to 1) of music21's profile that fits best; ("C", 0.0) where none fits better than another.

    It is what `Stream.analyze("key")` answers (Krumhansl and Schmuckler's algorithm with Aarden and Essen's weights),
    without the 30 ms that music21 takes to make a stream and to sum over it.
    """
    frames = np.array(pitch_class_frames(score), dtype=float)
    if frames.max() == frames.min():
        return KEYS[0], 0.0
    weights = frames - frames.mean()
    correlations = key_profiles() @ (weights / np.linalg.norm(weights))
    best = int(np.argmax(correlations))
    return KEYS[best], float(correlations[best])


def hardly_plays(channel: int) -> str:
    """The fault of a channel that sounds too little."""
    return f"{CHANNELS[channel].title} hardly plays"


def faults(score: Score) -> list[str]:
    """What is wrong with a tune, in words; an empty list for one that can be played to people."""
    found = []
    onsets = sorted(note.start for _, note in score.notes())
    if not onsets:
        return ["silent"]
    ends = sorted(note.end for _, note in score.notes())
    if onsets[0] > FRAMES_PER_SECOND or any(b - a > SILENT_SECONDS * FRAMES_PER_SECOND for a, b in pairwise(onsets)):
        found.append("long gaps")
    if score.frames - ends[-1] > SILENT_END_SECONDS * FRAMES_PER_SECOND:
        found.append("ends in silence")
    # Real tunes do without drums; without a voice a tune of the console is poorer than it was asked to be.
    for channel in (P1, P2, TR):
        if sum(note.length for note in score.channels[channel]) < LEAST_PLAYED * score.frames:
            found.append(hardly_plays(channel))
    for spec, notes in zip(CHANNELS, score.channels, strict=True):
        if len(notes) > STUCK_NOTES and len({note.pitch for note in notes}) == 1:
            found.append(f"{spec.title} stuck on one pitch")
        if any(note.length > STUCK_SECONDS * FRAMES_PER_SECOND for note in notes):
            found.append(f"{spec.title} holds a note")
    return found
