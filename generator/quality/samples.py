"""The two samples that are compared: held-out songs and generated tunes, cut to one length, with their statistics.

Songs are longer than tunes, and length alone would make them differ (in what recurs, in keys, in drums). Both are
therefore measured from their start over the same length, and shorter ones are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from generator.analysis.bars import bars_of, passage_returns
from generator.analysis.keys import key_profiles
from generator.analysis.statistics import STATISTICS
from generator.quality.overlap import Array
from generator.quality.tunes import Progress
from models.music.cutting import first_frames
from models.music.score import Score
from models.music.songs import midi_files, read_midi_file, read_songs
from models.parallel import in_parallel


@dataclass(frozen=True, slots=True)
class Sample:
    """The statistics of one sample. values: [songs, statistics] in the order of `STATISTICS`. returns: whether a
    passage returns in each.

    too_short: how many were left out for their length. sounds: whether volume and duty are the console's own.
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
    """The figures of one score, as in `Sample`."""

    values: tuple[float, ...]
    returns: bool


def measure(score: Score) -> Figures:
    """Return all statistics of one score."""
    return Figures(tuple(statistic.measure(score) for statistic in STATISTICS), passage_returns(bars_of(score)))


def measure_songs(source: Path, frames: int, progress: Progress) -> Sample:
    """Measure the real sample: MIDI files in a folder, or a corpus file, with one arrangement of each song.

    Raise CorpusError if it cannot be read or is empty.
    """
    if not source.is_file():
        return measure_files(midi_files(source), frames, progress)
    songs = [song for song in read_songs(source) if song.reduction == 0]
    return _sample([song.score for song in songs], frames, progress, sounds=all(song.real for song in songs))


def measure_files(files: list[Path], frames: int, progress: Progress) -> Sample:
    """Measure MIDI files with tracks p1, p2, tr and no. Raise CorpusError if one cannot be read."""
    return _sample(files, frames, progress, sounds=True)


def _sample(sources: Sequence[Path | Score], frames: int, progress: Progress, *, sounds: bool) -> Sample:
    """Return the statistics of all scores, or files of scores, that are long enough."""
    key_profiles()  # takes a second to load: do it once, before there are child processes
    results = in_parallel(partial(_measure_beginning, frames=frames), sources)
    measured = [figures for figures in progress(results, len(sources), "measuring") if figures]
    values = np.array([figures.values for figures in measured], dtype=float).reshape(len(measured), len(STATISTICS))
    return Sample(values, tuple(figures.returns for figures in measured), len(sources) - len(measured), sounds)


def _measure_beginning(source: Path | Score, frames: int) -> Figures | None:
    """Return the figures of one score, or None if it is too short."""
    score = read_midi_file(source) if isinstance(source, Path) else source
    return measure(first_frames(score, frames)) if score.frames >= frames else None
