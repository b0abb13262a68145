"""The zones of the soundfont's instruments, in terms of the SoundFont 2.04 specification (sections in brackets).

`generator.sound.instruments` says what each program plays; `generator.sound.soundfont` writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from math import log2, log10

from generator.sound.instruments import DRUMS, HELD, METAL, NOISE, TRIANGLE, Drum, Shape
from generator.sound.waveforms import NOISE_CYCLES, OVERSAMPLING, PITCHED_KEYS, PULSE_STEPS
from models.music.midi import CC_DUTY, NOISE_KEYS


class Generator(IntEnum):
    """Generators [8.1.2]: times in timecents, levels in centibels of attenuation, pitches in cents or semitones."""

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
    """A controller that changes a generator [7.4, 8.2]. source, amount_source: enumerators of 16 bits."""

    source: int
    destination: Generator
    amount: int
    amount_source: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    """The sample that sounds on some keys, with its generators. Without a sample it is the instrument's global zone."""

    sample: str | None
    keys: tuple[int, int] = (0, 127)
    generators: tuple[tuple[Generator, int], ...] = ()
    modulators: tuple[Modulator, ...] = ()


_CC, _NEGATIVE, _BIPOLAR, _CONCAVE, _CONVEX, _SWITCH, _VELOCITY = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 2 << 10, 3 << 10, 2
"""Bits and curves of a modulator's source [8.2]."""

NO_VELOCITY_FILTER = (
    Modulator(_VELOCITY | _NEGATIVE, Generator.FILTER_CUTOFF, 0, _VELOCITY | _NEGATIVE | _SWITCH),
    Modulator(_VELOCITY | _NEGATIVE, Generator.FILTER_CUTOFF, 0),
)
"""Switches off the default filter on soft notes [8.4.2, in the forms of 2.01 and 2.04]: the 2A03 has no filter."""

SILENT = 1440
"""Centibels of attenuation: the most that a player can apply."""


def _convex(value: int) -> float:
    """Return the convex curve at a small controller value, 0 to 1 [9.5.3]: its first steps are the largest of all
    curves.

    As in FluidSynth 2.3, controllers are divided by 128, and the curve is linear between the 128 points where it is
    defined.
    """

    def point(position: int) -> float:
        return 1 + 400 / 960 * log10(position / 127) if position else 0.0

    position = value * 127 / 128
    below = int(position)
    return point(below) + (point(below + 1) - point(below)) * (position - below)


_DUTY = _CC | CC_DUTY
_RISING, _FALLING = _DUTY | _CONVEX, _DUTY | _CONCAVE | _NEGATIVE
"""For a value v: _convex(v), and 1 - _convex(v)."""
_BENDING = _DUTY | _CONCAVE | _BIPOLAR
"""_convex(2 v) - 1."""
_CONSTANT = _DUTY | _SWITCH | _NEGATIVE
"""1 for every value below 64."""

LONG_MODE = (Modulator(_RISING, Generator.INITIAL_ATTENUATION, round(SILENT / _convex(1))),)
"""Audible while the duty controller is 0, silent from 1 on."""

SHORT_MODE = (
    Modulator(_FALLING, Generator.INITIAL_ATTENUATION, SILENT),
    Modulator(_RISING, Generator.INITIAL_ATTENUATION, -round(SILENT * (1 - _convex(1)) / _convex(1))),
)
"""Silent at 0. At 1 the two cancel, so that only velocity and volume matter. Higher values are not used."""

_MOST, _BEND = 32_767, 31_863
"""The largest amount, and one that makes the third duty's neighbours equally soft."""


def _audible_at(duty: int) -> tuple[Modulator, ...]:
    """Return modulators that cancel at this value of the duty controller, and at the other three leave near silence.

    The means are curves, products of two, and a constant. Each combination is the smallest that is 0 at one value and
    at least 58 dB down at the others (found by linear programming).
    """
    destination = Generator.INITIAL_ATTENUATION
    if duty == 0:
        return (Modulator(_RISING, destination, _MOST),)
    if duty == 1:
        squared = -_MOST * (1 - _convex(2)) / (1 - _convex(1)) ** 2
        return (Modulator(_FALLING, destination, round(squared), _FALLING), Modulator(_BENDING, destination, -_MOST))
    if duty == 2:
        rest = _MOST * _convex(2) * (1 - _convex(4)) - _BEND * _convex(2) ** 2
        return (
            Modulator(_RISING, destination, _BEND, _RISING),
            Modulator(_RISING, destination, _MOST, _BENDING),
            Modulator(_CONSTANT, destination, round(rest)),
        )
    squared = _MOST * _convex(3) / (1 - _convex(3)) ** 2
    return (Modulator(_FALLING, destination, round(squared), _FALLING), Modulator(_RISING, destination, -_MOST))


