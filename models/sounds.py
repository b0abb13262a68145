"""How notes sound: volume envelopes and duties of the pulses and the noise, as numbers of a codebook.

The codebook is learnt from real songs and kept beside a model's weights. A sound begins with an attack and runs on
through the ornaments that follow without a gap (arpeggios, slides, drum sweeps), as the console's sound engines play
them. Which sound a note gets is the model's to say; how that is written is in `models.tokens`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.score import CHANNELS, NO, TR, Change, Note, Score

CODEBOOK_FILE = "sounds.json"
SOUNDS = (128, 128, 0, 64)
"""Envelopes that each channel can name; the pulses share theirs. The triangle has no volume."""
DUTIES = (16, 16, 0, 2)
"""Courses of duty that each channel can name: a pulse's four that stay, and twelve that change."""
ENVELOPE_FRAMES, DUTY_FRAMES = 32, 8
"""Frames that a codebook describes; after them the last value stays."""
ORNAMENT = 3
"""A note of so many frames at the most is an ornament: the next one, if it follows at once, goes on with its sound."""

_KEEP = 2.0
"""Mean squared error, in steps of volume, by which another envelope must fit better before a channel changes to it:
a fifth of the changes go, and the mean error grows by a tenth (docs/experiments.md)."""
_LEARNT_FROM = 40_000
"""Attacks that a codebook is learnt from at the most."""
_ROUNDS = 16
"""Of Lloyd's algorithm (1982)."""

Curves = npt.NDArray[np.float32]
Named = tuple[int | None, int | None]
"""(envelope, duty) that a note names; None where it keeps what its channel had."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A sound's run through one or more notes: where it begins, its period or pitch there, volumes and duties by frame.

    forced: whether the notes alone would not tell that it begins there.
    """

    start: int
    pitch: int
    volumes: tuple[int, ...]
    duties: tuple[int, ...]
    forced: bool


class Codebook:
    """Envelopes and courses of duty: volumes [128, 32] of the pulses and [64, 32] of the noise, duties [16, 8]."""

    def __init__(self, pulse: Sequence[Sequence[int]], noise: Sequence[Sequence[int]], duty: Sequence[Sequence[int]]):
        self._lists = {"pulse": pulse, "noise": noise, "duty": duty}
        self.pulse, self.noise = np.array(pulse, np.float32), np.array(noise, np.float32)
        self.duty = np.array(duty, np.float32)

    @classmethod
    def load(cls, folder: Path) -> Codebook:
        """The codebook beside a model."""
        return cls(**json.loads((folder / CODEBOOK_FILE).read_text()))

    def save(self, folder: Path) -> None:
        """Write it beside a model."""
        lists = {name: [list(map(int, row)) for row in rows] for name, rows in self._lists.items()}
        (folder / CODEBOOK_FILE).write_text(json.dumps(lists, separators=(",", ":")))

    def envelopes(self, channel: int) -> Curves:
        """The envelopes that a channel can name [sounds, 32]."""
        return self.noise if channel == NO else self.pulse

    def volume(self, channel: int, sound: int, begin: int, length: int) -> tuple[Change, ...]:
        """The volume of a note that begins `begin` frames after its sound's attack."""
        return _changes(self.envelopes(channel)[sound], begin, length)

    def duties(self, channel: int, course: int, begin: int, length: int) -> tuple[Change, ...]:
        """The duty of a note that begins `begin` frames after its sound's attack; for noise, its mode."""
        if channel == NO:
            return ((0, course),)
        return _changes(self.duty[course], begin, length)


def _changes(curve: Curves, begin: int, length: int) -> tuple[Change, ...]:
    values = curve[np.minimum(np.arange(begin, begin + length), len(curve) - 1)].astype(int).tolist()
    return ((0, values[0]), *((i, b) for i, (a, b) in enumerate(pairwise(values), 1) if a != b))


# --- from notes to sounds --------------------------------------------------------------------------------------


def goes_on(before: Note | None, note: Note) -> bool:
    """Whether a note goes on with the sound of the one before it, as far as notes alone can tell."""
    return before is not None and before.end == note.start and before.length <= ORNAMENT


def attacks(notes: Iterable[Note]) -> Iterator[Attack]:
    """The attacks of a channel, in order."""
    found: Attack | None = None
    before: Note | None = None
    for note in notes:
        volumes, duties = _by_frame(note.volume, note.length), _by_frame(note.duty, note.length)
        joined = goes_on(before, note)
        if found is not None and joined and volumes[0] <= found.volumes[-1] + 1:
            found = replace(found, volumes=found.volumes + volumes, duties=found.duties + duties)
        else:
            if found is not None:
                yield found
            found = Attack(note.start, note.pitch, volumes, duties, joined)
        before = note
    if found is not None:
        yield found


def _by_frame(changes: tuple[Change, ...], length: int) -> tuple[int, ...]:
    """A note's value at each frame."""
    ends = [*(offset for offset, _ in changes[1:]), length]
    values: list[int] = []
    for (offset, value), end in zip(changes, ends, strict=True):
        values += [value] * (end - offset)
    return tuple(values)


def name_sounds(score: Score, codebook: Codebook) -> list[dict[int, Named]]:
    """For each channel, what the note that begins on a frame must name, where it names anything."""
    return [_named(channel, notes, codebook) for channel, notes in enumerate(score.channels)]


