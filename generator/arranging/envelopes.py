"""An arrangement as a score: each note with the volume and duty of the instrument that played it in the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generator.arranging.reduction import ArrangedNote, Reduction
from generator.sound.envelopes import HARMONY_VOLUME, LEAD_VOLUME, drum_note, pulse_note
from models.music.score import NO, P1, P2, TR, Note, Score

SOFTEST = 0.4
"""The smallest share of its channel's volume at which a note is played."""


def to_score(reduction: Reduction, *, swap: bool = False) -> Score:
    """Return the score, without a grid. swap: whether the melody is on pulse 2."""
    channels: list[tuple[Note, ...]] = [()] * 4
    channels[P2 if swap else P1] = tuple(_pulse(reduction.melody, LEAD_VOLUME))
    channels[P1 if swap else P2] = tuple(_pulse(reduction.harmony, HARMONY_VOLUME))
    channels[TR] = tuple(Note(note.start, note.end, note.pitch) for note in reduction.bass)
    channels[NO] = tuple(_noise(reduction))
    frames = max((notes[-1].end for notes in channels if notes), default=0)
    return Score(tuple(channels), frames)


def _pulse(notes: Sequence[ArrangedNote], volume: int) -> Iterator[Note]:
    """Yield the notes of a pulse channel."""
    full = _loud([note.source.velocity for note in notes])
    for note in notes:
        share = _share(note.source.velocity, full)
        plain = Note(note.start, note.end, note.pitch)
        yield pulse_note(plain, note.source.program, volume * share, note.elapsed, note.total)


def _noise(reduction: Reduction) -> Iterator[Note]:
    """Yield the notes of the noise channel."""
    full = _loud([hit.note.velocity for hit in reduction.drums])
    for hit in reduction.drums:
        yield drum_note(hit.start, hit.end, hit.note.pitch, _share(hit.note.velocity, full))


def _loud(velocities: Iterable[int]) -> int:
    """Return the velocity that counts as full volume: that of the loudest note but for the top tenth."""
    ranked = sorted(velocities)
    return ranked[len(ranked) * 9 // 10] if ranked else 127


def _share(velocity: int, full: int) -> float:
    """Return the share of full volume for a velocity."""
    return max(SOFTEST, min(1.0, velocity / full))
