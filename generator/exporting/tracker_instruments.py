"""Tracker instruments for notes whose volume, pitch and duty change frame by frame: found, shared and counted.

A FamiTracker instrument has a sequence of volumes, one of semitones and one of duties, a value a frame; the row adds a
note and a volume that scales the sequence. So notes that differ in pitch, length or loudness can share one. Where rows
lie and how text is written is left to `tracker` and `famitracker`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

MOST_INSTRUMENTS, MOST_SEQUENCES, LONGEST_SEQUENCE = 64, 128, 252
"""FamiTracker's limits; the first is reached before the second."""
FULL = 15
LONGEST_FIGURE = 12
"""Frames of an arpeggio's cycle at the most."""
WRONG_PITCH, WRONG_DUTY, WRONG_END = 30, 3, 500
"""What a frame with another pitch or duty costs in steps of volume, where an instrument must stand in for another, and
what it costs to ring on where the sound ends in silence."""

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values a frame; after the last come those from `loop` on again, or the last stays."""

    values: Values
    loop: int | None = None

    def expand(self, frames: int) -> Values:
        """The values of so many frames."""
        again = self.values[self.loop :] if self.loop is not None else self.values[-1:]
        rounds = max(0, -(-(frames - len(self.values)) // len(again)))
        return (self.values + again * rounds)[:frames]


@dataclass(frozen=True, slots=True)
class Sound:
    """What a note does frame by frame: volumes, semitones above its first pitch, duties; all of one length."""

    volumes: Values
    steps: Values
    duties: Values

    @property
    def duty(self) -> int | None:
        """The duty, where there is but one."""
        return self.duties[0] if len(set(self.duties)) == 1 else None


@dataclass(frozen=True, slots=True)
class Instrument:
    """Volumes, and, where they change, semitones and duties."""

    volumes: Sequence
    steps: Sequence | None = None
    duties: Sequence | None = None

    @classmethod
    def of(cls, sound: Sound) -> Instrument:
        """An instrument that plays a sound, exactly where its sequences are long enough.

        Its loudest volume is 15, for the row's volume to scale.
        """
        peak = max(sound.volumes) or FULL
        volumes = tuple(-(-volume * FULL // peak) for volume in sound.volumes)
        return cls(
            Sequence(_held(volumes)),
            _figure(sound.steps) if any(sound.steps) else None,
            Sequence(_held(sound.duties)) if sound.duty is None else None,
        )

    def column(self, sound: Sound) -> int | None:
        """The volume of the row with which the instrument plays the sound exactly; None where none does."""
        frames = len(sound.volumes)
        if not self.moves_as(sound):
            return None
        if (self.duties is None) != (sound.duty is not None):
            return None
        if self.duties is not None and self.duties.expand(frames) != sound.duties:
            return None
        volumes = self.volumes.expand(frames)
        columns = (c for c in range(FULL, 0, -1) if scaled(volumes[0], c) == sound.volumes[0])
        for column in columns:
            if tuple(scaled(volume, column) for volume in volumes) == sound.volumes:
                return column
        return None

    def distance(self, sound: Sound) -> int:
        """How far the instrument is from a sound as loud at its loudest, in steps of volume."""
        frames, peak = len(sound.volumes), max(sound.volumes) or FULL
        volumes = [scaled(volume, peak) for volume in self.volumes.expand(frames)]
        duties = self.duties.expand(frames) if self.duties else sound.duties[:1] * frames
        return (
            sum(abs(ours - theirs) for ours, theirs in zip(volumes, sound.volumes, strict=True))
            + WRONG_PITCH * _differing(self._steps(frames), sound.steps)
            + WRONG_DUTY * _differing(duties, sound.duties)
            + WRONG_END * (bool(volumes[-1]) != bool(sound.volumes[-1]))
        )

    def moves_as(self, sound: Sound) -> bool:
        """Whether the instrument's pitches are the sound's."""
        return self._steps(len(sound.steps)) == sound.steps

    def _steps(self, frames: int) -> Values:
        return self.steps.expand(frames) if self.steps else (0,) * frames


@dataclass(frozen=True, slots=True)
class Played:
    """How a sound is played: the instrument's number, the row's volume, and whether that is exact."""

    instrument: int
    column: int
    exact: bool = True


def scaled(volume: int, column: int) -> int:
    """The volume that FamiTracker makes of an instrument's and a row's, neither of which fades to nothing."""
    return max(volume * column // FULL, 1 if volume and column else 0)


def choose(sounds: Iterable[Sound]) -> tuple[list[Instrument], dict[Sound, Played]]:
    """Instruments for sounds, and how each sound is played: the longest first, since they also play the shorter.

    Where more than `MOST_INSTRUMENTS` would be needed, those that play most notes are kept. The rest is played by the
    nearest that keeps to a pitch or to those asked for: others might leave the channel's range.
    """
    count = Counter(sounds)
    found: list[Instrument] = []
    by_number: dict[Sound, Played] = {}
    for sound in sorted(count, key=lambda one: (-len(one.volumes), one.steps, one.volumes, one.duties)):
        played = _exact(sound, found)
        if played is None:
            found.append(Instrument.of(sound))
            exact = found[-1].column(sound) is not None  # more may change in a sound than a sequence can say
            played = Played(len(found) - 1, max(sound.volumes) or FULL, exact)
        by_number[sound] = played
    uses = Counter(dict.fromkeys(range(len(found)), 0))
    for sound, played in by_number.items():
        uses[played.instrument] += count[sound]
    kept = [number for number, _ in uses.most_common(MOST_INSTRUMENTS)]
    if len(found) > len(kept) and all(found[number].steps for number in kept):
        found.append(Instrument(Sequence((FULL,))))
        kept[-1] = len(found) - 1
    place = {number: i for i, number in enumerate(kept)}
    instruments = [found[number] for number in kept]
    chosen = {}
    for sound, played in by_number.items():
        if played.instrument in place:
            chosen[sound] = replace(played, instrument=place[played.instrument])
        else:
            fitting = [i for i, one in enumerate(instruments) if not one.steps or one.moves_as(sound)]
            number = min(fitting, key=lambda i: instruments[i].distance(sound))
            chosen[sound] = Played(number, max(sound.volumes) or FULL, exact=False)
    return instruments, chosen


def _exact(sound: Sound, instruments: list[Instrument]) -> Played | None:
    for number, instrument in enumerate(instruments):
        column = instrument.column(sound)
        if column is not None:
            return Played(number, column)
    return None


def _held(values: Values) -> Values:
    """The values without what repeats the last at their end, no longer than a sequence may be."""
    end = len(values)
    while end > 1 and values[end - 2] == values[-1]:
        end -= 1
    return values[: min(end, LONGEST_SEQUENCE)]


def cycle(values: Values) -> int | None:
    """The shortest cycle, of two frames or more, that the values begin again; None where there is none."""
    for frames in range(2, min(LONGEST_FIGURE, len(values) - 1) + 1):
        if values[frames:] == values[:-frames]:
            return frames
    return None


def _figure(steps: Values) -> Sequence:
    """Steps as a loop where they are one, else with the last held."""
    frames = cycle(steps)
    if frames and len(steps) >= 2 * frames:
        return Sequence(steps[:frames], 0)
    held = _held(steps)
    return Sequence(held, len(held) - 1)


def _differing(ours: Values, theirs: Values) -> int:
    return sum(a != b for a, b in zip(ours, theirs, strict=True))
