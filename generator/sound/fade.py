"""How the sound of a tune ends: a fade where it is cut in the middle, and none where it loops or comes to a close."""

from __future__ import annotations

from models.music.score import Score

CUT = 0.005
"""Seconds of the shortest fade: a cut that does not click."""
FADE = 2.0
"""Seconds of the fade of a tune that is cut in the middle; a quarter of the tune at the most."""
LAST_BEAT = 30
"""Frames of the last beat, where the tune has no grid: 120 BPM."""


def fade_of(score: Score) -> float:
    """Seconds over which the end of a tune fades."""
    if score.loop is not None or closes(score):
        return CUT
    return max(CUT, min(FADE, score.seconds / 4))


def closes(score: Score) -> bool:
    """Whether a tune comes to a close by itself: nothing begins in its last beat any more."""
    beat = score.grid.beat_frames if score.grid else LAST_BEAT
    return all(note.start <= score.frames - beat for _, note in score.notes())
