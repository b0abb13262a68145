"""Finds the notes in the sound of one pitched channel: onsets and pitches, from the samples alone.

A waveform of the sound chip is made of steps, so its period is read from the times of its edges, which is faster than
any spectrum: three edges of a pulse give period and duty, two steps of the triangle its period. Noise is left to
`noise_onsets`. Nothing here knows registers, files or the score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from generator.apu.nsf import SCORE_TICK
from generator.apu.tuning import CPU_CLOCK

CYCLES = 4
"""CPU cycles a sample."""
RATE = CPU_CLOCK // CYCLES
"""Samples per second at which a channel is read: one for each step of the fastest noise."""
FRAME = SCORE_TICK * CPU_CLOCK * 12 // 1_000_000 / 12 / CYCLES
"""Samples a frame; libgme counts whole twelfths of a cycle."""
SILENCE = 0.008
"""Level, of full scale 1: two fifths of the softest step of a pulse, half of the triangle's."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A note. onset: in frames. pitch: a MIDI note, or a noise period from 1 to 16."""

    onset: float
    pitch: int


def smooth(samples: Array) -> Array:
    """Remove the ringing of band-limited steps, which alternates from sample to sample."""
    return np.convolve(samples, (0.25, 0.5, 0.25), "same")


# --- pulses -----------------------------------------------------------------------------------------------------

HIGH = np.array([1, 2, 4, 6]) / 8
"""The share of a period for which each of the four duties is high."""
BLUR = 1.0
"""Samples by which the distance between two edges may be off."""
PLATEAU = 5
"""Samples after an edge until its level is settled."""
OUT_OF_STEP = 1 / 16
"""Share of a period. A restarted waveform is out of step by whole eighths."""
LOUDER = 1.5
"""Ratio of levels above which a period is louder than the one before. Smaller rises often come from an envelope."""
LATEST = 125.0
"""Samples after the beginning of a frame within which a pulse restarts."""
REST = 0.8
"""Frames without an edge, in addition to a period, that count as a rest."""


@dataclass(frozen=True, slots=True)
class _Cycles:
    """Single periods of a pulse, each between three edges. Arrays of shape [periods].

    start, end, before: samples; `before` is the edge before the first, or -inf. period: samples. anchor: the edge at
    the beginning of the second of the eight steps, which all duties have. level: the height of the waveform.
    """

    start: Array
    end: Array
    before: Array
    period: Array
    anchor: Array
    level: Array

    def at(self, chosen: NDArray[np.bool_]) -> _Cycles:
        """Return the chosen periods."""
        return _Cycles(*(getattr(self, field.name)[chosen] for field in fields(self)))


def listen_to_pulse(samples: Array) -> list[Heard]:
    """Return the notes of a pulse. samples: at `RATE`, without a high-pass filter.

    A note begins with another pitch, after a rest, or if the waveform is out of step because it restarted. If it is in
    step but louder, it may have restarted at just the right time (`_restarted_in_step`).
    """
    cycles = _confirmed(_cycles(*_edges(smooth(samples))))
    pitches = _pitch(RATE / cycles.period)
    notes: list[Heard] = []
    for i in _beginnings(cycles, pitches):
        rest = i == 0 or cycles.start[i] - cycles.end[i - 1] > REST * FRAME + cycles.period[i]
        near = cycles.start[i] if rest else cycles.before[i]
        notes.append(Heard(float(cycles.start[i] + near) / 2 / FRAME, int(pitches[i])))
    return notes


def _edges(level: Array) -> tuple[Array, NDArray[np.bool_], Array]:
    """Return the times of edges in samples, which of them rise, and their heights. An edge lies at half its height."""
    level = np.concatenate((np.zeros(PLATEAU + 1), level, np.zeros(PLATEAU + 1)))
    high = level > SILENCE
    at = np.flatnonzero(high[1:] != high[:-1])
    rises = high[at + 1]
    half = level[np.where(rises, at + PLATEAU, at + 1 - PLATEAU)] / 2
    times = at.astype(np.float64)
    for shift in range(-PLATEAU + 1, PLATEAU):
        left, right = level[at + shift], level[at + shift + 1]
        inside = np.where(rises, (left < half) & (right >= half), (left >= half) & (right < half))
        step = np.where(inside, right - left, 1)
        times = np.where(inside, at + shift + (half - left) / step, times)
    return times - PLATEAU - 1, rises, 2 * half


def _cycles(times: Array, rises: NDArray[np.bool_], heights: Array) -> _Cycles:
    """Return every three edges in a row that form one period of a pulse with one of the four duties."""
    first, second = times[1:-1] - times[:-2], times[2:] - times[1:-1]
    period = first + second
    high = np.where(rises[:-2], first, second)
    away = np.abs(high[:, None] - HIGH * period[:, None])
    duty = np.argmin(away, axis=1)
    steady = np.flatnonzero(away[np.arange(len(duty)), duty] < BLUR)
    rising = rises[:-2] == (duty != 3)
    anchor = np.where(rising, times[:-2], times[1:-1])
    before = np.concatenate(([-np.inf], times))[steady]
    level = np.maximum(heights[:-2], heights[1:-1])
    return _Cycles(times[:-2][steady], times[2:][steady], before, period[steady], anchor[steady], level[steady])


