"""Finds the beat and the bar of a score that has no grid, as people would hear them.

The row clock of `models.music.grid` finds the rows, but keeps the beat within one octave, since tokens need no more.
This module decides which multiple of that period is the beat, whether three or four beats make a bar, and where bar 1
starts. Each decision takes the candidate with the highest weighted sum of a few audible features: a conditional logit
(McFadden 1974), whose weights `python -m benchmarks.importing.beats FOLDER --fit` found on songs that state their
tempo. It assumes one tempo and one meter. The features' material comes from `models.music.onsets`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.music.grid import ROWS, RowClock, find_clock
from models.music.onsets import Onsets
from models.music.score import Grid, Score

Array = npt.NDArray[np.float64]

BEAT_MULTIPLES = (1 / 2, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0)
"""Multiples of the row clock's beat that may be the tune's beat."""
METERS = (4, 3)
"""The beats a bar that are tried."""
FEWEST_ONSETS = 8
"""With fewer onsets the clock's own beat is used, four to the bar."""
ONSET_TOLERANCE = 1 / 8
"""The share of a beat (half a row) by which an onset may miss the line of the grid that it counts for."""
TYPICAL_BEAT_FRAMES = 30
"""120 BPM in frames. The octaves of the tempo are counted from here."""

BEAT_WEIGHTS = {
    "octaves slower than usual": 0.73,
    "their square": -2.72,
    "rows: onsets recur at a quarter of the beat": 2.34,
    "long notes recur at half the beat": 2.85,
    "long notes recur at the beat": 2.38,
    "backbeat: snares recur at two beats": 1.84,
    "octaves from the beat to the snares' spacing, squared": -0.35,
    "octaves from the beat to the bass's spacing, squared": -0.25,
    "notes that are repeated after four beats": 3.16,
}
"""The first two form a log-normal curve over tempos, as in Parncutt's salience of a pulse (1994)."""
BAR_WEIGHTS = {
    "three beats": -2.14,
    "the first onset is on a downbeat": 2.52,
    "long notes on downbeats, as times their chance": 1.65,
    "bass that changes on downbeats, as times its chance": 0.61,
    "snares on the second and fourth of four": 1.46,
    "notes that are repeated after two bars": 6.68,
}


def find_grid(score: Score) -> Grid:
    """Return the grid that the onsets suggest: tempo (45 to 360 BPM), three or four beats a bar, the frame of bar 1.

    Bar 1 is the first that starts in the score, or at most `ONSET_TOLERANCE` before it. Ignore the score's own grid.
    """
    clock = find_clock(score)
    onsets = Onsets(score)
    if len(onsets.all.frames) < FEWEST_ONSETS:
        return clock.to_grid()
    beat = clock.beat_frames * find_multiple(onsets, clock)
    beats_a_bar, start = find_bar(onsets, clock, beat)
    bar = beats_a_bar * beat
    start %= bar
    if start > bar - ONSET_TOLERANCE * beat:
        start -= bar
    return Grid.from_beat(round(16 * beat), round(start), beats_a_bar)


def find_multiple(onsets: Onsets, clock: RowClock) -> float:
    """Return which of `BEAT_MULTIPLES` of the clock's beat is the tune's beat."""
    features = np.array([beat_features(onsets, clock.beat_frames * multiple) for multiple in BEAT_MULTIPLES])
    return BEAT_MULTIPLES[int(np.argmax(features @ np.array(list(BEAT_WEIGHTS.values()))))]


def find_bar(onsets: Onsets, clock: RowClock, beat: float) -> tuple[int, float]:
    """Return the (beats a bar, frame of a downbeat) for a beat of so many frames."""
    candidates = bar_candidates(clock, beat)
    features = bar_features(onsets, beat, candidates)
    return candidates[int(np.argmax(features @ np.array(list(BAR_WEIGHTS.values()))))]


def beat_features(onsets: Onsets, beat: float) -> Array:
    """Return the features of a beat of so many frames, in the order of `BEAT_WEIGHTS` [9]."""
    octaves = np.log2(beat / TYPICAL_BEAT_FRAMES)
    return np.array(
        [
            octaves,
            octaves**2,
            onsets.all.recurring(beat / ROWS),
            onsets.long.recurring(beat / 2),
            onsets.long.recurring(beat),
            onsets.snare.recurring(2 * beat),
            onsets.snare.spacing(beat) ** 2,
            onsets.bass.spacing(beat) ** 2,
            onsets.repeated(4 * beat),
        ]
    )


def bar_candidates(clock: RowClock, beat: float) -> list[tuple[int, float]]:
    """Return the candidates (beats a bar, frame of a downbeat): every meter, from every row of a bar."""
    row = clock.beat_frames / ROWS
    return [(meter, clock.row(0) + i * row) for meter in METERS for i in range(round(meter * beat / row))]


def bar_features(onsets: Onsets, beat: float, candidates: list[tuple[int, float]]) -> Array:
    """Return the features of each candidate of `bar_candidates`, in the order of `BAR_WEIGHTS` [candidates, 6]."""
    first = float(onsets.all.frames.min())
    features = []
    for meter in METERS:
        starts = np.array([start for beats, start in candidates if beats == meter])
        bar, near = meter * beat, ONSET_TOLERANCE * beat
        columns = (
            np.full(len(starts), float(meter == 3)),
            np.abs((first - starts + bar / 2) % bar - bar / 2) <= near,
            meter * onsets.long.share(starts, bar, near),
            meter * onsets.bass_changes.share(starts, bar, near),
            onsets.snare.share(starts + beat, 2 * beat, near) * (meter == 4),
            np.full(len(starts), onsets.repeated(2 * bar)),
        )
        features.append(np.stack(columns, axis=1))
    return np.concatenate(features)
