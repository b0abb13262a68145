"""Notes heard in the sound of one channel: onset and pitch, from the samples alone.

A waveform of the sound chip is made of steps, so its period is read from the times of its edges, sooner than in any
spectrum: a pulse has one rising edge a period, the triangle thirty steps, and all edges of noise lie multiples of its
period apart. Nothing here knows of registers or files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.apu.nsf import SCORE_TICK
from generator.waveforms import CPU_CLOCK, NOISE_CYCLES
from models.score import NO, TR

RATE = 192_000
"""Samples a second in which pulses and the triangle are to be read."""
NOISE_RATE = CPU_CLOCK // 4
"""Samples a second in which noise is to be read: one for the fastest noise's step."""
FRAME = SCORE_TICK / 1_000_000
"""Seconds."""
SILENCE = 0.002
"""Full scale 1: a third of the softest step."""
ALIKE, JITTER = 0.004, 0.3
"""The share of a period, and the samples beside, by which two periods of one note differ at the most: a waveform that
was begun anew shows by more."""
LOUDER = 1.12
"""The ratio of heights from which on an edge is louder than the one before: a step of volume up at 8 or below."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A note: its onset in frames, and its pitch as a MIDI note, or as a noise period from 1 to 16."""

    onset: float
    pitch: int


def listen(channel: int, samples: Array) -> list[Heard]:
    """The notes of a stem, in `RATE` or, for the noise, `NOISE_RATE`, without a high-pass."""
    if channel == NO:
        return _noise(samples)
    return _triangle(samples) if channel == TR else _pulse(samples)


def _pulse(samples: Array) -> list[Heard]:
    """One rising edge a period. A louder edge, or one out of step, begins a note too."""
    slope = np.diff(samples)
    at, height = _peaks(slope)
    if len(at) < 2:
        return []
    periods = np.diff(at)
    pitches = _pitch(RATE / periods)
    steady = np.abs(periods[1:] - periods[:-1]) < ALIKE * periods[1:] + JITTER
    before = np.concatenate(([False], steady))
    after = np.concatenate((steady, [False]))
    certain = before | after  # an interval that neither neighbour resembles spans two notes, or a rest
    louder = np.concatenate(([True], height[1:] > LOUDER * height[:-1]))
    found: list[Heard] = []
    current, last = -1, -1
    for i in map(int, np.flatnonzero(certain)):
        begins = i != last + 1 or pitches[i] != current or (last >= 0 and not before[i])
        if begins or louder[i]:
            rest = i == 0 or periods[i - 1] > 1.5 * periods[i]
            start = at[i] if rest or certain[i - 1] else (at[i - 1] + at[i]) / 2
            found.append(Heard(start / RATE / FRAME, int(pitches[i])))
        current, last = int(pitches[i]), i
    return found


def _peaks(slope: Array) -> tuple[Array, Array]:
    """Times and heights of rising edges, in samples. Ripples beside an edge, of up to 0.1 ms, are none."""
    inner = slope[1:-1]
    top = np.flatnonzero((inner > SILENCE) & (inner >= slope[:-2]) & (inner > slope[2:])) + 1
    if not len(top):
        return np.zeros(0), np.zeros(0)
    reach = 18
    padded = np.pad(np.abs(slope), reach)
    around = np.max([padded[top + k] for k in range(2 * reach + 1)], axis=0)
    top = top[slope[top] >= 0.5 * around]
    left, middle, right = slope[top - 1], slope[top], slope[top + 1]
    bend = left - 2 * middle + right
    height = slope[top - 1] + slope[top] + slope[top + 1]
    return top + np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1), 0), height


FITTING, MOST = 0.27, 0.9
"""How near to whole steps the distances of noise's edges are, and what share of them must be."""
LEAST_CHANGE = (0.36, 0.2, 0.095, 0.045)
"""Of samples in a row, as a share of what unrelated ones would change, for noise of 1, 2, 4 and 8 samples a step."""
STEPS = 6
"""Of the triangle, over which its pitch is read."""


def _triangle(samples: Array) -> list[Heard]:
    """Crossings of the levels between its steps: 15 up, 15 down a period, each 1/32 of it."""
    unit = (samples.max() - samples.min()) / 15
    if unit < SILENCE:
        return []
    level = (samples - samples.min()) / unit - 0.5
    step = np.floor(level)
    at = np.flatnonzero(np.diff(step))
    up = np.sign(np.diff(step)[at])
    border = np.maximum(step[at], step[at + 1])
    times = at + (border - level[at]) / (level[at + 1] - level[at])
    if len(times) <= STEPS:
        return []
    run = np.convolve(up, np.ones(STEPS + 1), "valid")
    ok = np.abs(run) == STEPS + 1
    first = np.flatnonzero(ok)
    spans = times[first + STEPS] - times[first]
    pitches = _pitch(RATE / (32 / STEPS * spans))
    found: list[Heard] = []
    current, since = -1, -np.inf
    for i, pitch in enumerate(pitches):
        k = first[i]
        period = 32 / STEPS * spans[i]
        rest = times[k] - since > period / 4 + 0.2e-3 * RATE
        sure = i + 1 < len(pitches) and pitches[i + 1] == pitch
        if (pitch != current or rest) and sure:
            found.append(Heard(times[k] / RATE / FRAME, int(pitch)))
            current = int(pitch)
        since = times[k + STEPS] if pitch == current else since
    return found


def _noise(samples: Array) -> list[Heard]:
    """Frame by frame: how loud it is, and the longest period of which all distances of its edges are multiples."""
    frame = NOISE_RATE * FRAME
    count = int(len(samples) / frame)
    found: list[Heard] = []
    before_loud, before_period = 0.0, 0
    for i in range(count):
        part = samples[int((i + 0.04) * frame) : int((i + 1) * frame)]
        slope = np.abs(np.diff(part))
        loud = float(part.max() - part.min())
        edges = np.flatnonzero(slope > 0.5 * slope.max()) if loud > SILENCE else np.zeros(0, dtype=np.int64)
        period = (_noise_period(part, edges) if len(edges) else None) or before_period
        if len(edges) and (not before_loud or period != before_period or loud > LOUDER * before_loud):
            found.append(Heard(i, period))
        before_loud, before_period = (loud if len(edges) else 0.0), period
    return found


def _noise_period(part: Array, edges: NDArray[np.int64]) -> int | None:
    """Period 1 (low) to 16 (high) of a part of the sound with edges at these samples, None where it cannot be told.

    The fast ones are told by how much two samples in a row differ, the others by the distances of their edges.
    """
    change = float(np.mean(np.diff(part) ** 2) / (2 * max(1e-12, float(np.var(part)))))
    for register, least in enumerate(LEAST_CHANGE):
        if change > least:
            return 16 - register
    gaps = np.diff(edges[np.concatenate(([True], np.diff(edges) > 1))]) if len(edges) > 1 else edges[:0]
    if len(gaps) < 2:
        return None
    for register in range(15, len(LEAST_CHANGE), -1):
        steps = gaps / (NOISE_CYCLES[register] / 4)
        if np.mean(np.abs(steps - np.round(steps)) < FITTING) > MOST and steps.min() > 0.7:
            return 16 - register
    return 16 - len(LEAST_CHANGE)


def _pitch(frequencies: Array) -> NDArray[np.int64]:
    return np.round(69 + 12 * np.log2(frequencies / 440)).astype(np.int64)
