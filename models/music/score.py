"""The score: the musical value that all parts of the project exchange.

It has the four channels of the NES sound chip (2A03) and notes in frames of 1/60 s, and is legal on the hardware by
construction. It knows nothing of MIDI, tokens or sound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from models.errors import MusicError

FRAMES_PER_SECOND = 60
"""The score's clock. NTSC hardware runs at 60.0988 Hz, 12 frames more in two minutes."""

MAX_FRAMES = 60 * 60 * FRAMES_PER_SECOND
"""The longest score: one hour."""

MAX_BEAT_FRAMES, MAX_GROOVE = 500, 1024
"""The slowest beat of a grid, in frames, and the most rows of its groove."""
MAX_TICKS_A_BEAT = 32767
"""What a MIDI file can say. A grid whose rows are whole ticks only with more of them a beat is refused."""
LOWER_NUMBERS = (1, 2, 4, 8, 16, 32, 64)
"""The lower numbers that a time signature can have."""
Meter = tuple[int, int]
"""The upper and the lower number of a time signature."""
TEMPO_ERROR = 2e-6
"""By which share a grid's tempo may differ from the one it was made for: a frame in two hours."""


class ScoreError(MusicError):
    """A score that the hardware could not play. The message says which rule it breaks."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """The ranges of a channel of the 2A03. Pitches are MIDI numbers, for noise periods from 1 (low) to 16 (high)."""

    name: str
    title: str
    lowest: int
    highest: int
    volumes: tuple[int, int]
    duties: tuple[int, int]


CHANNELS = (
    ChannelSpec("p1", "pulse 1", 33, 108, (0, 15), (0, 3)),
    ChannelSpec("p2", "pulse 2", 33, 108, (0, 15), (0, 3)),
    ChannelSpec("tr", "triangle", 21, 108, (15, 15), (0, 0)),
    ChannelSpec("no", "noise", 1, 16, (0, 15), (0, 1)),
)
"""The four channels. The noise channel's duty is its mode: 0 long, 1 short. Noise period n is the value 16 - n of the
2A03's period register."""

CHANNEL_NAMES = tuple(spec.name for spec in CHANNELS)
P1, P2, TR, NO = range(4)

Lyric = tuple[int, str]
"""(frame, syllable)."""

