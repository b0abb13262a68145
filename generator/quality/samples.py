"""The two sides of a comparison: held-out songs and generated tunes, cut to one length, and their figures.

A song is longer than a tune, so length alone would set them apart (what returns, how many keys, how many drums): of
both sides the beginning of one length is measured, and what is shorter is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from generator.analysis.bars import bars_of, passage_returns
from generator.analysis.keys import key_profiles
from generator.analysis.statistics import STATISTICS
from generator.quality.overlap import Array
from generator.quality.tunes import Progress
from models.music.score import Note, Score
from models.music.songs import midi_files, read_midi_file, read_songs
from models.parallel import in_parallel


@dataclass(frozen=True, slots=True)
class Sample:
    """One side's figures. values: [songs, statistics] in the order of `STATISTICS`. returns: whether a passage does.

    too_short: left out for their length. sounds: whether volume and duty are the console's own.
    """

    values: Array
    returns: tuple[bool, ...]
    too_short: int
    sounds: bool

    @property
    def size(self) -> int:
        """Songs measured."""
        return len(self.returns)


@dataclass(frozen=True, slots=True)
class Figures:
    """One score's figures, as in `Sample`."""

    values: tuple[float, ...]
    returns: bool


def measure(score: Score) -> Figures:
    """All statistics of one score."""
    return Figures(tuple(each.measure(score) for each in STATISTICS), passage_returns(bars_of(score)))


def measure_songs(source: Path, frames: int, progress: Progress) -> Sample:
    """The real side: the MIDI files below a folder, or a corpus file, without its further arrangements of a song.

    Raises CorpusError as `chiptune evaluate` does.
    """
    if not source.is_file():
        return measure_files(midi_files(source), frames, progress)
    songs = [song for song in read_songs(source) if song.reduction == 0]
    return _sample([song.score for song in songs], frames, progress, sounds=all(song.real for song in songs))


def measure_files(files: list[Path], frames: int, progress: Progress) -> Sample:
    """A side of MIDI files with tracks p1, p2, tr and no. Raises CorpusError."""
    return _sample(files, frames, progress, sounds=True)


def first_frames(score: Score, frames: int) -> Score:
    """The first frames of a score; what still sounds ends there."""

    def cut(note: Note) -> Note:
        end = min(note.end, frames)
        volume = tuple(change for change in note.volume if change[0] < end - note.start)
        duty = tuple(change for change in note.duty if change[0] < end - note.start)
        return replace(note, end=end, volume=volume, duty=duty)

    channels = tuple(tuple(cut(note) for note in notes if note.start < frames) for notes in score.channels)
    loop = score.loop if score.loop is not None and score.loop < frames else None
    return replace(score, channels=channels, frames=min(frames, score.frames), loop=loop)


def _sample(sources: Sequence[Path | Score], frames: int, progress: Progress, *, sounds: bool) -> Sample:
    """The figures of all scores and files of scores that are long enough."""
    key_profiles()  # takes a second to load: once, before the processes part
    all_found = in_parallel(partial(_measure_beginning, frames=frames), sources)
    found = [one for one in progress(all_found, len(sources), "measuring") if one]
    values = np.array([one.values for one in found], dtype=float).reshape(len(found), len(STATISTICS))
    return Sample(values, tuple(one.returns for one in found), len(sources) - len(found), sounds)


def _measure_beginning(source: Path | Score, frames: int) -> Figures | None:
    """One score's figures, or None where it is too short."""
    score = read_midi_file(source) if isinstance(source, Path) else source
    return measure(first_frames(score, frames)) if score.frames >= frames else None
