"""A score in a dozen numbers that people have words for: what a taste is about (`generator.protocol.tastes.FEATURES`).

Each is measured here and travels with the result; what a place likes of them is found on the bot's side, by its votes.
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
    """The mean MIDI pitch of pulse 1, by the frames that its notes sound; None where it is silent."""
    notes = score.channels[P1]
    frames = sum(note.length for note in notes)
    return sum(note.pitch * note.length for note in notes) / frames if frames else None


def off_the_beat(score: Score) -> float | None:
    """The share of pitched notes that begin on neither a beat nor a half beat; None without a grid or such notes.

    A note belongs to the row that is nearest to its start.
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
"""Each feature of the contract, None where a score has nothing to measure it on."""


def features_of(score: Score) -> dict[str, float]:
    """The features of a score by name; what it has nothing for is left out."""
    found = {name: measure(score) for name, measure in MEASURES.items()}
    return {name: round(value, 4) for name, value in found.items() if value is not None}
