"""The zones of the soundfont's instruments, in the terms of the SoundFont 2.04 specification (sections in brackets).

What is played for which program stands in `generator.sound.instruments`; how zones become a file is left to
`generator.sound.soundfont`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from math import log2, log10

from generator.sound.instruments import DRUMS, HELD, METAL, NOISE, TRIANGLE, Drum, Shape
from generator.sound.waveforms import NOISE_CYCLES, OVERSAMPLING, PITCHED_KEYS, PULSE_STEPS
from models.music.midi import CC_DUTY, NOISE_KEYS


class Gen(IntEnum):
    """Generators [8.1.2]: times in timecents, levels in centibels down, pitches in cents or semitones."""

    MOD_ENV_TO_PITCH = 7
    FILTER_CUTOFF = 8
    DECAY_MOD_ENV = 28
    SUSTAIN_MOD_ENV = 29
    ATTACK_VOL_ENV = 34
    DECAY_VOL_ENV = 36
    SUSTAIN_VOL_ENV = 37
    RELEASE_VOL_ENV = 38
    KEY_TO_VOL_ENV_DECAY = 40
    INSTRUMENT = 41
    KEY_RANGE = 43
    INITIAL_ATTENUATION = 48
    COARSE_TUNE = 51
    SAMPLE = 53
    SAMPLE_MODES = 54
    SCALE_TUNING = 56
    EXCLUSIVE_CLASS = 57


@dataclass(frozen=True, slots=True)
class Modulator:
    """A controller that moves a generator [7.4, 8.2]: source and amount source are enumerators of 16 bits."""

    source: int
    destination: Gen
    amount: int
    amount_source: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    """The sample that sounds on some keys, with its generators; without a sample the instrument's global zone."""

    sample: str | None
    keys: tuple[int, int] = (0, 127)
    generators: tuple[tuple[Gen, int], ...] = ()
    modulators: tuple[Modulator, ...] = ()


_CC, _NEGATIVE, _BIPOLAR, _CONCAVE, _CONVEX, _SWITCH, _VELOCITY = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 2 << 10, 3 << 10, 2
"""Bits and curves of a modulator's source [8.2]."""

NO_VELOCITY_FILTER = (
    Modulator(_VELOCITY | _NEGATIVE, Gen.FILTER_CUTOFF, 0, _VELOCITY | _NEGATIVE | _SWITCH),
    Modulator(_VELOCITY | _NEGATIVE, Gen.FILTER_CUTOFF, 0),
)
"""Switches off the default that dulls soft notes [8.4.2, as 2.01 and as 2.04 have it]: the 2A03 has no filter."""

SILENT = 1440
"""Centibels down: the most that a player knows."""


def _rise(value: int) -> float:
    """The convex curve at a small controller value, 0 to 1 [9.5.3]: its first steps are the largest of all curves.

    Controllers are taken as parts of 128, and the curve is straight between the 128 places where it is known, as in
    FluidSynth 2.3.
    """

    def known(place: int) -> float:
        return 1 + 400 / 960 * log10(place / 127) if place else 0.0

    place = value * 127 / 128
    below = int(place)
    return known(below) + (known(below + 1) - known(below)) * (place - below)


_DUTY = _CC | CC_DUTY
_RISING, _FALLING = _DUTY | _CONVEX, _DUTY | _CONCAVE | _NEGATIVE
"""Of a value v: _rise(v), and 1 - _rise(v)."""
_BENDING = _DUTY | _CONCAVE | _BIPOLAR
"""_rise(2 v) - 1."""
_CONSTANT = _DUTY | _SWITCH | _NEGATIVE
"""1 for every value under 64."""

LONG_MODE = (Modulator(_RISING, Gen.INITIAL_ATTENUATION, round(SILENT / _rise(1))),)
"""Heard while the duty controller is 0, silent from 1 on."""

SHORT_MODE = (
    Modulator(_FALLING, Gen.INITIAL_ATTENUATION, SILENT),
    Modulator(_RISING, Gen.INITIAL_ATTENUATION, -round(SILENT * (1 - _rise(1)) / _rise(1))),
)
"""Silent at 0; at 1 the two cancel, so that velocity and volume alone are left. Higher values are of no use."""

_MOST, _BEND = 32_767, 31_863
"""The largest amount; and one that leaves the third duty's neighbours equally soft."""


def _heard_at(duty: int) -> tuple[Modulator, ...]:
    """Modulators that cancel where the duty controller has this value, and at the other three leave near silence.

    Curves, products of two and a constant are all that there is; each combination is the smallest that is 0 at one
    value and at least 58 dB down at the others (found by linear programming).
    """
    where = Gen.INITIAL_ATTENUATION
    if duty == 0:
        return (Modulator(_RISING, where, _MOST),)
    if duty == 1:
        squared = -_MOST * (1 - _rise(2)) / (1 - _rise(1)) ** 2
        return (Modulator(_FALLING, where, round(squared), _FALLING), Modulator(_BENDING, where, -_MOST))
    if duty == 2:
        rest = _MOST * _rise(2) * (1 - _rise(4)) - _BEND * _rise(2) ** 2
        return (
            Modulator(_RISING, where, _BEND, _RISING),
            Modulator(_RISING, where, _MOST, _BENDING),
            Modulator(_CONSTANT, where, round(rest)),
        )
    squared = _MOST * _rise(3) / (1 - _rise(3)) ** 2
    return (Modulator(_FALLING, where, round(squared), _FALLING), Modulator(_RISING, where, -_MOST))


