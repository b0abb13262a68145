"""The rows of a tune: the row clock that tokens count on, and the search for it if a score has no grid.

The search assumes a constant tempo. It tries the console's frames (60.0988 a second), which most recordings in NES-MDB
follow, as well as the score's own (60).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from models.music.score import FRAMES_PER_SECOND, NO, TR, Grid, Score

ROWS = 4
"""Rows a beat."""
BEAT_CYCLE = 16
"""Beats are counted modulo this (four bars of four), so that repeated passages have the same numbers."""
HALF_A_FRAME = 2
"""The phase of a clock whose rows start on the frame nearest to their time, in quarters of a frame."""
NTSC = (600_000, 600_988)
"""Score frames per console frame, as a fraction: 60 / 60.0988."""

BEAT_RANGE = (20, 40)
"""The beats that are tried, in frames: 180 down to 90 BPM, one octave, so that half or double tempo is no candidate."""
_FAST = 4
"""Onsets fewer frames than this after the one before are arpeggios of the sound engine, not rhythm."""
_ONSETS_AT_ONCE = 5000
"""Onsets that are compared with all beats at once. With more, the beats are split to save memory."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowClock:
    """The rows of a beat of `sixteenths`/16 frames, four a beat. Row 0 starts the first beat that the tune touches.

    ntsc: whether the frames are the console's. lead: frames from row 0 to the tune's first frame. phase: quarters of a
    frame by which row 0 starts after its frame. first: the first beat's number, counted from bar 1.
    """

    sixteenths: int
    ntsc: bool = False
    lead: int = 0
    phase: int = 0
    first: int = 0

    def row(self, i: int) -> int:
        """Return the frame on which row i starts."""
        numerator, denominator = NTSC if self.ntsc else (1, 1)
        return (16 * self.phase * denominator + i * self.sixteenths * numerator) // (64 * denominator) - self.lead

    def row_of(self, frame: int) -> int:
        """Return the row that contains a frame."""
        i = int((frame + self.lead) * 4 / self.beat_frames)
        while self.row(i + 1) <= frame:
            i += 1
        while self.row(i) > frame:
            i -= 1
        return i

    @property
    def beat_frames(self) -> float:
        """The frames of a beat."""
        return self.sixteenths / 16 * (NTSC[0] / NTSC[1] if self.ntsc else 1)

    def to_grid(self, beats_a_bar: int = 4) -> Grid:
        """Return the nearest grid of whole frames."""
        beat = Fraction(round(self.beat_frames * 16), 16)
        grid = Grid.from_frames(beat, nearest=self.phase == HALF_A_FRAME)
        start = self.row(0) - grid.row(self.first * ROWS)
        return Grid(grid.groove, start, ROWS, beats_a_bar, 4)


def clock_of(grid: Grid, fewest: int, most: int) -> RowClock:
    """Return the row clock of a grid, its tempo doubled or halved until a beat has `fewest` to `most` sixteenths."""
    sixteenths = round(16 * grid.beat_frames)
    while sixteenths > most:
        sixteenths //= 2
    while sixteenths < fewest:
        sixteenths *= 2
    evens = [Grid.from_frames(Fraction(sixteenths, 16), grid.start, nearest=nearest) for nearest in (False, True)]
    rows = range(ROWS * BEAT_CYCLE)
    nearest = next((i for i, even in enumerate(evens) if all(even.row(row) == grid.row(row) for row in rows)), 0)
    even = evens[nearest]
    first = even.row_of(0) // ROWS
    return RowClock(sixteenths, lead=-even.row(first * ROWS), phase=HALF_A_FRAME * nearest, first=first)


def find_clock(score: Score) -> RowClock:
    """Return the row clock that fits the onsets best, or 120 BPM from the first onset if there are fewer than 8.

    The search maximises a Fourier tempogram over the whole song (Grosche and Mueller 2011) at a beat, half a beat and a
    quarter of a beat, in steps of 1/16 frame.
    """
    frames, weights = onset_weights(score)
    if len(frames) < 8:
        return RowClock(480, lead=(-int(frames.min())) % 30 if len(frames) else 0)
    sixteenths = np.arange(BEAT_RANGE[0] * 16, BEAT_RANGE[1] * 16)
    best, best_strength = RowClock(480), -1.0
    for ntsc in (False, True):
        beats = sixteenths / 16 * (NTSC[0] / NTSC[1] if ntsc else 1)
        groups = np.array_split(beats, 1 + len(frames) // _ONSETS_AT_ONCE)
        strength = np.concatenate([_rhythm(frames, weights, group) for group in groups])
        # Most sound engines play rows of whole frames, so these win ties.
        strength *= np.where(sixteenths % 64 == 0, 1.02, 1.0)
        i = int(np.argmax(strength))
        if strength[i] > best_strength:
            best, best_strength = RowClock(int(sixteenths[i]), ntsc), float(strength[i])
    return _with_phase(frames, weights, best)


def _rhythm(frames: Array, weights: Array, beats: Array) -> Array:
    """Return how strongly the onsets recur at each beat, its half and its quarter [beats]."""
    beat = np.exp(2j * np.pi * frames[None, :] / beats[:, None])
    half = beat * beat
    quarter = half * half
    return np.asarray(np.abs(quarter @ weights) + 0.5 * np.abs(half @ weights) + 0.5 * np.abs(beat @ weights))


def onset_weights(score: Score) -> tuple[Array, Array]:
    """Return the (frames, weights) of all onsets. Drums and bass count double, ornaments little, louder swells half."""
    frames: list[int] = []
    weights: list[float] = []
    for channel, notes in enumerate(score.channels):
        accent = 2.0 if channel in (TR, NO) else 1.0
        before = -_FAST
        for note in notes:
            frames.append(note.start)
            weights.append(accent if note.start - before >= _FAST else 0.1 * accent)
            before = note.start
            for (_, volume), (offset, louder) in zip(note.volume, note.volume[1:], strict=False):
                if louder >= volume + 4:
                    frames.append(note.start + offset)
                    weights.append(0.5)
    return np.array(frames, dtype=np.float64), np.array(weights)


def _with_phase(frames: Array, weights: Array, clock: RowClock) -> RowClock:
    """Return the clock with the start that puts most weight on rows, above all on beats and on the first onset."""
    row = clock.beat_frames / ROWS
    period = int(np.ceil(clock.beat_frames))
    earliest = int(frames.argmin())
    best, best_score = clock, -1.0
    for start in range(period):
        # A tune that starts before this beat starts in the beat before.
        lead = period - start if start else 0
        for phase in range(4):
            offset = phase / 4 - lead
            rows = np.ceil((frames + 1 - offset) / row) - 1
            on_row = np.floor(offset + rows * row) == frames
            on_beat = on_row & (rows % ROWS == 0)
            score = float(weights @ on_row + 0.5 * (weights @ on_beat)) / float(weights.sum())
            score += 0.15 if on_beat[earliest] else 0.0
            if score > best_score:
                best = RowClock(clock.sixteenths, clock.ntsc, lead, phase, -1 if start else 0)
                best_score = score
    return best


def tempo_bpm(beat_frames: float) -> float:
    """Return the beats a minute of a beat of so many frames."""
    return 60 * FRAMES_PER_SECOND / beat_frames
