"""Volume and duty for notes that have none, as a sound programmer would set them.

For models that write only the composition, the seed chooses one instrument for each channel of a tune. A model with a
codebook of sounds names its own (`models.tokens.sounds`). An arrangement gets its envelopes from the General MIDI
programs and drum keys of its source, by the tables of `generator.sound.instruments`. As on the console, the volume
changes at most once a frame.
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
    """A pulse channel's sound: duty, full volume, and how the volume changes."""

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
    """Return the score with instruments chosen by the seed."""
    random = np.random.default_rng((seed, 1))
    lead = LEADS[int(random.integers(len(LEADS)))]
    harmony = HARMONIES[int(random.integers(len(HARMONIES)))]
    channels: list[tuple[Note, ...]] = []
    for channel, notes in enumerate(score.channels):
        sounds = {P1: lead, P2: harmony}
        channels.append(tuple(_with_instrument(channel, note, sounds.get(channel)) for note in notes))
    return replace(score, channels=tuple(channels))


def _with_instrument(channel: int, note: Note, instrument: Instrument | None) -> Note:
    """Return a note with its channel's volumes and duty; a pulse note with those of the instrument."""
    if channel == TR:
        return note
    if channel == NO:
        return replace(note, volume=_volume_changes(note.length, 12, _drum_curve(note.pitch)), duty=((0, 0),))
    if instrument is None:
        return note
    curve = _volume_changes(note.length, instrument.volume, instrument.curve)
    return replace(note, volume=curve, duty=((0, instrument.duty),))


def _drum_curve(period: int) -> Curve:
    """Return the decay of a noise period: low ones ring like drums, high ones tick like hi-hats."""
    decay = 0.86 if period < 10 else 0.8
    return lambda frame, _: decay**frame


def _volume_changes(length: int, full: float, curve: Curve) -> tuple[Change, ...]:
    """Return the volumes, 0 to 15, where they change. The first is never 0."""
    changes: list[Change] = [(0, max(1, min(15, round(full * curve(0, length)))))]
    for frame in range(1, length):
        volume = min(15, round(full * curve(frame, length)))
        if volume != changes[-1][1]:
            changes.append((frame, volume))
    return tuple(changes)


# --- by General MIDI's programs and drum keys ---------------------------------------------------------------------

DUTIES = {P12: 0, P25: 1, P75: 3}
"""Duties of the soundfont's waveforms; all others become a square wave, 50 %."""
LEAD_VOLUME, HARMONY_VOLUME = 13, 9
SKIN_VOLUME, METAL_VOLUME = 14, 9
"""Volumes of kicks, snares and toms, and of hi-hats and cymbals, whose periods make them shrill."""
HIGHEST_METAL = 4
"""Noise period registers up to this one are hi-hats and cymbals."""
LOWEST_LEVEL = 0.12
"""The smallest share of its volume that a sustained note decays to."""


@cache
def program_envelopes() -> tuple[tuple[int, Shape], ...]:
    """Return the pulse duty and the envelope of each General MIDI program."""
    return tuple((DUTIES.get(wave, 2), shape) for _, wave, shape in program_runs())


def pulse_note(note: Note, program: int, full: float, elapsed: int = 0, total: int = 0) -> Note:
    """Return a pulse note with its program's duty and envelope, at a full volume of 0 to 15.

    elapsed, total: for a note of an arpeggio, the frames since the chord started and the chord's length, so that the
    envelope runs through all of its notes.
    """
    duty, shape = program_envelopes()[program]

    def curve(frame: int, _: int) -> float:
        return _level_at(shape, elapsed + frame, total or note.length)

    return replace(note, volume=_volume_changes(note.length, full, curve), duty=((0, duty),))


def _level_at(shape: Shape, frame: int, length: int) -> float:
    """Return the share of full volume at a frame: attack, then decay to the sustain level.

    Sustained notes get softer before their end, so that repeated notes stay apart.
    """
    seconds = frame / FRAMES_PER_SECOND
    attack = shape.attack - 1 / FRAMES_PER_SECOND
    if seconds < attack:
        return 0.5 + 0.5 * seconds / attack
    decay_db = min(100 * seconds / shape.decay, shape.sustain) if shape.sustain else 0.0
    level = max(LOWEST_LEVEL, 10 ** (-decay_db / 20))
    return level * _sustain(frame, length) if shape.sustain < 100 else level


LONGEST_DRUM = 36
AUDIBLE = 24
"""Decibels that a drum falls until it is inaudible in volumes of 15 steps."""
ANY_DRUM = DRUMS[39]
"""For keys that General MIDI does not define."""


def drum_length(key: int) -> int:
    """Return the frames for which a General MIDI drum key is audible."""
    return max(3, min(LONGEST_DRUM, round(DRUMS.get(key, ANY_DRUM).decay * AUDIBLE / 100 * FRAMES_PER_SECOND)))


def drum_note(start: int, end: int, key: int, loudness: float) -> Note:
    """Return a noise note that sounds like a drum key, at a loudness of 0 to 1."""
    drum = DRUMS.get(key, ANY_DRUM)
    full = (METAL_VOLUME if drum.register <= HIGHEST_METAL else SKIN_VOLUME) * loudness

    def curve(frame: int, _: int) -> float:
        return float(10 ** (-5 * frame / FRAMES_PER_SECOND / drum.decay))

    volume = _volume_changes(end - start, full, curve)
    return Note(start, end, 16 - drum.register, volume, ((0, int(drum.mode == METAL)),))
