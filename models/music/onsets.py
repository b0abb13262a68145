"""The onsets of a score by kind: drums, bass, long notes, and notes that are repeated later.

`models.music.beats` decides by them; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.music.grid import onset_weights
from models.music.score import NO, P1, P2, TR, Note, Score

Array = npt.NDArray[np.float64]

KICK, SNARE = (1, 5), (8, 11)
"""The noise periods of bass drums and toms, and of snares and claps, as we arrange them. Most sound engines use the
same order."""
STROKE_FRAMES = 3
"""A drum this many frames after a bass drum belongs to the same stroke."""
LONGEST_NOTE = 120
"""Frames above which a longer note is no stronger accent."""
FEWEST_ONSETS = 4
"""The fewest onsets of a kind, or distances between them, that can show a rhythm."""


class OnsetSeries:
    """The onsets of a kind [onsets]: `frames`, in 1/60 s, and `weights`, how much each counts."""

    def __init__(self, frames: Array, weights: Array | None = None) -> None:
        self.frames = frames
        self.weights = np.ones(len(frames)) if weights is None else weights
        self._all = max(float(self.weights.sum()), 1e-9)

    def recurring(self, period: float) -> float:
        """Return how strictly the onsets recur at a period in frames: 1 always, 0 by chance or with too few onsets.

        This is the length of the mean of their phases, a Fourier coefficient as in Grosche and Mueller (2011).
        """
        if len(self.frames) < FEWEST_ONSETS:
            return 0.0
        return float(abs(self.weights @ np.exp(2j * np.pi * self.frames / period)) / self._all)

    def spacing(self, beat: float) -> float:
        """Return the octaves from a beat in frames to the median distance of the onsets; 0 with too few onsets."""
        distances = np.diff(np.unique(self.frames))
        return float(np.log2(np.median(distances) / beat)) if len(distances) >= 2 * FEWEST_ONSETS else 0.0

    def share(self, starts: Array, period: float, near: float) -> Array:
        """Return the share of the weight within `near` frames of start + n * period, for each start [starts]."""
        distances = (self.frames[None, :] - starts[:, None] + period / 2) % period - period / 2
        return np.asarray((np.abs(distances) <= near) @ self.weights / self._all)


class Onsets:
    """The onsets of a score by kind."""

    def __init__(self, score: Score) -> None:
        noise, bass = score.channels[NO], score.channels[TR]
        pitched = [note for channel in (P1, P2, TR) for note in score.channels[channel]]
        self.all = OnsetSeries(*onset_weights(score))
        self.snare = OnsetSeries(_snares(noise))
        self.bass = OnsetSeries(_starts(bass))
        self.bass_changes = OnsetSeries(_starts(b for a, b in pairwise(bass) if (a.pitch - b.pitch) % 12))
        lengths = np.array([min(LONGEST_NOTE, note.length) for note in pitched], dtype=np.float64)
        self.long = OnsetSeries(_starts(pitched), lengths)
        # A number for each note. The same note some frames later is that number plus the frames.
        keys = {((channel == NO) * 256 + note.pitch) << 32 | note.start for channel, note in score.notes()}
        self._notes = np.array(sorted(keys), dtype=np.int64)

    def repeated(self, lag: float) -> float:
        """Return the share of the notes that are repeated after `lag` frames, give or take one."""
        again = np.zeros(len(self._notes), dtype=bool)
        for frames in range(round(lag) - 1, round(lag) + 2):
            again |= np.isin(self._notes + frames, self._notes, assume_unique=True)
        return float(again.mean()) if len(again) else 0.0


def _starts(notes: Iterable[Note]) -> Array:
    return np.array([note.start for note in notes], dtype=np.float64)


def _snares(noise: Sequence[Note]) -> Array:
    """Return the onsets of the snares. One that belongs to a bass drum's stroke counts at the bass drum's frame."""
    kicks = {note.start for note in noise if KICK[0] <= note.pitch <= KICK[1]}
    starts = [note.start for note in noise if SNARE[0] <= note.pitch <= SNARE[1]]
    return np.array(
        [start - STROKE_FRAMES if start - STROKE_FRAMES in kicks else start for start in starts], dtype=np.float64
    )
