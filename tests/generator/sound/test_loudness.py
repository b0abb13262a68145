"""Loudness and true peak, against the figures of the standard and ffmpeg's own measure."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from generator.sound.loudness import LOUDNESS, PEAK, gain, loudness_of, normalise, true_peak

RATE = 44_100


def test_a_full_scale_sine_measures_as_the_standard_says() -> None:
    # BS.1770: a 997 Hz sine at 0 dBFS in one front channel reads -3.01 LKFS; in two channels 0.00.
    sine = np.sin(2 * np.pi * 997 * np.arange(RATE * 2) / RATE)
    assert loudness_of(sine, RATE) == pytest.approx(0, abs=0.05)
    assert loudness_of(sine[:4410], RATE) == pytest.approx(0, abs=0.5)
    assert loudness_of(np.zeros(100), RATE) == -np.inf
    assert loudness_of(np.zeros(0), RATE) == -np.inf


def test_normalising_keeps_silence_and_sounds_too_soft_to_measure() -> None:
    assert not normalise(np.zeros(RATE), RATE).any()
    faint = np.full(RATE, 1e-9)
    assert np.array_equal(normalise(faint, RATE), faint)


def test_a_true_peak_lies_between_the_samples() -> None:
    # A quarter of the sampling rate, half way between its samples: they reach 0.707 of the sine's height.
    sine = np.sin(2 * np.pi * (np.arange(RATE) / 4 + 1 / 8))
    assert np.abs(sine).max() == pytest.approx(0.7071, abs=1e-4)
    assert true_peak(sine[1000:-1000]) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("length", [1, 63, 64, 1000])
def test_the_values_between_samples_are_those_of_scipy(length: int) -> None:
    samples = np.random.default_rng(length).normal(size=length).astype(np.float32)
    expected = max(np.abs(samples).max(), np.abs(resample_poly(samples, 4, 1)).max())
    assert true_peak(samples.astype(float)) == pytest.approx(expected, rel=1e-5)


def test_the_gain_is_for_the_loudness_unless_a_peak_forbids_it() -> None:
    steady = 0.1 * np.sin(2 * np.pi * 997 * np.arange(RATE) / RATE)
    assert loudness_of(normalise(steady, RATE), RATE) == pytest.approx(LOUDNESS, abs=0.01)
    sparse = np.zeros(2 * RATE)
    sparse[:: RATE // 4] = 0.5
    assert true_peak(normalise(sparse, RATE)) == pytest.approx(10 ** (PEAK / 20))
    assert loudness_of(normalise(sparse, RATE), RATE) < LOUDNESS
    assert gain(np.zeros(RATE), RATE) == 1
