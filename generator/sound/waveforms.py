"""The waveforms of the NES sound chip (2A03) as looped, band-limited samples at the chip's own relative levels.

Every waveform of the chip is a cycle of steps: 8 for a pulse, 32 for the triangle, 32767 or 93 for noise. One function
turns such a cycle into samples that do not alias on high notes. `generator.sound.instruments` and
`generator.sound.soundfont` decide what plays which sample.

Facts: NESdev wiki, "APU Pulse", "APU Triangle", "APU Noise" and "APU Mixer".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.apu.tuning import CPU_CLOCK, frequency

Signal = NDArray[np.float64]
"""Shape (samples,)."""

SAMPLE_RATE = 44_100
"""Samples a second of noise. Pitched samples stay within 5 % of it."""

PULSE_STEPS = {
    "pulse 12.5%": (0, 1, 0, 0, 0, 0, 0, 0),
    "pulse 25%": (0, 1, 1, 0, 0, 0, 0, 0),
    "pulse 50%": (0, 1, 1, 1, 1, 0, 0, 0),
    "pulse 75%": (1, 0, 0, 1, 1, 1, 1, 1),
}
"""The eight steps of each duty, in the order of the duty register."""

TRIANGLE_STEPS = (*range(15, -1, -1), *range(16))
"""The 32 steps of the triangle, 4 bits each."""

NOISE_CYCLES = (4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068)
"""CPU cycles a step of the noise, by period register 0 (high) to 15 (low), NTSC."""

NOISE_TAPS = {"long": 1, "short": 6}
"""The bit that the noise generator's feedback takes besides bit 0, by mode: 32767 and 93 steps."""

PULSE_LEVEL, TRIANGLE_LEVEL, NOISE_LEVEL = 0.00752 * 15, 0.00851 * 15, 0.00494 * 15
"""Output of each channel at its loudest, from low to high, in the mixer's linear approximation."""

FULL_SCALE = 0.125
"""The level that becomes the largest sample value. It leaves room for the 12.5 % pulse without its mean, and for
overshoot."""

HIGHEST_PARTIAL = 19_000.0
"""Hz. Higher partials are left out, so that a sample can be played a semitone higher without aliasing."""

PITCHED_KEYS = range(1, 127, 3)
"""MIDI notes that have a sample of their own, which also serves their two neighbours."""

OVERSAMPLING = 4
"""Pitched samples have this many times the samples they need and are played as much faster, because players interpolate
simply."""

LONGEST_NOISE = 2.0
"""Seconds. The slowest noises would take up to 75 s to repeat; they are cut to a whole number of steps of this
length."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A looped sample.

    data: int16, one loop, shape (samples,). rate: samples a second. key: the MIDI note it plays, None for noise.
    faster: semitones by which it must be played above its own pitch.
    """

    name: str
    data: NDArray[np.int16]
    rate: int
    key: int | None = None
    faster: int = 0


def band_limited(steps: NDArray[np.float64], length: int, highest: int) -> Signal:
    """Return a cycle of steps as `length` samples without its mean, with partials 1 to `highest` only.

    A step is a rectangle, so partial n of the cycle is partial n of the bare steps (which repeat with their number)
    times sin(pi n / steps) / (pi n / steps). Raise ValueError if the partials do not fit the length.
    """
    if highest * 2 >= length:
        raise ValueError(f"{highest} partials do not fit {length} samples")
    count = len(steps)
    n = np.arange(1, highest + 1)
    bare = np.fft.fft(steps)[n % count] / count
    spectrum = np.zeros(length // 2 + 1, dtype=np.complex128)
    spectrum[1 : highest + 1] = bare * np.sinc(n / count) * np.exp(-1j * np.pi * n / count) * length
    return np.fft.irfft(spectrum, length)


def noise_steps(mode: str) -> NDArray[np.float64]:
    """Return one cycle of the noise generator's output, 0 or 1: 32767 steps in mode "long", 93 in mode "short"."""
    tap, register, steps = NOISE_TAPS[mode], 1, []
    while True:
        steps.append(1 - (register & 1))
        register = register >> 1 | ((register ^ register >> tap) & 1) << 14
        if register == 1:
            return np.array(steps, dtype=np.float64)


def pitched_loops() -> Iterator[Loop]:
    """Yield the four pulses and the triangle at every note of `PITCHED_KEYS`, in tune within 0.1 cents."""
    for name, steps in PULSE_STEPS.items():
        yield from _pitched(name, np.array(steps, dtype=np.float64) * PULSE_LEVEL)
    yield from _pitched("triangle", np.array(TRIANGLE_STEPS, dtype=np.float64) / 15 * TRIANGLE_LEVEL)


def noise_loops() -> Iterator[Loop]:
    """Yield the noise of both modes at the chip's 16 periods, named after the period register, like "noise long 15"."""
    for mode in NOISE_TAPS:
        steps = noise_steps(mode) * NOISE_LEVEL
        for register, cycles in enumerate(NOISE_CYCLES):
            yield _noise(f"noise {mode} {register}", steps, CPU_CLOCK / cycles)


def _pitched(name: str, steps: NDArray[np.float64]) -> Iterator[Loop]:
    """Yield one waveform at every note of `PITCHED_KEYS`."""
    for key in PITCHED_KEYS:
        pitch = frequency(key)
        period = SAMPLE_RATE * OVERSAMPLING / pitch
        cycles = int(np.ceil(64 / period))  # a loop has at least 32 samples (SF 2.04, 7.10)
        length = round(period * cycles)
        signal = band_limited(np.tile(steps, cycles), length, int(HIGHEST_PARTIAL / pitch) * cycles)
        rate = round(length / cycles * pitch / OVERSAMPLING)
        faster = round(12 * np.log2(OVERSAMPLING))
        yield Loop(f"{name} {key}", _int16(signal), rate, key, faster)


def _noise(name: str, steps: NDArray[np.float64], rate: float) -> Loop:
    """Return a noise of `rate` steps a second. Its samples have the player's own rate, so nothing is interpolated."""
    steps = steps[: int(LONGEST_NOISE * rate)]
    repeats = int(np.ceil(rate / 4 / len(steps)))  # a loop of 1/4 s or more: whole samples are then exact enough
    steps = np.tile(steps, repeats)
    seconds = len(steps) / rate
    return Loop(name, _int16(band_limited(steps, round(seconds * SAMPLE_RATE), int(20_000 * seconds))), SAMPLE_RATE)


def _int16(signal: Signal) -> NDArray[np.int16]:
    """Return a signal as 16-bit samples."""
    return np.round(signal / FULL_SCALE * 32_767).astype(np.int16)
