"""Volume and duty for notes that have none: the instruments that a sound programmer would reach for.

For models that write composition only these are chosen from the seed, one instrument a channel and tune; a model with
a codebook of sounds names its own (`models.tokens.sounds`). An arrangement's come from the General MIDI programs and drum keys
of its source, by the tables of `generator.sound.instruments`. All on the console's terms: a new volume at most once a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from generator.sound.instruments import DRUMS, METAL, P12, P25, P75, Shape, program_runs
from models.music.score import FRAMES_PER_SECOND, NO, P1, P2, TR, Change, Note, Score

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


def assign_instruments(score: Score, seed: int) -> Score:
    """The score with instruments chosen by the seed."""
    random = np.random.default_rng((seed, 1))
    lead = LEADS[int(random.integers(len(LEADS)))]
    harmony = HARMONIES[int(random.integers(len(HARMONIES)))]
    dressed: list[tuple[Note, ...]] = []
    for channel, notes in enumerate(score.channels):
        sounds = {P1: lead, P2: harmony}
        dressed.append(tuple(_dress(channel, note, sounds.get(channel)) for note in notes))
    return replace(score, channels=tuple(dressed))


def _dress(channel: int, note: Note, instrument: Instrument | None) -> Note:
    if channel == TR:
        return note
    if channel == NO:
        return replace(note, volume=_changes(note.length, 12, _drum(note.pitch)), duty=((0, 0),))
    if instrument is None:
        return note
    curve = _changes(note.length, instrument.volume, instrument.curve)
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


# --- by General MIDI's programs and drum keys ---------------------------------------------------------------------

DUTIES = {P12: 0, P25: 1, P75: 3}
"""Of the soundfont's waveforms; the others become a square, 50 %."""
LEAD_VOLUME, HARMONY_VOLUME = 13, 9
SKIN_VOLUME, METAL_VOLUME = 14, 9
"""Of kicks, snares and toms, and of what is struck on hats and cymbals, which their periods make shrill."""
SHRILL = 4
"""Noise period registers up to this are hats and cymbals."""
FLOOR = 0.12
"""The least share of its volume at which a held note stays."""


@cache
def programs() -> tuple[tuple[int, Shape], ...]:
    """Pulse duty and envelope of each General MIDI program."""
    return tuple((DUTIES.get(wave, 2), shape) for _, wave, shape in program_runs())


def sounded(note: Note, program: int, full: float, since: int = 0, whole: int = 0) -> Note:
    """A pulse note with its program's duty and envelope, at a full volume of 0 to 15.

    since, whole: where the note is one of an arpeggio, the frames since the chord was struck and the chord's length,
    whose envelope runs through.
    """
    duty, shape = programs()[program]

    def curve(frame: int, _: int) -> float:
        return _shaped(shape, since + frame, whole or note.length)

    return replace(note, volume=_changes(note.length, full, curve), duty=((0, duty),))


def _shaped(shape: Shape, frame: int, length: int) -> float:
    """Attack, decay to the sustained level, and what is held eases off before its end, so that notes stay apart."""
    seconds = frame / FRAMES_PER_SECOND
    attack = shape.attack - 1 / FRAMES_PER_SECOND
    if seconds < attack:
        return 0.5 + 0.5 * seconds / attack
    down = min(100 * seconds / shape.decay, shape.sustain) if shape.sustain else 0.0
    level = max(FLOOR, 10 ** (-down / 20))
    return level * _sustain(frame, length) if shape.sustain < 100 else level


LONGEST_DRUM = 36
AUDIBLE = 24
"""Decibels that a drum falls by until it is over, as volumes of 15 steps have it."""
ANY_DRUM = DRUMS[39]
"""Stands in for keys that General MIDI does not know."""


def ringing(key: int) -> int:
    """Frames that a General MIDI drum key is heard."""
    return max(3, min(LONGEST_DRUM, round(DRUMS.get(key, ANY_DRUM).decay * AUDIBLE / 100 * FRAMES_PER_SECOND)))


def drummed(start: int, end: int, key: int, loudness: float) -> Note:
    """A noise note as a drum sounds, at a loudness of 0 to 1."""
    played = DRUMS.get(key, ANY_DRUM)
    full = (METAL_VOLUME if played.register <= SHRILL else SKIN_VOLUME) * loudness

    def curve(frame: int, _: int) -> float:
        return float(10 ** (-5 * frame / FRAMES_PER_SECOND / played.decay))

    volume = _changes(end - start, full, curve)
    return Note(start, end, 16 - played.register, volume, ((0, int(played.mode == METAL)),))
