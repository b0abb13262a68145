"""Measures loudness by ITU-R BS.1770, and makes it the same for every tune.

Works on samples; reading and writing files is left to `generator.sound.fluidsynth_audio`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyloudnorm

LOUDNESS = -16.0
"""LUFS, as heard from two loudspeakers."""
PEAK = -3.0
"""dBTP: the highest true peak before a file is encoded. If the target loudness would exceed it, the gain is lowered.
OGG and MP3 add up to 1.8 dB to single drums (measured), so that no file exceeds -1 dBTP."""
OVERSAMPLING = 4
REACH = 10
"""Samples on either side from which a value between samples is computed."""
ROWS = 64
"""Samples that one row of `_between` computes the values for: short rows repeat little, long ones are mostly zeros."""
BLOCK = 0.4
"""Seconds: the shortest sound that BS.1770 can measure."""

Samples = NDArray[np.float64]
"""Mono, full scale 1, shape (samples,)."""


def normalise(samples: Samples, rate: int) -> Samples:
    """Return the sound at `LOUDNESS`, or as loud as `PEAK` allows; silence stays as it is."""
    return samples * gain(samples, rate)


def gain(samples: Samples, rate: int) -> float:
    """Return the factor that brings a sound to `LOUDNESS`, or to `PEAK` if that is less; 1 for silence."""
    loudness = loudness_of(samples, rate)
    if not np.isfinite(loudness):
        return 1.0
    target = float(10 ** ((LOUDNESS - loudness) / 20))
    return min(target, 10 ** (PEAK / 20) / true_peak(samples))


def true_peak(samples: Samples) -> float:
    """Return the highest value, also between samples (BS.1770-4, annex 2: four times as many samples)."""
    between = _between(samples.astype(np.float32))
    return float(max(max(part.max(), -part.min()) for part in (samples, between)))  # np.abs would make a copy


def _between(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `OVERSAMPLING` values for each sample, shape (rows, values): what `scipy.signal.resample_poly` gives.

    One product of matrices takes a fifth of the time. The last row is filled with values of silence.
    """
    rows = -(-len(samples) // ROWS)
    padded = np.zeros(rows * ROWS + 2 * REACH, np.float32)
    padded[REACH : REACH + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, ROWS + 2 * REACH)[::ROWS]
    return np.asarray(windows @ _interpolation())


@cache
def _interpolation() -> NDArray[np.float32]:
    """Return the matrix from a row of samples, with `REACH` more on either side, to the values between them."""
    from scipy.signal import firwin  # noqa: PLC0415  takes a second, like the meter below

    middle = REACH * OVERSAMPLING
    response = OVERSAMPLING * firwin(2 * middle + 1, 1 / OVERSAMPLING, window=("kaiser", 5.0))
    sample, value = np.ogrid[: ROWS + 2 * REACH, : ROWS * OVERSAMPLING]
    place = middle + value - OVERSAMPLING * (sample - REACH)
    inside = (place >= 0) & (place <= 2 * middle)
    return np.where(inside, response[place.clip(0, 2 * middle)], 0.0).astype(np.float32)


def loudness_of(samples: Samples, rate: int) -> float:
    """Return the loudness of a mono sound from two loudspeakers, in LUFS (ITU-R BS.1770-4); minus infinity for silence.

    A sound shorter than `BLOCK` is measured as if it were repeated.
    """
    if not samples.any():
        return -np.inf
    needed = int(BLOCK * rate) + 1
    if len(samples) < needed:
        samples = np.tile(samples, -(-needed // len(samples)))
    # Two loudspeakers with the same sound have twice the power of one.
    return float(_meter(rate).integrated_loudness(samples)) + 10 * float(np.log10(2))


@cache
def _meter(rate: int) -> pyloudnorm.Meter:
    """Return the meter. Its import loads scipy and takes a second, so it happens on the first measurement."""
    import pyloudnorm  # noqa: PLC0415

    return pyloudnorm.Meter(rate)
