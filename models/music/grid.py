"""Where the rows of a tune lie: the row clock that tokens count on, and the search for it where no file says it.

A constant tempo is assumed. The tempo is sought in the frames of the console, which most recordings in NES-MDB follow
(60.0988 a second), as well as in the score's own (60).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.music.score import FRAMES_PER_SECOND, NO, TR, Grid, Score

ROWS = 4
"""Rows a beat."""
BEAT_CYCLE = 16
"""Beats are counted modulo this (four bars of four), so that what returns can be found by its place."""
NTSC = (600_000, 600_988)
"""Score frames per console frame, as a fraction: 60 / 60.0988."""

BEAT_RANGE = (20, 40)
"""Beats sought, in frames: 180 down to 90 BPM, one octave, so that half and double tempo cannot both be found."""
_FAST = 4
"""Onsets nearer than this many frames to the one before are the sound engine's arpeggios, not rhythm."""
_ONSETS_AT_ONCE = 5000
"""Onsets held against all beats at once; with more, the beats are taken in parts, for the memory."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowClock:
    """Rows of a beat of `sixteenths`/16 frames, four a beat; row 0 begins the first beat that the tune touches.

    ntsc: the frames are the console's. lead: frames from row 0 to the tune's first frame. phase: quarters of a frame
    by which row 0 begins after its frame. first: the first beat's number, counted from bar 1.
    """

    sixteenths: int
    ntsc: bool = False
    lead: int = 0
    phase: int = 0
    first: int = 0

    def row(self, i: int) -> int:
        """The frame on which row i begins."""
        top, bottom = NTSC if self.ntsc else (1, 1)
        return (16 * self.phase * bottom + i * self.sixteenths * top) // (64 * bottom) - self.lead

    def row_of(self, frame: int) -> int:
        """The row that contains a frame."""
        i = int((frame + self.lead) * 4 / self.beat_frames)
        while self.row(i + 1) <= frame:
            i += 1
        while self.row(i) > frame:
            i -= 1
        return i

    @property
    def beat_frames(self) -> float:
        """Frames a beat."""
        return self.sixteenths / 16 * (NTSC[0] / NTSC[1] if self.ntsc else 1)

    def to_grid(self, beats_a_bar: int = 4) -> Grid:
        """The nearest grid of whole frames."""
        grid = Grid.from_beat(round(self.beat_frames * 16))
        start = self.row(0) - grid.row(self.first * ROWS)
        return Grid(grid.groove, start, ROWS, beats_a_bar)


def clock_of(grid: Grid, fewest: int, most: int) -> RowClock:
    """The row clock of a known grid, its tempo doubled or halved until a beat has `fewest` to `most` sixteenths."""
    sixteenths = round(16 * grid.beat_frames)
    while sixteenths > most:
        sixteenths //= 2
    while sixteenths < fewest:
        sixteenths *= 2
    even = Grid.from_beat(sixteenths, grid.start)
    first = even.row_of(0) // ROWS
    return RowClock(sixteenths, lead=-even.row(first * ROWS), first=first)


def find_clock(score: Score) -> RowClock:
    """The row clock that the onsets agree with best; 120 BPM from the first onset where there are hardly any.

    A Fourier tempogram over the whole song (Grosche and Mueller 2011) at a beat, half a beat and a quarter of a
    beat, searched in steps of 1/16 frame.
    """
    frames, weights = onset_weights(score)
    if len(frames) < 8:
        return RowClock(480, lead=(-int(frames.min())) % 30 if len(frames) else 0)
    sixteenths = np.arange(BEAT_RANGE[0] * 16, BEAT_RANGE[1] * 16)
    best, best_strength = RowClock(480), -1.0
    for ntsc in (False, True):
        beats = sixteenths / 16 * (NTSC[0] / NTSC[1] if ntsc else 1)
        few = np.array_split(beats, 1 + len(frames) // _ONSETS_AT_ONCE)
        strength = np.concatenate([_rhythm(frames, weights, some) for some in few])
        # Most sound engines play rows of a whole number of frames: prefer that in a draw.
        strength *= np.where(sixteenths % 64 == 0, 1.02, 1.0)
        i = int(np.argmax(strength))
        if strength[i] > best_strength:
            best, best_strength = RowClock(int(sixteenths[i]), ntsc), float(strength[i])
    return _with_phase(frames, weights, best)


def _rhythm(frames: Array, weights: Array, beats: Array) -> Array:
    """How strongly the onsets recur at each beat, its half and its quarter [beats]."""
    beat = np.exp(2j * np.pi * frames[None, :] / beats[:, None])
    half = beat * beat
    quarter = half * half
    return np.asarray(np.abs(quarter @ weights) + 0.5 * np.abs(half @ weights) + 0.5 * np.abs(beat @ weights))


def onset_weights(score: Score) -> tuple[Array, Array]:
    """(frames, weights) of all onsets: drums and bass count double, ornaments hardly, re-struck notes half."""
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
    """The clock begun where most weight falls on rows, on beats most of all, and best on the first onset."""
    row = clock.beat_frames / ROWS
    period = int(np.ceil(clock.beat_frames))
    earliest = int(frames.argmin())
    best, best_score = clock, -1.0
    for start in range(period):
        # A tune that begins before the beat begins in the beat before.
        lead = period - start if start else 0
        for phase in range(4):
            begun = phase / 4 - lead
            rows = np.ceil((frames + 1 - begun) / row) - 1
            on_row = np.floor(begun + rows * row) == frames
            on_beat = on_row & (rows % ROWS == 0)
            score = float(weights @ on_row + 0.5 * (weights @ on_beat)) / float(weights.sum())
            score += 0.15 if on_beat[earliest] else 0.0
            if score > best_score:
                best = RowClock(clock.sixteenths, clock.ntsc, lead, phase, -1 if start else 0)
                best_score = score
    return best


def tempo_bpm(beat_frames: float) -> float:
    """Beats a minute of a beat of so many frames."""
    return 60 * FRAMES_PER_SECOND / beat_frames
