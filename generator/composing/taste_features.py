"""The features of a score that a taste weighs (`generator.protocol.tastes.FEATURES`): a dozen plain numbers.

They are measured here and sent with the result. `bot.votes` learns from votes which values people like.
"""

from __future__ import annotations

from collections.abc import Callable

from generator.analysis.keys import find_key
from generator.analysis.statistics import (
    bar_repetition,
    channel_share,
    mean_volume,
    note_length,
    notes_a_second,
    pitch_class_entropy,
)
from models.music.score import FRAMES_PER_SECOND, NO, P1, P2, TR, Score


def melody_pitch(score: Score) -> float | None:
    """Return the mean MIDI pitch of pulse 1, weighted by the length of its notes; None if it is silent."""
    notes = score.channels[P1]
    frames = sum(note.length for note in notes)
    return sum(note.pitch * note.length for note in notes) / frames if frames else None


def off_the_beat(score: Score) -> float | None:
    """Return the share of pitched notes that begin on neither a beat nor a half beat, by the nearest row.

    None if the score has no grid or no pitched notes.
    """
    grid = score.grid
    starts = [note.start for channel, note in score.notes() if channel != NO]
    if grid is None or not starts:
        return None
    half_row = int(grid.beat_frames / grid.rows_a_beat / 2)
    off = sum((2 * grid.row_of(start + half_row)) % grid.rows_a_beat != 0 for start in starts)
    return off / len(starts)


MEASURES: dict[str, Callable[[Score], float | None]] = {
    "tempo": lambda score: score.grid.bpm if score.grid else None,
    "notes": notes_a_second,
    "drums": lambda score: notes_a_second(score, NO),
    "harmony": lambda score: channel_share(score, P2),
    "bass": lambda score: channel_share(score, TR),
    "melody": melody_pitch,
    "minor": lambda score: float(find_key(score)[0].endswith("m")),
    "syncopation": off_the_beat,
    "pitches": pitch_class_entropy,
    "repetition": bar_repetition,
    "length": lambda score: note_length(score) / FRAMES_PER_SECOND,
    "volume": mean_volume,
}
"""How each feature is measured. A measure returns None if the score has nothing to measure."""


def measure_features(score: Score) -> dict[str, float]:
    """Return the features of a score by name, without those that it does not have."""
    values = {name: measure(score) for name, measure in MEASURES.items()}
    return {name: round(value, 4) for name, value in values.items() if value is not None}