def _named(channel: int, notes: Sequence[Note], codebook: Codebook) -> dict[int, Named]:
    found = list(attacks(notes)) if channel != TR else []
    if not found:
        return {}
    misfit = _misfits(*_padded([attack.volumes for attack in found], ENVELOPE_FRAMES), codebook.envelopes(channel))
    if channel == NO:
        courses = np.array([attack.duties[0] for attack in found])
    else:
        courses = _misfits(*_padded([attack.duties for attack in found], DUTY_FRAMES), codebook.duty).argmin(axis=1)
    best = misfit.argmin(axis=1)
    named: dict[int, Named] = {}
    memory, course = Memory(channel), -1
    for i, attack in enumerate(found):
        kept = memory.recall(attack.pitch)
        fits = kept is not None and misfit[i, kept] <= misfit[i, best[i]] + _KEEP
        sound = kept if fits and kept is not None else int(best[i])
        memory.keep(attack.pitch, sound)
        new_sound = sound if attack.forced or not fits else None
        new_course = int(courses[i]) if courses[i] != course else None
        course = int(courses[i])
        if new_sound is not None or new_course is not None:
            named[attack.start] = (new_sound, new_course)
    return named


class Memory:
    """The sound that a channel has when none is named: its last, for noise the last at the same period."""

    def __init__(self, channel: int) -> None:
        self._by_pitch = channel == NO
        self._sounds: dict[int, int] = {}
        self._last: int | None = None

    def keep(self, pitch: int, sound: int) -> None:
        """A note of a pitch has had a sound."""
        self._last = self._sounds[pitch] = sound

    def recall(self, pitch: int) -> int | None:
        """The sound of a note that names none; None where the channel has named none yet."""
        return self._sounds.get(pitch, self._last) if self._by_pitch else self._last


# --- learning --------------------------------------------------------------------------------------------------


def learn_codebook(scores: Iterable[Score], seed: int) -> Codebook:
    """A codebook of the envelopes and duties in real songs: k-means over the frames that each attack lasts."""
    random = np.random.default_rng(seed)
    pulse: list[Attack] = []
    noise: list[Attack] = []
    for score in scores:
        for channel, notes in enumerate(score.channels):
            if channel != TR:
                (noise if channel == NO else pulse).extend(attacks(notes))
    envelopes = [_k_means(random, some, SOUNDS[channel]) for some, channel in ((pulse, 0), (noise, NO))]
    return Codebook(*(rows.astype(int).tolist() for rows in envelopes), _common_duties(pulse))


def _k_means(random: np.random.Generator, found: Sequence[Attack], count: int) -> Curves:
    """`count` envelopes [count, 32], fewest errors first in none: an attack counts only the frames that it lasts."""
    if not found:
        return np.full((count, ENVELOPE_FRAMES), 15, np.float32)
    few = random.choice(len(found), min(_LEARNT_FROM, len(found)), replace=False)
    values, lasts = _padded([found[i].volumes for i in few], ENVELOPE_FRAMES)
    filled = _held(values, lasts)
    centres = filled[random.choice(len(few), count, replace=len(few) < count)]
    for _ in range(_ROUNDS):
        nearest = _misfits(values, lasts, centres).argmin(axis=1)
        for i in range(count):
            own = nearest == i
            weight = lasts[own].sum(axis=0)
            if not own.any():
                centres[i] = filled[random.integers(len(few))]
                continue
            mean = (values[own] * lasts[own]).sum(axis=0) / np.maximum(weight, 1)
            centres[i] = _held(mean[None], (weight > 0)[None].astype(np.float32))[0]
    return np.asarray(np.round(centres), np.float32)


def _held(values: Curves, lasts: Curves) -> Curves:
    """Curves whose last value stays where they do not last."""
    ends = np.maximum(lasts.sum(axis=1).astype(int) - 1, 0)
    frames = np.minimum(np.arange(values.shape[1])[None], ends[:, None])
    return np.take_along_axis(values, frames, axis=1)


def _padded(rows: Sequence[Sequence[int]], frames: int) -> tuple[Curves, Curves]:
    """(values [rows, frames], 1 where they last and 0 after)."""
    values = np.zeros((len(rows), frames), np.float32)
    lasts = np.zeros_like(values)
    for i, row in enumerate(rows):
        length = min(len(row), frames)
        values[i, :length], lasts[i, :length] = row[:length], 1
    return values, lasts


def _misfits(values: Curves, lasts: Curves, centres: Curves) -> Curves:
    """Mean squared error of each row against each centre, over the frames that it lasts [rows, centres]."""
    squares = (values * values * lasts).sum(axis=1)[:, None] - 2 * (values * lasts) @ centres.T
    squares += lasts @ (centres * centres).T
    return np.asarray(squares / lasts.sum(axis=1)[:, None], np.float32)


def _common_duties(found: Iterable[Attack]) -> list[list[int]]:
    """The four duties that stay, then the courses that change most often, then the first again to fill the table."""
    highest = CHANNELS[0].duties[1]
    steady = [[duty] * DUTY_FRAMES for duty in range(highest + 1)]
    count = Counter(attack.duties[:DUTY_FRAMES] for attack in found if len(attack.duties) >= DUTY_FRAMES)
    changing = [list(course) for course, _ in count.most_common() if len(set(course)) > 1]
    courses = [*steady, *changing[: DUTIES[0] - len(steady)]]
    return courses + [steady[0]] * (DUTIES[0] - len(courses))