def timecents(seconds: float) -> int:
    """Return a time in seconds in the specification's unit [8.1.2]."""
    return round(1200 * log2(seconds))


def envelope(shape: Shape) -> tuple[tuple[Generator, int], ...]:
    """Return a volume envelope as generators."""
    return (
        (Generator.ATTACK_VOL_ENV, timecents(shape.attack)),
        (Generator.DECAY_VOL_ENV, timecents(shape.decay)),
        (Generator.SUSTAIN_VOL_ENV, round(shape.sustain * 10)),
        (Generator.RELEASE_VOL_ENV, timecents(shape.release)),
    )


def melodic_zones(wave: str, shape: Shape) -> list[Zone]:
    """Return the zones of a waveform over the keyboard. Noise has its 16 periods there, low to high, 8 keys each."""
    shared = ((Generator.SAMPLE_MODES, 1), *envelope(shape))
    if wave in (NOISE, METAL):
        fixed = Zone(None, (0, 127), (*shared, (Generator.SCALE_TUNING, 0)), NO_VELOCITY_FILTER)
        return [fixed, *(Zone(f"{wave} {15 - i}", (8 * i, 8 * i + 7)) for i in range(len(NOISE_CYCLES)))]
    struck = () if shape.sustain < 100 else ((Generator.KEY_TO_VOL_ENV_DECAY, 25),)  # high strings decay sooner
    faster = (Generator.COARSE_TUNE, round(12 * log2(OVERSAMPLING)))
    zones = [Zone(None, (0, 127), (*shared, *struck, faster), NO_VELOCITY_FILTER)]
    for key in PITCHED_KEYS:
        zones.append(Zone(f"{wave} {key}", (key - 1, 127 if key == PITCHED_KEYS[-1] else key + 1)))
    return zones


def duty_zones() -> list[Zone]:
    """Return all four pulses at once. The duty controller selects the audible one, even while a note sounds."""
    zones: list[Zone] = []
    for duty, wave in enumerate(PULSE_STEPS):
        shared, *keyed = melodic_zones(wave, HELD)
        zones += [] if zones else [shared]
        zones += [replace(zone, modulators=_audible_at(duty)) for zone in keyed]
    return zones


def drum_zones() -> list[Zone]:
    """Return the zones of the General MIDI drum kit."""
    zones = [_drum_globals()]
    for key, drum in DRUMS.items():
        zones += _drum(key, drum)
    return zones


def noise_kit_zones() -> list[Zone]:
    """Return the bare noise channel at the keys of `models.music.midi`, and the ordinary drums on every other key."""
    bare = ((Generator.SCALE_TUNING, 0), (Generator.SAMPLE_MODES, 1), *envelope(HELD))
    zones = [_drum_globals()]
    for period, key in NOISE_KEYS.items():
        zones.append(Zone(f"{NOISE} {16 - period}", (key, key), bare, LONG_MODE))
        zones.append(Zone(f"{METAL} {16 - period}", (key, key), bare, SHORT_MODE))
    for key, drum in DRUMS.items():
        if key not in NOISE_KEYS.values():
            zones += _drum(key, drum)
    return zones


def _drum_globals() -> Zone:
    """Return the zone that all drums share: looped samples, and a pitch that does not depend on the key."""
    return Zone(None, (0, 127), ((Generator.SAMPLE_MODES, 1), (Generator.SCALE_TUNING, 0)), NO_VELOCITY_FILTER)


def _drum(key: int, drum: Drum) -> Iterator[Zone]:
    """Yield the zones of one drum, which rings on after the key is released."""
    shape = Shape(decay=drum.decay, sustain=100, release=drum.decay)
    choke = ((Generator.EXCLUSIVE_CLASS, drum.choke),) if drum.choke else ()
    # FluidSynth and other players scale this generator by 0.4, as the EMU8000 did.
    attenuation = ((Generator.INITIAL_ATTENUATION, round(drum.down * 10 / 0.4)),)
    yield Zone(f"{drum.mode} {drum.register}", (key, key), (*envelope(shape), *attenuation, *choke))
    if drum.thump is not None:
        sweep = (
            (Generator.MOD_ENV_TO_PITCH, 1200),
            (Generator.DECAY_MOD_ENV, timecents(0.12)),
            (Generator.SUSTAIN_MOD_ENV, 1000),
            (Generator.COARSE_TUNE, round(12 * log2(OVERSAMPLING))),
        )
        yield Zone(f"{TRIANGLE} {drum.thump}", (key, key), (*envelope(shape), *sweep))
