"""How the sound of a tune ends: with a fade if the tune is cut off, without one if it loops or comes to a close."""

from __future__ import annotations

from models.music.score import Score

SHORTEST_FADE = 0.005
"""Seconds: a cut this short does not click."""
LONGEST_FADE = 2.0
"""Seconds of the fade of a tune that is cut off; at most a quarter of the tune."""
LAST_BEAT = 30
"""Frames of the last beat if the tune has no grid: 120 BPM."""


def fade_seconds(score: Score) -> float:
    """Return the seconds over which the end of a tune fades."""
    if score.loop is not None or has_ending(score):
        return SHORTEST_FADE
    return max(SHORTEST_FADE, min(LONGEST_FADE, score.seconds / 4))


def has_ending(score: Score) -> bool:
    """Return whether a tune comes to a close by itself: no note starts in its last beat."""
    beat = score.grid.beat_frames if score.grid else LAST_BEAT
    return all(note.start <= score.frames - beat for _, note in score.notes())
