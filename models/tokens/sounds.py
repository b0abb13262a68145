"""How notes sound: volume envelopes and duty curves of the pulses and the noise, as numbers of a codebook.

The codebook is learnt from recorded songs (`models.tokens.codebook`) and kept beside a model's weights. A sound starts
with an attack and continues through the ornaments that follow without a gap (arpeggios, slides, drum sweeps), as the
console's sound engines play them. The model chooses each note's sound; `models.tokens.codec` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import MusicError
from models.music.score import CHANNELS, NO, P1, TR, Change, Note, Score
from models.tokens.vocabulary import SOUNDS

CODEBOOK_FILE = "sounds.json"
ENVELOPE_FRAMES, DUTY_FRAMES = 48, 8
"""The frames that a codebook describes. After them the last value stays."""
SHAPES = {
    "pulse": (SOUNDS["env:pulse"], ENVELOPE_FRAMES),
    "noise": (SOUNDS["env:noise"], ENVELOPE_FRAMES),
    "duty": (SOUNDS["duty:pulse"], DUTY_FRAMES),
}
"""The shapes of a codebook's curves [numbers, frames]."""
ORNAMENT = 3
"""A note of at most this many frames is an ornament: a note that follows without a gap continues its sound."""

_KEEP = 1.0
"""The mean squared error, in steps of volume, by which another envelope must fit better before a channel changes to it.
This saves a fifth of the changes, and adds a twentieth to the mean error (docs/experiments.md)."""

Curves = npt.NDArray[np.float32]
Named = tuple[int | None, int | None]
"""The (envelope, duty) that a note names; None for what stays as the channel had it."""


class CodebookError(MusicError):
    """A file that holds no codebook."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A sound over one or more notes: its start, its pitch or period there, and volumes and duties by frame.

    forced: whether the notes alone do not show that it starts there.
    """

    start: int
    pitch: int
    volumes: tuple[int, ...]
    duties: tuple[int, ...]
    forced: bool


class Codebook:
    """Envelopes of the pulses [128, 48] and of the noise [64, 48], volumes 0-15, and duty curves [16, 8], 0-3.

    Raise CodebookError if a size or a value is wrong.
    """

    def __init__(self, pulse: Sequence[Sequence[int]], noise: Sequence[Sequence[int]], duty: Sequence[Sequence[int]]):
        self.pulse = _checked("pulse", pulse, CHANNELS[P1].volumes)
        self.noise = _checked("noise", noise, CHANNELS[NO].volumes)
        self.duty = _checked("duty", duty, CHANNELS[P1].duties)

    @classmethod
    def load(cls, folder: Path) -> Codebook:
        """Return the codebook beside a model. Raise CodebookError if there is none."""
        file = folder / CODEBOOK_FILE
        try:
            return cls(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError) as error:
            raise CodebookError(f"{file} holds no codebook of sounds: {error}.") from error

    def save(self, folder: Path) -> None:
        """Write the codebook beside a model."""
        lists = {name: getattr(self, name).astype(int).tolist() for name in SHAPES}
        (folder / CODEBOOK_FILE).write_text(json.dumps(lists, separators=(",", ":")))

    def envelopes(self, channel: int) -> Curves:
        """Return the envelopes that a channel can name [sounds, 48]."""
        return self.noise if channel == NO else self.pulse

    def volume(self, channel: int, sound: int, begin: int, length: int) -> tuple[Change, ...]:
        """Return the volume of a note that starts `begin` frames after its sound's attack."""
        return _changes(self.envelopes(channel)[sound], begin, length)

    def duties(self, channel: int, course: int, begin: int, length: int) -> tuple[Change, ...]:
        """Return the duty (for noise, the mode) of a note that starts `begin` frames after its sound's attack."""
        if channel == NO:
            return ((0, course),)
        return _changes(self.duty[course], begin, length)


def _checked(name: str, rows: Sequence[Sequence[int]], span: tuple[int, int]) -> Curves:
    """Return rows as an array. Raise CodebookError if its shape or a value is wrong."""
    curves = np.array(rows, np.float32)
    is_valid = (curves == np.round(curves)).all() and (curves >= span[0]).all() and (curves <= span[1]).all()
    if curves.shape != SHAPES[name] or not is_valid:
        raise CodebookError(f"a codebook has {name} curves {SHAPES[name]} of whole numbers {span[0]} to {span[1]}")
    return curves


def _changes(curve: Curves, begin: int, length: int) -> tuple[Change, ...]:
    values = curve[np.minimum(np.arange(begin, begin + length), len(curve) - 1)].astype(int).tolist()
    return ((0, values[0]), *((i, b) for i, (a, b) in enumerate(pairwise(values), 1) if a != b))


# --- from notes to sounds --------------------------------------------------------------------------------------


def continues_sound(before: Note | None, start: int) -> bool:
    """Return whether, by the notes alone, a note that starts at `start` continues the sound of the note before it."""
    return before is not None and before.end == start and before.length <= ORNAMENT


def attacks(notes: Iterable[Note]) -> Iterator[Attack]:
    """Yield the attacks of a channel in order. A volume that rises by more than a step starts a new one."""
    run: list[Note] = []
    volumes: list[int] = []
    forced = False
    for note in notes:
        joined = continues_sound(run[-1] if run else None, note.start)
        if run and not (joined and note.volume[0][1] <= volumes[-1] + 1):
            yield _attack(run, volumes, forced=forced)
            run, volumes = [], []
        if not run:
            forced = joined
        run.append(note)
        volumes += _by_frame(note.volume, note.length)
    if run:
        yield _attack(run, volumes, forced=forced)


