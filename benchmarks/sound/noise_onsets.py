"""Drums heard in the sound of the noise channel: onset and period, from the samples alone.

All edges of noise lie whole steps apart, and 16 lengths of a step are possible. Frame by frame the longest is looked
for of which all distances are multiples. Nothing here knows of registers or files, nor of the score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.sound.pitch_onsets import CYCLES, FRAME, Array, Heard
from generator.sound.waveforms import NOISE_CYCLES

QUIET = 0.004
"""Full scale 1: two fifths of the softest noise."""
SETTLED, OVER = 0.045, 0.98
"""Of a frame: from when on the console's program has made its writes, and until when it surely makes no new ones."""
BLUR = 0.3
"""Samples by which the distance of two edges may be off."""
LEAST = 0.9
"""The share of distances that must be multiples."""
LOUDER = 1.05
"""The ratio of levels from which on a frame is louder than the one before: a step of volume is 15/14 at the least."""
CHANGES = (0.36, 0.2)
"""Of samples in a row, as a share of what unrelated ones would change, for noise of 1 and 2 samples a step."""

SHORT, ALIKE = 93, 0.9
"""Steps after which the short mode repeats, and how alike the samples then are at the least."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is heard in a frame: its level, and the distances of its edges in samples, shape (edges - 1,)."""

    level: float
    gaps: Array
    change: float


def listen_to_noise(samples: Array) -> list[Heard]:
    """The notes of the noise, in `RATE`, without a high-pass.

    One begins with another period, after a rest, and where it is louder than a frame before.
    """
    found: list[Heard] = []
    level, period = 0.0, 0
    for i in range(int(len(samples) / FRAME)):
        frame = _frame(samples[int((i + SETTLED) * FRAME) : int((i + OVER) * FRAME)])
        now = _period(frame, period if level else 0) if frame.level else 0
        if now and (not level or now != period or frame.level > LOUDER * level):
            found.append(Heard(i, now))
        level, period = frame.level, now or period
    return found


def _frame(part: Array) -> _Frame:
    top = float(np.percentile(part, 99.5))
    if top < QUIET:
        return _Frame(0.0, np.zeros(0), 0.0)
    change = float(np.mean(np.diff(part) ** 2) / (2 * max(1e-12, float(np.var(part)))))
    for register in range(len(CHANGES)) if change > CHANGES[-1] else ():
        lag = SHORT * NOISE_CYCLES[register] // CYCLES
        if np.corrcoef(part[:-lag], part[lag:])[0, 1] > ALIKE:
            return _Frame(top, np.zeros(0), CHANGES[register] + 1e-9)  # the short mode: it is not as unrelated
    level = part - top / 2
    at = np.flatnonzero((level[1:] >= 0) != (level[:-1] >= 0))
    times = at - level[at] / (level[at + 1] - level[at])
    return _Frame(top, np.diff(times), change)


def _period(frame: _Frame, before: int) -> int:
    """Period 1 (low) to 16 (high) of a frame, the one before where there is too little to tell, or 0."""
    for register, least in enumerate(CHANGES):
        if frame.change > least:
            return 16 - register
    gaps = frame.gaps[1:] if len(frame.gaps) > 2 else frame.gaps  # the first step may still be the note before's
    if not len(gaps):
        return before
    for register in range(15, len(CHANGES) - 1, -1):
        steps = NOISE_CYCLES[register] / CYCLES
        count = np.round(gaps / steps)
        if np.mean((np.abs(gaps - count * steps) < BLUR + 0.001 * gaps) & (count > 0)) > LEAST:
            return 16 - register
    return 16 - len(CHANGES)
