"""Measures loudness by ITU-R BS.1770, and makes it the same for every tune.

Works on samples; reading and writing files is left to `generator.sound.fluidsynth_audio`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

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
PART = ROWS * 4096
"""Samples worked on at once, so that the memory needed hardly grows with the length."""
BLOCK, OVERLAP = 0.4, 4
"""Seconds of what BS.1770 measures at once, so the shortest sound that it can measure; how many overlap anywhere."""
ABSOLUTE_GATE, RELATIVE_GATE, OFFSET = -70.0, -10.0, -0.691
"""LUFS below which nothing counts, LU below the mean below which nothing counts, LUFS of a power of one."""

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
    padded = np.zeros(-(-len(samples) // ROWS) * ROWS + 2 * REACH, np.float32)
    padded[REACH : REACH + len(samples)] = samples
    highest = max(samples.max(), -samples.min())  # np.abs would make a copy
    for at in range(0, len(samples), PART):
        between = _between(padded[at : at + PART + 2 * REACH])
        highest = max(highest, between.max(), -between.min())
    return float(highest)


def _between(padded: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `OVERSAMPLING` values for each sample, shape (rows, values): what `scipy.signal.resample_poly` gives.

    padded: whole rows of samples, with `REACH` more on either side. One product of matrices takes a fifth of the time.
    """
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
    blocks = _block_powers(samples, rate)
    heard = blocks[blocks >= _power(ABSOLUTE_GATE)]
    if not len(heard):
        return -np.inf
    heard = heard[heard > heard.mean() * 10 ** (RELATIVE_GATE / 10)]
    # Two loudspeakers with the same sound have twice the power of one.
    return OFFSET + 10 * float(np.log10(2 * heard.mean()))


def _block_powers(samples: Samples, rate: int) -> Samples:
    """Return the mean power of each block of `BLOCK` seconds, four of which overlap, after the K-weighting filters."""
    from scipy.signal import lfilter  # noqa: PLC0415  takes a second, like the filters

    step = round(BLOCK * rate / OVERLAP)
    part = step * (PART // step)
    states = [np.zeros(2) for _ in _filters(rate)]
    powers = np.zeros(-(-len(samples) // step) + OVERLAP)
    for at in range(0, len(samples), part):
        filtered = samples[at : at + part]
        for number, (gain, b, a) in enumerate(_filters(rate)):
            filtered, states[number] = lfilter(gain * b, a, filtered, zi=states[number])
        padded = np.zeros(-(-len(filtered) // step) * step)
        padded[: len(filtered)] = filtered
        steps = np.square(padded).reshape(-1, step).sum(axis=1)
        powers[at // step : at // step + len(steps)] = steps
    sums = np.lib.stride_tricks.sliding_window_view(powers, OVERLAP).sum(axis=1) / (BLOCK * rate)
    return np.asarray(sums[: round((len(samples) / rate - BLOCK) / BLOCK * OVERLAP) + 1])


def _power(loudness: float) -> float:
    """Return the power of a loudness from one loudspeaker, in LUFS."""
    return float(10 ** ((loudness - OFFSET) / 10))


@cache
def _filters(rate: int) -> list[tuple[float, Samples, Samples]]:
    """Return the gain and coefficients of the K-weighting filters. The import loads scipy and takes a second."""
    import pyloudnorm  # noqa: PLC0415

    stages = pyloudnorm.Meter(rate)._filters.values()
    return [(stage.passband_gain, stage.b, stage.a) for stage in stages]
