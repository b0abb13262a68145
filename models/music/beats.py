"""What people would call the beat and the bar of a tune: the grid of a score that states none.

The row clock of `models.music.grid` knows the rows but keeps its beat in one octave, since tokens need no more. Here it is
decided which multiple of that period is the beat, whether three or four make a bar, and where bar 1 begins. Each is
the candidate with the highest weighted sum of a few things that can be heard: a conditional logit (McFadden 1974),
whose weights `python -m benchmarks.importing.beats FOLDER --fit` found on songs that state their tempo. One tempo and one meter
are assumed. What is heard of a score is `models.music.onsets`'s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.music.grid import ROWS, RowClock, find_clock
from models.music.onsets import Onsets
from models.music.score import Grid, Score

Array = npt.NDArray[np.float64]

BEAT_MULTIPLES = (1 / 2, 3 / 4, 1.0, 4 / 3, 3 / 2, 2.0)
"""Of the row clock's beat, that may be the tune's."""
METERS = (4, 3)
"""Beats a bar that are sought."""
FEWEST_ONSETS = 8
"""With fewer there is nothing to decide by, and the clock's own beat is taken, four to the bar."""
ONSET_TOLERANCE = 1 / 8
"""Of a beat: how far from a line of the grid an onset may lie that is counted there. Half a row."""
TYPICAL_BEAT_FRAMES = 30
"""Frames: 120 BPM, from which the tempo is counted in octaves."""

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
"""The first two are a log-normal curve of tempos, the form that Parncutt (1994) gave the salience of a pulse."""
BAR_WEIGHTS = {
    "three beats": -2.14,
    "the first onset is on a downbeat": 2.52,
    "long notes on downbeats, as times their chance": 1.65,
    "bass that changes on downbeats, as times its chance": 0.61,
    "snares on the second and fourth of four": 1.46,
    "notes that are repeated after two bars": 6.68,
}


def find_grid(score: Score) -> Grid:
    """The grid that the onsets suggest: tempo (45 to 360 BPM), three or four beats a bar, and the frame of bar 1.

    Bar 1 is the first that begins in the score, or at most `ONSET_TOLERANCE` before it. The score's own grid is not looked at.
    """
    clock = find_clock(score)
    heard = Onsets(score)
    if len(heard.all.frames) < FEWEST_ONSETS:
        return clock.to_grid()
    beat = clock.beat_frames * find_multiple(heard, clock)
    beats_a_bar, start = find_bar(heard, clock, beat)
    bar = beats_a_bar * beat
    start %= bar
    if start > bar - ONSET_TOLERANCE * beat:
        start -= bar
    return Grid.from_beat(round(16 * beat), round(start), beats_a_bar)


def find_multiple(heard: Onsets, clock: RowClock) -> float:
    """Which of `BEAT_MULTIPLES` of the clock's beat is the tune's."""
    features = np.array([beat_features(heard, clock.beat_frames * multiple) for multiple in BEAT_MULTIPLES])
    return BEAT_MULTIPLES[int(np.argmax(features @ np.array(list(BEAT_WEIGHTS.values()))))]


def find_bar(heard: Onsets, clock: RowClock, beat: float) -> tuple[int, float]:
    """(beats a bar, frame of a downbeat) for a beat of so many frames."""
    candidates = bar_candidates(clock, beat)
    features = bar_features(heard, beat, candidates)
    return candidates[int(np.argmax(features @ np.array(list(BAR_WEIGHTS.values()))))]


def beat_features(heard: Onsets, beat: float) -> Array:
    """What speaks for a beat of so many frames, in the order of `BEAT_WEIGHTS` [9]."""
    octaves = np.log2(beat / TYPICAL_BEAT_FRAMES)
    return np.array(
        [
            octaves,
            octaves**2,
            heard.all.recurring(beat / ROWS),
            heard.long.recurring(beat / 2),
            heard.long.recurring(beat),
            heard.snare.recurring(2 * beat),
            heard.snare.spacing(beat) ** 2,
            heard.bass.spacing(beat) ** 2,
            heard.repeated(4 * beat),
        ]
    )


def bar_candidates(clock: RowClock, beat: float) -> list[tuple[int, float]]:
    """(beats a bar, frame of a downbeat): every meter, begun on every row of the clock that a bar has."""
    row = clock.beat_frames / ROWS
    return [(meter, clock.row(0) + i * row) for meter in METERS for i in range(round(meter * beat / row))]


def bar_features(heard: Onsets, beat: float, candidates: list[tuple[int, float]]) -> Array:
    """What speaks for each candidate of `bar_candidates`, in the order of `BAR_WEIGHTS` [candidates, 6]."""
    first = float(heard.all.frames.min())
    found = []
    for meter in METERS:
        starts = np.array([start for beats, start in candidates if beats == meter])
        bar, near = meter * beat, ONSET_TOLERANCE * beat
        columns = (
            np.full(len(starts), float(meter == 3)),
            np.abs((first - starts + bar / 2) % bar - bar / 2) <= near,
            meter * heard.long.share(starts, bar, near),
            meter * heard.bass_changes.share(starts, bar, near),
            heard.snare.share(starts + beat, 2 * beat, near) * (meter == 4),
            np.full(len(starts), heard.repeated(2 * bar)),
        )
        found.append(np.stack(columns, axis=1))
    return np.concatenate(found)
