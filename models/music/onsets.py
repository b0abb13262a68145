"""What is heard of a score, each kind of onset on its own: drums, bass, long notes, and what comes again.

The material that `models.music.beats` decides by; nothing is decided here.
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
"""Noise periods that bass drums and toms, and snares and claps are arranged on; most sound engines have them in this
order too."""
STROKE_FRAMES = 3
"""Frames after a bass drum at which another drum still belongs to the same stroke."""
LONGEST_NOTE = 120
"""Frames from which on a longer note is no stronger accent."""
FEWEST_ONSETS = 4
"""Onsets of one kind, or distances between them, that can show a rhythm."""


class OnsetSeries:
    """Onsets of one kind, [onsets]: `frames`, in the score's 1/60 s, and `weights`, how much each counts."""

    def __init__(self, frames: Array, weights: Array | None = None) -> None:
        self.frames = frames
        self.weights = np.ones(len(frames)) if weights is None else weights
        self._all = max(float(self.weights.sum()), 1e-9)

    def recurring(self, period: float) -> float:
        """How strictly they come again after a period of so many frames: 1 always, 0 by chance or with hardly any.

        The length of the mean of their phases: a Fourier coefficient, as in Grosche and Mueller (2011).
        """
        if len(self.frames) < FEWEST_ONSETS:
            return 0.0
        return float(abs(self.weights @ np.exp(2j * np.pi * self.frames / period)) / self._all)

    def spacing(self, beat: float) -> float:
        """Octaves between a beat of so many frames and the median time from one to the next; 0 with hardly any."""
        apart = np.diff(np.unique(self.frames))
        return float(np.log2(np.median(apart) / beat)) if len(apart) >= 2 * FEWEST_ONSETS else 0.0

    def share(self, starts: Array, period: float, near: float) -> Array:
        """The share of the weight within `near` frames of start + n x period, for each start [starts]."""
        away = (self.frames[None, :] - starts[:, None] + period / 2) % period - period / 2
        return np.asarray((np.abs(away) <= near) @ self.weights / self._all)


class Onsets:
    """A score's onsets by kind, made once for all that is asked about them."""

    def __init__(self, score: Score) -> None:
        noise, bass = score.channels[NO], score.channels[TR]
        pitched = [note for channel in (P1, P2, TR) for note in score.channels[channel]]
        self.all = OnsetSeries(*onset_weights(score))
        self.snare = OnsetSeries(_snares(noise))
        self.bass = OnsetSeries(_starts(bass))
        self.bass_changes = OnsetSeries(_starts(b for a, b in pairwise(bass) if (a.pitch - b.pitch) % 12))
        lengths = np.array([min(LONGEST_NOTE, note.length) for note in pitched], dtype=np.float64)
        self.long = OnsetSeries(_starts(pitched), lengths)
        # One number a note, so that the same note some frames later is that number and the frames.
        named = {((channel == NO) * 256 + note.pitch) << 32 | note.start for channel, note in score.notes()}
        self._named = np.array(sorted(named), dtype=np.int64)

    def repeated(self, lag: float) -> float:
        """The share of the notes of which the same comes again after `lag` frames, give or take one."""
        again = np.zeros(len(self._named), dtype=bool)
        for frames in range(round(lag) - 1, round(lag) + 2):
            again |= np.isin(self._named + frames, self._named, assume_unique=True)
        return float(again.mean()) if len(again) else 0.0


def _starts(notes: Iterable[Note]) -> Array:
    return np.array([note.start for note in notes], dtype=np.float64)


def _snares(noise: Sequence[Note]) -> Array:
    """The onsets of the snares, those after a bass drum at its frame."""
    kicks = {note.start for note in noise if KICK[0] <= note.pitch <= KICK[1]}
    starts = [note.start for note in noise if SNARE[0] <= note.pitch <= SNARE[1]]
    return np.array(
        [start - STROKE_FRAMES if start - STROKE_FRAMES in kicks else start for start in starts], dtype=np.float64
    )