def _attack(run: Sequence[Note], volumes: Iterable[int], *, forced: bool) -> Attack:
    duties = tuple(duty for note in run for duty in _by_frame(note.duty, note.length))
    return Attack(run[0].start, run[0].pitch, tuple(volumes), duties, forced)


def _by_frame(changes: tuple[Change, ...], length: int) -> tuple[int, ...]:
    """Return a note's value at each frame."""
    ends = [*(offset for offset, _ in changes[1:]), length]
    values: list[int] = []
    for (offset, value), end in zip(changes, ends, strict=True):
        values += [value] * (end - offset)
    return tuple(values)


def name_sounds(
    score: Score, codebook: Codebook, repeated: Sequence[dict[int, int]] = ({},) * len(CHANNELS)
) -> list[dict[int, Named]]:
    """Return for each channel what the note on a frame must name, for the notes that name anything.

    repeated: for each channel the frames on which repeated notes start, with the frames of the originals. They name
    what the originals named, since nothing more is written of them.
    """
    return [_named(channel, notes, codebook, repeated[channel]) for channel, notes in enumerate(score.channels)]


def _named(channel: int, notes: Sequence[Note], codebook: Codebook, repeated: dict[int, int]) -> dict[int, Named]:
    found = list(attacks(notes)) if channel != TR else []
    if not found:
        return {}
    misfit = mean_squared_errors(
        *pad_curves([attack.volumes for attack in found], ENVELOPE_FRAMES), codebook.envelopes(channel)
    )
    if channel == NO:
        courses = np.array([attack.duties[0] for attack in found])
    else:
        courses = mean_squared_errors(
            *pad_curves([attack.duties for attack in found], DUTY_FRAMES), codebook.duty
        ).argmin(axis=1)
    best = misfit.argmin(axis=1)
    begun = {attack.start: i for i, attack in enumerate(found)}
    named: dict[int, Named] = {}
    memory, course, before = Memory(channel), -1, None
    for note in notes:
        says: Named = (None, None)
        if note.start in repeated:
            says = named.get(repeated[note.start], says)
        elif note.start in begun:
            i = begun[note.start]
            kept = memory.recall(note.pitch)
            fits = kept is not None and misfit[i, kept] <= misfit[i, best[i]] + _KEEP
            envelope = kept if fits else int(best[i])
            says = (
                envelope if found[i].forced or not fits else None,
                int(courses[i]) if courses[i] != course else None,
            )
        if says != (None, None):
            named[note.start] = says
        # Update the state as `Voice` will when it reads this.
        sound = says[0] if says[0] is not None or continues_sound(before, note.start) else memory.recall(note.pitch)
        if sound is not None:
            memory.keep(note.pitch, sound)
        course = course if says[1] is None else says[1]
        before = note
    return named


class Memory:
    """The sound that a channel has if none is named: its last, for noise the last at the same period."""

    def __init__(self, channel: int) -> None:
        self._by_pitch = channel == NO
        self._sounds: dict[int, int] = {}
        self._last: int | None = None

    def keep(self, pitch: int, sound: int) -> None:
        """Remember the sound of a note."""
        self._last = self._sounds[pitch] = sound

    def recall(self, pitch: int) -> int | None:
        """Return the sound of a note that names none, or None if the channel has named none yet."""
        return self._sounds.get(pitch, self._last) if self._by_pitch else self._last


# --- from sounds to notes --------------------------------------------------------------------------------------


class Voice:
    """Reads a channel's notes and what they name, and returns how each note sounds.

    Before a channel has named a sound, its notes have the default volume and duty.
    """

    def __init__(self, channel: int, codebook: Codebook) -> None:
        self.channel, self.codebook = channel, codebook
        self._memory = Memory(channel)
        self._sound: int | None = None
        self._course = 0
        self._start = self._pitch = self._attack = 0

    def begin(self, before: Note | None, start: int, pitch: int) -> None:
        """Start a note. before: the channel's note before it."""
        self._start, self._pitch = start, pitch
        if not continues_sound(before, start):
            self._attack = start
            self._sound = self._memory.recall(pitch)
            if self._sound is not None:
                self._memory.keep(pitch, self._sound)

    def name_envelope(self, sound: int) -> None:
        """Give the note that has started an envelope, which makes it an attack."""
        self._attack, self._sound = self._start, sound
        self._memory.keep(self._pitch, sound)

    def name_duty(self, course: int) -> None:
        """Give the note that has started a duty curve, or a mode."""
        self._course = course

    def sounding(self, end: int) -> Note:
        """Return the note that has started, up to `end`."""
        length, begin = end - self._start, self._start - self._attack
        if self._sound is None:
            return Note(self._start, end, self._pitch)
        volume = self.codebook.volume(self.channel, self._sound, begin, length)
        duty = self.codebook.duties(self.channel, self._course, begin, length)
        return Note(self._start, end, self._pitch, volume, duty)


# --- curves ----------------------------------------------------------------------------------------------------


def pad_curves(rows: Sequence[Sequence[int]], frames: int) -> tuple[Curves, Curves]:
    """Return rows as (values [rows, frames], 1 for frames that a row lasts and 0 after it)."""
    values = np.zeros((len(rows), frames), np.float32)
    lasts = np.zeros_like(values)
    for i, row in enumerate(rows):
        length = min(len(row), frames)
        values[i, :length], lasts[i, :length] = row[:length], 1
    return values, lasts


def mean_squared_errors(values: Curves, lasts: Curves, centres: Curves) -> Curves:
    """Return the mean squared error of each row against each centre, over the row's frames [rows, centres]."""
    squares = (values * values * lasts).sum(axis=1)[:, None] - 2 * (values * lasts) @ centres.T
    squares += lasts @ (centres * centres).T
    return np.asarray(squares / lasts.sum(axis=1)[:, None], np.float32)
