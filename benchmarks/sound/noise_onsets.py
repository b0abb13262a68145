"""Finds the notes in the sound of the noise channel: onsets and periods, from the samples alone.

All edges of noise lie whole steps apart, and a step has one of 16 lengths. For each frame, the longest length of which
all distances are multiples is chosen. Nothing here knows registers, files or the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.sound.pitch_onsets import CYCLES, FRAME, Array, Heard
from generator.sound.waveforms import NOISE_CYCLES

QUIET = 0.004
"""Level, of full scale 1: two fifths of the softest noise."""
SETTLED, OVER = 0.045, 0.98
"""Shares of a frame between which the console's program surely writes nothing."""
BLUR = 0.3
"""Samples by which the distance between two edges may be off."""
LEAST = 0.9
"""The share of distances that must be multiples."""
LOUDER = 1.05
"""Ratio of levels above which a frame is louder than the one before. A step of volume is at least 15/14."""
CHANGES = (0.36, 0.2)
"""Change from sample to sample, as a share of that of unrelated samples, for noise of 1 and 2 samples per step."""

SHORT, ALIKE = 93, 0.9
"""Steps after which the short mode repeats, and the least correlation of the samples then."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame. level: of full scale 1. gaps: samples between its edges, [edges - 1]. change: see `CHANGES`."""

    level: float
    gaps: Array
    change: float


def listen_to_noise(samples: Array) -> list[Heard]:
    """Return the notes of the noise. samples: at `RATE`, without a high-pass filter.

    A note begins with another period, after a rest, or if a frame is louder than the one before.
    """
    notes: list[Heard] = []
    level, period = 0.0, 0
    for i in range(int(len(samples) / FRAME)):
        frame = _frame(samples[int((i + SETTLED) * FRAME) : int((i + OVER) * FRAME)])
        now = _period(frame, period if level else 0) if frame.level else 0
        if now and (not level or now != period or frame.level > LOUDER * level):
            notes.append(Heard(i, now))
        level, period = frame.level, now or period
    return notes


def _frame(part: Array) -> _Frame:
    top = float(np.percentile(part, 99.5))
    if top < QUIET:
        return _Frame(0.0, np.zeros(0), 0.0)
    change = float(np.mean(np.diff(part) ** 2) / (2 * max(1e-12, float(np.var(part)))))
    for register in range(len(CHANGES)) if change > CHANGES[-1] else ():
        lag = SHORT * NOISE_CYCLES[register] // CYCLES
        if np.corrcoef(part[:-lag], part[lag:])[0, 1] > ALIKE:
            return _Frame(
                top, np.zeros(0), CHANGES[register] + 1e-9
            )  # the short mode, whose samples are less unrelated
    level = part - top / 2
    at = np.flatnonzero((level[1:] >= 0) != (level[:-1] >= 0))
    times = at - level[at] / (level[at + 1] - level[at])
    return _Frame(top, np.diff(times), change)


def _period(frame: _Frame, before: int) -> int:
    """Return the period of a frame, 1 (low) to 16 (high), or the one before if there is too little to tell."""
    for register, least in enumerate(CHANGES):
        if frame.change > least:
            return 16 - register
    gaps = frame.gaps[1:] if len(frame.gaps) > 2 else frame.gaps  # the first step may belong to the note before
    if not len(gaps):
        return before
    for register in range(15, len(CHANGES) - 1, -1):
        steps = NOISE_CYCLES[register] / CYCLES
        count = np.round(gaps / steps)
        if np.mean((np.abs(gaps - count * steps) < BLUR + 0.001 * gaps) & (count > 0)) > LEAST:
            return 16 - register
    return 16 - len(CHANGES)