def timecents(seconds: float) -> int:
    """A time as the specification writes it [8.1.2]."""
    return round(1200 * log2(seconds))


def envelope(shape: Shape) -> tuple[tuple[Gen, int], ...]:
    """A volume envelope as generators."""
    return (
        (Gen.ATTACK_VOL_ENV, timecents(shape.attack)),
        (Gen.DECAY_VOL_ENV, timecents(shape.decay)),
        (Gen.SUSTAIN_VOL_ENV, round(shape.sustain * 10)),
        (Gen.RELEASE_VOL_ENV, timecents(shape.release)),
    )


def melodic_zones(wave: str, shape: Shape) -> list[Zone]:
    """The zones of a waveform over the keyboard; noise has its 16 periods there, low to high, 8 keys each."""
    shared = ((Gen.SAMPLE_MODES, 1), *envelope(shape))
    if wave in (NOISE, METAL):
        fixed = Zone(None, (0, 127), (*shared, (Gen.SCALE_TUNING, 0)), NO_VELOCITY_FILTER)
        return [fixed, *(Zone(f"{wave} {15 - i}", (8 * i, 8 * i + 7)) for i in range(len(NOISE_CYCLES)))]
    struck = () if shape.sustain < 100 else ((Gen.KEY_TO_VOL_ENV_DECAY, 25),)  # high strings die away sooner
    faster = (Gen.COARSE_TUNE, round(12 * log2(OVERSAMPLING)))
    zones = [Zone(None, (0, 127), (*shared, *struck, faster), NO_VELOCITY_FILTER)]
    for key in PITCHED_KEYS:
        zones.append(Zone(f"{wave} {key}", (key - 1, 127 if key == PITCHED_KEYS[-1] else key + 1)))
    return zones


def duty_zones() -> list[Zone]:
    """All four pulses at once, of which the duty controller lets one be heard: it may change while a note sounds."""
    zones: list[Zone] = []
    for duty, wave in enumerate(PULSE_STEPS):
        shared, *keyed = melodic_zones(wave, HELD)
        zones += [] if zones else [shared]
        zones += [replace(zone, modulators=_heard_at(duty)) for zone in keyed]
    return zones


def drum_zones() -> list[Zone]:
    """The General MIDI drum kit."""
    zones = [_drum_globals()]
    for key, drum in DRUMS.items():
        zones += _drum(key, drum)
    return zones


def noise_kit_zones() -> list[Zone]:
    """The noise channel bare, at the keys of `models.music.midi`; drums of the ordinary kit on every other key."""
    bare = ((Gen.SCALE_TUNING, 0), (Gen.SAMPLE_MODES, 1), *envelope(HELD))
    zones = [_drum_globals()]
    for period, key in NOISE_KEYS.items():
        zones.append(Zone(f"{NOISE} {16 - period}", (key, key), bare, LONG_MODE))
        zones.append(Zone(f"{METAL} {16 - period}", (key, key), bare, SHORT_MODE))
    for key, drum in DRUMS.items():
        if key not in NOISE_KEYS.values():
            zones += _drum(key, drum)
    return zones


def _drum_globals() -> Zone:
    """What all drums share: loops, and a pitch that no key moves."""
    return Zone(None, (0, 127), ((Gen.SAMPLE_MODES, 1), (Gen.SCALE_TUNING, 0)), NO_VELOCITY_FILTER)


def _drum(key: int, drum: Drum) -> Iterator[Zone]:
    """The zones of one drum; it rings on after the key is let go."""
    shape = Shape(decay=drum.decay, sustain=100, release=drum.decay)
    choke = ((Gen.EXCLUSIVE_CLASS, drum.choke),) if drum.choke else ()
    # Players scale this generator by 0.4, as the EMU8000 did: FluidSynth among them.
    down = ((Gen.INITIAL_ATTENUATION, round(drum.down * 10 / 0.4)),)
    yield Zone(f"{drum.mode} {drum.register}", (key, key), (*envelope(shape), *down, *choke))
    if drum.thump is not None:
        sweep = (
            (Gen.MOD_ENV_TO_PITCH, 1200),
            (Gen.DECAY_MOD_ENV, timecents(0.12)),
            (Gen.SUSTAIN_MOD_ENV, 1000),
            (Gen.COARSE_TUNE, round(12 * log2(OVERSAMPLING))),
        )
        yield Zone(f"{TRIANGLE} {drum.thump}", (key, key), (*envelope(shape), *sweep))