def _confirmed(cycles: _Cycles) -> _Cycles:
    """Return the periods that a neighbour of the same pitch confirms, and single ones if a frame has no room for more.

    A single period is dropped if it shares an edge with a confirmed one, or is so short that a frame would hold others.
    """
    pitches = _pitch(RATE / cycles.period)
    if len(pitches) < 2:
        return cycles
    touch = cycles.end[:-1] > cycles.start[1:]
    alike = np.pad(touch & (pitches[1:] == pitches[:-1]), 1)
    touch = np.pad(touch, 1)
    sure = np.pad(alike[1:] | alike[:-1], 1)
    mixed = (touch[:-1] & sure[:-2]) | (touch[1:] & sure[2:])
    return cycles.at(sure[1:-1] | (~mixed & (cycles.period > FRAME / 3)))


def _beginnings(cycles: _Cycles, pitches: NDArray[np.int64]) -> Iterator[int]:
    """Yield the numbers of the periods with which notes begin."""
    if not len(pitches):
        return
    turns = np.diff(cycles.anchor) / cycles.period[1:]
    out = np.abs(turns - np.round(turns)) > OUT_OF_STEP
    rest = cycles.start[1:] - cycles.end[:-1] > REST * FRAME + cycles.period[1:]
    louder = _restarted_in_step(cycles)
    yield 0
    yield from map(int, np.flatnonzero((pitches[1:] != pitches[:-1]) | out | rest | louder) + 1)


def _restarted_in_step(cycles: _Cycles) -> NDArray[np.bool_]:
    """Return which periods after the first are louder, and would be in step if they restarted with their frame.

    A restarted waveform begins its second step within the time of a step, so one restart in eight looks like none.
    """
    louder = cycles.level[1:] > LOUDER * cycles.level[:-1]
    return louder & (np.mod(cycles.anchor[1:], FRAME) < cycles.period[1:] / 8 + LATEST)


# --- the triangle -----------------------------------------------------------------------------------------------

SPAN = 64
"""Fewest samples from which the triangle's pitch is read."""
DRIFT = 2.0**-29
"""Level per sample by which libgme's sum of steps grows while it is below zero, as the triangle's always is."""


def listen_to_triangle(samples: Array) -> list[Heard]:
    """Return the notes of the triangle. samples: at `RATE`, without a high-pass filter.

    In each period it crosses 15 levels up and 15 down, one step apart, and two steps apart where it turns.
    """
    level = smooth(samples) - DRIFT * np.arange(len(samples))
    unit = (level.max() - level.min()) / 15
    if unit < SILENCE:
        return []
    times, up = _crossings((level - level.min()) / unit - 0.5)
    gaps = np.diff(times)
    steps = np.where(up[1:] == up[:-1], 1, 2)
    notes: list[Heard] = []
    current, last = -1, -np.inf
    first, spans, counts = _steady(gaps, steps)
    pitches = _pitch(RATE * counts / (32 * spans))
    for at, span, pitch in zip(times[first].tolist(), spans.tolist(), pitches.tolist(), strict=True):
        if pitch != current or at - last > FRAME / 2:
            notes.append(Heard(at / FRAME, pitch))
        current, last = pitch, at + span
    return notes


def _crossings(level: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return when the levels between the triangle's steps are crossed, in samples, and which crossings go up."""
    step = np.floor(level)
    at = np.flatnonzero(step[1:] != step[:-1])
    border = np.maximum(step[at], step[at + 1])
    return at + (border - level[at]) / (level[at + 1] - level[at]), step[at + 1] > step[at]


def _steady(gaps: Array, steps: NDArray[np.int64]) -> tuple[NDArray[np.intp], Array, NDArray[np.int64]]:
    """Return the spans in which all steps are equally long: first crossing, samples, steps."""
    ends, counts = np.concatenate(([0.0], np.cumsum(gaps))), np.concatenate(([0], np.cumsum(steps)))
    last = np.maximum(np.arange(len(gaps)) + 2, np.searchsorted(ends, ends[:-1] + SPAN))
    i = np.flatnonzero(last < len(ends))
    j = last[i]
    middle = (i + j) // 2
    first = (ends[middle] - ends[i]) / (counts[middle] - counts[i])
    second = (ends[j] - ends[middle]) / (counts[j] - counts[middle])
    even = np.abs(first - second) * (middle - i) < BLUR
    i, j = i[even], j[even]
    return i, ends[j] - ends[i], counts[j] - counts[i]


def _pitch(frequencies: Array) -> NDArray[np.int64]:
    return np.round(69 + 12 * np.log2(frequencies / 440)).astype(np.int64)