Change = tuple[int, int]
"""(frames after the note's start, new value)."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note: frames [start, end), a pitch, and how volume (0-15) and duty change while it sounds."""

    start: int
    end: int
    pitch: int
    volume: tuple[Change, ...] = ((0, 15),)
    duty: tuple[Change, ...] = ((0, 0),)

    @property
    def length(self) -> int:
        """The note's length in frames."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows, beats and bars of a score: row i starts at `row(i)`.

    groove: the frames of each row, repeating. (7, 8) with 4 rows a beat is 30 frames a beat, 120 BPM. start: the frame
    of bar 1, negative if the score starts inside it. A beat is a quarter note in any meter. upper, lower: the time
    signature, as 7 and 8 for bars of seven eighths. Raise ScoreError if a bar is no whole number of rows.
    """

    groove: tuple[int, ...]
    start: int = 0
    rows_a_beat: int = 4
    upper: int = 4
    lower: int = 4

    def __post_init__(self) -> None:
        if not self.groove or min(self.groove) < 1:
            raise ScoreError("a groove needs rows of at least one frame")
        if self.rows_a_beat < 1 or not 1 <= self.upper <= 255 or self.lower not in LOWER_NUMBERS:
            raise ScoreError("a grid needs at least one row a beat, and a time signature such as 4/4 or 7/8")
        if 4 * self.upper * self.rows_a_beat % self.lower:
            raise ScoreError(f"bars of {self.upper}/{self.lower} are no whole rows")
        if len(self.groove) > MAX_GROOVE or self.beat_frames > MAX_BEAT_FRAMES or abs(self.start) > MAX_FRAMES:
            raise ScoreError(f"a grid has {MAX_GROOVE} rows and {MAX_BEAT_FRAMES} frames a beat at the most")
        if self.beat.numerator > MAX_TICKS_A_BEAT:
            raise ScoreError(f"no MIDI file has ticks for a beat of {self.beat} frames")

    @classmethod
    def from_beat(cls, sixteenths: int, start: int = 0, beats_a_bar: int = 4) -> Grid:
        """Return the grid of a beat of `sixteenths`/16 frames in four rows, as even as whole frames allow."""
        return cls.from_frames(Fraction(sixteenths, 16), start, (beats_a_bar, 4))

    @classmethod
    def from_frames(cls, beat: Fraction, start: int = 0, meter: Meter = (4, 4), *, nearest: bool = False) -> Grid:
        """Return the grid of a beat of so many frames in four rows, as even as whole frames allow.

        The beat is replaced by the simplest fraction that is at most `TEMPO_ERROR` away, if a groove can hold one: at
        140 BPM seven beats are 180 frames. nearest: rows start on the frame nearest to their time, halves rounded up,
        and not on the last one before it. Raise ScoreError if no grid has such a beat.
        """
        most = max(1, min(MAX_GROOVE // 4, MAX_TICKS_A_BEAT // max(1, ceil(beat))))
        near = (beat.limit_denominator(n) for n in range(1, most + 1))
        exact = next((tried for tried in near if abs(tried - beat) <= TEMPO_ERROR * beat), beat.limit_denominator(most))
        count = 4 * exact.denominator
        ends = [(i * exact.numerator + nearest * count // 2) // count for i in range(count + 1)]
        rows = tuple(b - a for a, b in pairwise(ends))
        period = next(n for n in range(1, len(rows) + 1) if len(rows) % n == 0 and rows == rows[:n] * (len(rows) // n))
        return cls(rows[:period], start, 4, *meter)

    @property
    def meter(self) -> Meter:
        """The time signature."""
        return self.upper, self.lower

    @property
    def rows_a_bar(self) -> int:
        """The rows of a bar."""
        return 4 * self.upper * self.rows_a_beat // self.lower

    @property
    def bar_frames(self) -> float:
        """The mean number of frames a bar."""
        return self.beat_frames * self.rows_a_bar / self.rows_a_beat

    @property
    def beat(self) -> Fraction:
        """The mean number of frames a beat, exactly."""
        return Fraction(sum(self.groove) * self.rows_a_beat, len(self.groove))

    @property
    def beat_frames(self) -> float:
        """The mean number of frames a beat."""
        return sum(self.groove) * self.rows_a_beat / len(self.groove)

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return 60 * FRAMES_PER_SECOND / self.beat_frames

    def row(self, i: int) -> int:
        """Return the frame on which row i starts. Row 0 is the start of bar 1; rows before it are negative."""
        cycles, rest = divmod(i, len(self.groove))
        return self.start + cycles * sum(self.groove) + sum(self.groove[:rest])

    def row_of(self, frame: int) -> int:
        """Return the row that contains a frame."""
        cycles, rest = divmod(frame - self.start, sum(self.groove))
        ends = accumulate(self.groove)
        return cycles * len(self.groove) + next(i for i, end in enumerate(ends) if rest < end)


@dataclass(frozen=True, slots=True)
class Score:
    """A tune: the notes of each channel of `CHANNELS` in order, none overlapping.

    frames: the length. loop: the frame to which playing returns from the end, if the tune loops. lyrics: the words that
    are sung to it, in order; a syllable that begins a line begins with a line break. Raise ScoreError if the hardware
    could not play it.
    """

    channels: tuple[tuple[Note, ...], ...]
    frames: int
    grid: Grid | None = None
    title: str = ""
    loop: int | None = None
    lyrics: tuple[Lyric, ...] = ()

    def __post_init__(self) -> None:
        if len(self.channels) != len(CHANNELS):
            raise ScoreError(f"a score has {len(CHANNELS)} channels, this one {len(self.channels)}")
        if not 0 <= self.frames <= MAX_FRAMES:
            raise ScoreError(f"a score lasts 0 to {MAX_FRAMES} frames, this one {self.frames}")
        if self.loop is not None and not 0 <= self.loop < self.frames:
            raise ScoreError(f"the loop point {self.loop} is outside the score")
        for spec, notes in zip(CHANNELS, self.channels, strict=True):
            for note in notes:
                _check_note(spec, note, self.frames)
            for before, after in pairwise(notes):
                if after.start < before.end:
                    raise ScoreError(f"{spec.name}: two notes at once at frame {after.start}")

    @property
    def seconds(self) -> float:
        """The length in seconds, played once."""
        return self.frames / FRAMES_PER_SECOND

    @property
    def note_count(self) -> int:
        """The number of notes in all channels."""
        return sum(len(notes) for notes in self.channels)

    def notes(self) -> Iterator[tuple[int, Note]]:
        """Yield all notes as (channel index, note), channel after channel."""
        for channel, notes in enumerate(self.channels):
            for note in notes:
                yield channel, note


def _check_note(spec: ChannelSpec, note: Note, frames: int) -> None:
    """Raise ScoreError if a note is outside the channel's range or the score's length."""
    if not 0 <= note.start < note.end <= frames:
        raise ScoreError(f"{spec.name}: a note from frame {note.start} to {note.end} in a score of {frames}")
    if not spec.lowest <= note.pitch <= spec.highest:
        raise ScoreError(f"{spec.name}: pitch {note.pitch} is outside {spec.lowest}-{spec.highest}")
    for what, changes, (low, high) in (("volume", note.volume, spec.volumes), ("duty", note.duty, spec.duties)):
        times = [offset for offset, _ in changes]
        if not times or times[0] != 0 or any(b <= a for a, b in pairwise(times)) or times[-1] >= note.length:
            raise ScoreError(f"{spec.name}: {what} changes at {times} in a note of {note.length} frames")
        if any(not low <= value <= high for _, value in changes):
            raise ScoreError(f"{spec.name}: {what} outside {low}-{high}")


def fold_pitch(spec: ChannelSpec, pitch: int) -> int:
    """Return a pitch moved by whole octaves into a channel's range."""
    if pitch < spec.lowest:
        return pitch + -(-(spec.lowest - pitch) // 12) * 12
    if pitch > spec.highest:
        return pitch - -(-(pitch - spec.highest) // 12) * 12
    return pitch
