"""The key of a score by Krumhansl and Kessler's profiles (1982), for labelling a training corpus fast.

What people are shown comes from music21 (`generator.analysis`), which is slower and knows more.
"""

from __future__ import annotations

import numpy as np

from models.score import NO, Score
from models.vocabulary import KEYS

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
CLEAR = 0.75
"""Correlation under which a song counts as having no clear key, as the predecessor drew the line."""

_PROFILES = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])


def pitch_class_frames(score: Score) -> list[int]:
    """Frames that each of the 12 pitch classes sounds, noise left out."""
    frames = [0] * 12
    for channel, note in score.notes():
        if channel != NO:
            frames[note.pitch % 12] += note.length
    return frames


def find_key(score: Score) -> tuple[str, float]:
    """(key, correlation -1 to 1) of the profile that fits best; ("C", 0.0) for a score without pitches."""
    weights = np.array(pitch_class_frames(score), dtype=float)
    if weights.max() == weights.min():
        return KEYS[0], 0.0
    correlations = [float(np.corrcoef(weights, profile)[0, 1]) for profile in _PROFILES]
    best = int(np.argmax(correlations))
    return KEYS[best], correlations[best]
