"""Volume and duty for tunes whose notes have none: the instruments that a sound programmer would reach for.

The model writes composition only; until it writes its own envelopes, these are chosen from the seed, one instrument a
channel and tune, on the console's terms: a new volume at most once a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.score import NO, P1, P2, TR, Change, Note, Score

Curve = Callable[[int, int], float]
"""(frame, length of the note in frames) to a share of the full volume, 0 to 1."""


def _pluck(frame: int, _: int) -> float:
    return max(0.25, 0.94**frame)


def _sustain(frame: int, length: int) -> float:
    return 1.0 if frame < 3 else 0.75 if frame < length - 4 else 0.45


def _swell(frame: int, _: int) -> float:
    return min(1.0, 0.6 + 0.1 * frame) if frame < 16 else max(0.6, 1.0 - 0.02 * (frame - 16))


def _staccato(frame: int, _: int) -> float:
    return max(0.0, 1.0 - frame / 16)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A pulse channel's sound: duty, full volume and how the volume runs."""

    duty: int
    volume: int
    curve: Curve


LEADS = (
    Instrument(2, 12, _sustain),
    Instrument(1, 13, _sustain),
    Instrument(2, 13, _pluck),
    Instrument(0, 13, _swell),
    Instrument(1, 13, _pluck),
)
HARMONIES = (
    Instrument(1, 8, _pluck),
    Instrument(2, 7, _sustain),
    Instrument(0, 9, _sustain),
    Instrument(2, 8, _staccato),
)


def dress(score: Score, seed: int, loudness: tuple[float, ...] | None = None) -> Score:
    """The score with instruments chosen by the seed. loudness: for each note, channel by channel, a share 0 to 1."""
    random = np.random.default_rng((seed, 1))
    lead = LEADS[int(random.integers(len(LEADS)))]
    harmony = HARMONIES[int(random.integers(len(HARMONIES)))]
    shares = iter(loudness or (1.0,) * score.note_count)
    dressed: list[tuple[Note, ...]] = []
    for channel, notes in enumerate(score.channels):
        sounds = {P1: lead, P2: harmony}
        dressed.append(tuple(_dress(channel, note, sounds.get(channel), next(shares)) for note in notes))
    return replace(score, channels=tuple(dressed))


def _dress(channel: int, note: Note, instrument: Instrument | None, loudness: float) -> Note:
    if channel == TR:
        return note
    if channel == NO:
        return replace(note, volume=_changes(note.length, 12 * loudness, _drum(note.pitch)), duty=((0, 0),))
    if instrument is None:
        return note
    curve = _changes(note.length, instrument.volume * loudness, instrument.curve)
    return replace(note, volume=curve, duty=((0, instrument.duty),))


def _drum(period: int) -> Curve:
    """Low periods ring like drums, high ones tick like hi-hats."""
    decay = 0.86 if period < 10 else 0.8
    return lambda frame, _: decay**frame


def _changes(length: int, full: float, curve: Curve) -> tuple[Change, ...]:
    """Volumes 0 to 15 where they change; the first is never silence."""
    changes: list[Change] = [(0, max(1, min(15, round(full * curve(0, length)))))]
    for frame in range(1, length):
        volume = min(15, round(full * curve(frame, length)))
        if volume != changes[-1][1]:
            changes.append((frame, volume))
    return tuple(changes)
