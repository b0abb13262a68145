"""Tracker instruments for notes whose volume, pitch and duty change frame by frame.

A FamiTracker instrument has a sequence (macro) of volumes, one of semitones and one of duties, with one value a frame.
The row adds a note and a volume that scales the sequence, so that notes of different pitch, length or loudness can
share an instrument. Rows are left to `tracker_rows`, the text to `famitracker`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

MOST_INSTRUMENTS, MOST_SEQUENCES, LONGEST_SEQUENCE = 64, 128, 252
"""FamiTracker's limits. The first is reached before the second."""
FULL = 15
LONGEST_CYCLE = 12
"""Frames of the longest cycle of an arpeggio."""
WRONG_PITCH, WRONG_DUTY, WRONG_END = 30, 3, 500
"""What one wrong frame costs, in steps of volume, if an instrument replaces another: a wrong pitch, a wrong duty, and
an end that rings on although the sound ends in silence."""

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values, one a frame. After the last, the values from `loop` on repeat; without a loop the last value stays."""

    values: Values
    loop: int | None = None

    def expand(self, frames: int) -> Values:
        """Return the values of the first `frames` frames."""
        again = self.values[self.loop :] if self.loop is not None else self.values[-1:]
        rounds = max(0, -(-(frames - len(self.values)) // len(again)))
        return (self.values + again * rounds)[:frames]


@dataclass(frozen=True, slots=True)
class Sound:
    """A note frame by frame: volumes, semitones above its first pitch, and duties; all equally long."""

    volumes: Values
    steps: Values
    duties: Values

    @property
    def duty(self) -> int | None:
        """The duty, or None if it changes."""
        return self.duties[0] if len(set(self.duties)) == 1 else None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A sequence of volumes, and one each of semitones and duties if they change."""

    volumes: Sequence
    steps: Sequence | None = None
    duties: Sequence | None = None

    @classmethod
    def of(cls, sound: Sound) -> Instrument:
        """Return an instrument that plays a sound; exactly, if the sequences can be long enough.

        Its loudest volume is 15, and the row's volume scales it.
        """
        peak = max(sound.volumes) or FULL
        volumes = tuple(-(-volume * FULL // peak) for volume in sound.volumes)
        return cls(
            Sequence(_without_tail(volumes)),
            _pitch_sequence(sound.steps) if any(sound.steps) else None,
            Sequence(_without_tail(sound.duties)) if sound.duty is None else None,
        )

    def column(self, sound: Sound) -> int | None:
        """Return the row volume with which the instrument plays the sound exactly, or None if there is none."""
        frames = len(sound.volumes)
        if not self.moves_as(sound):
            return None
        if (self.duties is None) != (sound.duty is not None):
            return None
        if self.duties is not None and self.duties.expand(frames) != sound.duties:
            return None
        volumes = self.volumes.expand(frames)
        columns = (c for c in range(FULL, 0, -1) if scale_volume(volumes[0], c) == sound.volumes[0])
        for column in columns:
            if tuple(scale_volume(volume, column) for volume in volumes) == sound.volumes:
                return column
        return None

    def distance(self, sound: Sound) -> int:
        """Return how far the instrument, at the sound's peak volume, is from the sound; in steps of volume."""
        frames, peak = len(sound.volumes), max(sound.volumes) or FULL
        volumes = [scale_volume(volume, peak) for volume in self.volumes.expand(frames)]
        duties = self.duties.expand(frames) if self.duties else sound.duties[:1] * frames
        return (
            sum(abs(ours - theirs) for ours, theirs in zip(volumes, sound.volumes, strict=True))
            + WRONG_PITCH * _differing(self._steps(frames), sound.steps)
            + WRONG_DUTY * _differing(duties, sound.duties)
            + WRONG_END * (bool(volumes[-1]) != bool(sound.volumes[-1]))
        )

    def moves_as(self, sound: Sound) -> bool:
        """Return whether the instrument's pitches are those of the sound."""
        return self._steps(len(sound.steps)) == sound.steps

    def _steps(self, frames: int) -> Values:
        return self.steps.expand(frames) if self.steps else (0,) * frames


@dataclass(frozen=True, slots=True)
class InstrumentUse:
    """How a sound is played: the instrument's number, the row's volume, and whether the result is exact."""

    instrument: int
    column: int
    exact: bool = True


def scale_volume(volume: int, column: int) -> int:
    """Return the volume that FamiTracker makes of an instrument's and a row's. It is never 0 unless one of them is."""
    return max(volume * column // FULL, 1 if volume and column else 0)


def choose_instruments(sounds: Iterable[Sound]) -> tuple[list[Instrument], dict[Sound, InstrumentUse]]:
    """Return instruments, and how each sound is played with them.

    Long sounds come first, because their instruments also play shorter ones. If more than `MOST_INSTRUMENTS` would be
    needed, those that play the most notes are kept. The remaining sounds get the nearest instrument that either stays
    on one pitch or moves exactly as they do: other pitches might leave the channel's range.
    """
    count = Counter(sounds)
    instruments_found: list[Instrument] = []
    uses_found: dict[Sound, InstrumentUse] = {}
    for sound in sorted(count, key=lambda each: (-len(each.volumes), each.steps, each.volumes, each.duties)):
        use = _exact(sound, instruments_found)
        if use is None:
            instruments_found.append(Instrument.of(sound))
            exact = instruments_found[-1].column(sound) is not None  # a sound can be longer than a sequence
            use = InstrumentUse(len(instruments_found) - 1, max(sound.volumes) or FULL, exact)
        uses_found[sound] = use
    note_counts = Counter(dict.fromkeys(range(len(instruments_found)), 0))
    for sound, use in uses_found.items():
        note_counts[use.instrument] += count[sound]
    kept = [number for number, _ in note_counts.most_common(MOST_INSTRUMENTS)]
    if len(instruments_found) > len(kept) and all(instruments_found[number].steps for number in kept):
        instruments_found.append(Instrument(Sequence((FULL,))))
        kept[-1] = len(instruments_found) - 1
    new_numbers = {number: i for i, number in enumerate(kept)}
    instruments = [instruments_found[number] for number in kept]
    uses = {}
    for sound, use in uses_found.items():
        if use.instrument in new_numbers:
            uses[sound] = replace(use, instrument=new_numbers[use.instrument])
        else:
            candidates = [i for i, each in enumerate(instruments) if not each.steps or each.moves_as(sound)]
            number = min(candidates, key=lambda i: instruments[i].distance(sound))
            uses[sound] = InstrumentUse(number, max(sound.volumes) or FULL, exact=False)
    return instruments, uses


def _exact(sound: Sound, instruments: list[Instrument]) -> InstrumentUse | None:
    """Return the first instrument that plays a sound exactly, or None."""
    for number, instrument in enumerate(instruments):
        column = instrument.column(sound)
        if column is not None:
            return InstrumentUse(number, column)
    return None


def _without_tail(values: Values) -> Values:
    """Return the values without repeats of the last one at the end, and no longer than a sequence may be."""
    end = len(values)
    while end > 1 and values[end - 2] == values[-1]:
        end -= 1
    return values[: min(end, LONGEST_SEQUENCE)]


def cycle_length(values: Values) -> int | None:
    """Return the length of the shortest cycle that the values repeat, at least two frames; None if there is none."""
    for frames in range(2, min(LONGEST_CYCLE, len(values) - 1) + 1):
        if values[frames:] == values[:-frames]:
            return frames
    return None


def _pitch_sequence(steps: Values) -> Sequence:
    """Return the steps as a sequence that loops if they are cyclic, and otherwise stays on the last."""
    frames = cycle_length(steps)
    if frames and len(steps) >= 2 * frames:
        return Sequence(steps[:frames], 0)
    values = _without_tail(steps)
    return Sequence(values, len(values) - 1)


def _differing(ours: Values, theirs: Values) -> int:
    return sum(a != b for a, b in zip(ours, theirs, strict=True))
