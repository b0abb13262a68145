"""The longest run of notes that a tune shares with any one of the songs that a model was trained on.

Each pulse and the triangle is read as a melodic line, without ornaments that the sound engine plays frame by frame,
repeated notes, and short figures that recur at once. Each phrase of a line, a few successive intervals, is hashed. An
index holds which songs have which phrases, and nothing else. A run is shared if one song has all its phrases: in any
key, from any frame on, at any tempo, on any of the three channels.

Neither rhythm nor drums are compared; docs/experiments.md says why, and where the figures come from. What to do about a
tune that shares too much is left to `generator.composing.compose`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from generator.analysis.fingerprints import fnv1a
from generator.protocol.errors import FaultError
from models.music.score import P1, P2, TR, Note, Score
from models.music.songs import Song

INDEX_FILE = "originality.npz"
"""The index of the songs that a model was trained on, beside its weights."""
MAX_SHARED_NOTES = 20
"""The longest run, in notes, that a tune may share with a song of the index. A longer one is a copy.

Of NES-MDB's validation songs from series without a training game, 2 of 265 share more with a training song, and so do 1
of 367 excerpts of 32 s (`python -m benchmarks.composing.originality CORPUS`; docs/experiments.md).
"""
PHRASE_INTERVALS = 6
"""Intervals in a phrase. The shortest run has one note more."""
ORNAMENT_FRAMES = 4
"""A note that begins fewer frames than this after the previous one is an ornament."""
ORNAMENT_FRAMES_TRIED = (ORNAMENT_FRAMES - 1, ORNAMENT_FRAMES, ORNAMENT_FRAMES + 1)
"""The values tried on a tune: at another tempo, the ornaments of a copy are a frame longer or shorter."""
MAX_FIGURE_NOTES = 4
"""A figure of at most this many notes counts once if it recurs at once: trills, arpeggios, octave basses."""

_LINES = (P1, P2, TR)
_OCTAVES = 128
"""Added to intervals, which are -87 to 87, to make them positive."""

Phrases = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Which songs have which phrases: pairs of a phrase's hash and a song's number, sorted by hash.

    hashes, songs: [pairs]. Songs are numbered in the order they were added. Neither names nor notes are kept.
    """

    hashes: Phrases
    songs: npt.NDArray[np.uint32]

    @classmethod
    def build(cls, songs: Iterable[Score | Song]) -> Index:
        """Return the index of songs, which are read one at a time."""
        phrases = [_phrases_of(song.score if isinstance(song, Song) else song) for song in songs]
        hashes = np.concatenate([np.array([], dtype=np.uint32), *phrases])
        numbers = np.repeat(np.arange(len(phrases), dtype=np.uint32), [len(hashes) for hashes in phrases])
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], numbers[order])

    def save(self, path: Path) -> None:
        """Write the index as .npz. The same songs give the same bytes. Raise OSError."""
        # Differences between sorted numbers are small, and small numbers compress well.
        steps = np.diff(self.hashes, prepend=np.uint32(0))
        with path.open("wb") as file:
            np.savez_compressed(file, steps=steps, songs=self.songs)

    @classmethod
    def load(cls, path: Path) -> Index:
        """Return the index that `save` wrote. Raise FaultError if the file is missing, damaged or something else."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                steps, songs = arrays["steps"], arrays["songs"]
        except FileNotFoundError as error:
            raise FaultError(f"There is no index in {path}: chiptune originality makes one.") from error
        except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error) as error:
            raise FaultError(f"{path} is no file of chiptune originality, or is damaged.") from error
        if steps.dtype != np.uint32 or songs.dtype != np.uint32 or steps.ndim != 1 or steps.shape != songs.shape:
            raise FaultError(f"{path} is no file of chiptune originality, or is damaged.")
        return cls(np.cumsum(steps, dtype=np.uint32), songs)


@cache
def load_index(model: Path) -> Index | None:
    """Return the index in a model's folder, read once per process, or None if there is none. Raise as `Index.load`."""
    file = model / INDEX_FILE
    return Index.load(file) if file.exists() else None


def longest_shared_run(score: Score, index: Index) -> int:
    """Return the notes of the longest run that a channel shares with one song of the index, or 0 if there is none.

    A phrase that recurs in the run counts once, so a loop is as long as what it repeats. The index does not know the
    order of a song's phrases. If they follow each other in another order in the tune, the run may be longer than any in
    the song, but never shorter.
    """
    return max(
        _longest(phrase_hashes(score.channels[channel], fast), index)
        for channel in _LINES
        for fast in ORNAMENT_FRAMES_TRIED
    )


def phrase_hashes(notes: Sequence[Note], fast: int = ORNAMENT_FRAMES) -> Phrases:
    """Return the phrases of one channel, in order, each hashed to 32 bits [phrases]."""
    intervals = np.diff(np.array(melodic_line(notes, fast), dtype=np.int64))
    if len(intervals) < PHRASE_INTERVALS:
        return np.array([], dtype=np.uint32)
    runs = np.lib.stride_tricks.sliding_window_view(intervals + _OCTAVES, PHRASE_INTERVALS).astype(np.uint64)
    return fnv1a(list(runs.T)).astype(np.uint32)


def melodic_line(notes: Sequence[Note], fast: int = ORNAMENT_FRAMES) -> list[int]:
    """Return the pitches of a channel without ornaments, repeated notes, and figures that recur at once."""
    line: list[int] = []
    before = -fast
    for note in notes:
        if note.start - before >= fast:
            line.append(note.pitch)
            _drop_repeated(line)
        before = note.start
    return line


def _drop_repeated(line: list[int]) -> None:
    """Remove the last notes of a line if they repeat the notes just before them."""
    for length in range(1, MAX_FIGURE_NOTES + 1):
        if len(line) >= 2 * length and line[-length:] == line[-2 * length : -length]:
            del line[-length:]
            return


def _phrases_of(score: Score) -> Phrases:
    """Return the distinct phrases of a score's three lines, sorted [phrases]."""
    return np.unique(np.concatenate([phrase_hashes(score.channels[channel]) for channel in _LINES]))


def _longest(phrases: Phrases, index: Index) -> int:
    """Return the notes of the longest run of a line's phrases that are all in one song."""
    first = np.searchsorted(index.hashes, phrases, side="left")
    counts = np.searchsorted(index.hashes, phrases, side="right") - first
    places = np.repeat(np.arange(len(phrases)), counts)
    pairs = np.arange(len(places)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    # For each song, the positions of its phrases in the line. Successive numbers are a run; no run spans two songs.
    width = len(phrases) + 1
    keys = np.sort(index.songs[pairs].astype(np.int64) * width + places)
    edges = np.flatnonzero(np.diff(keys, prepend=-2, append=-2) != 1)
    lengths = np.diff(edges)
    best = 0
    for run in np.argsort(-lengths, kind="stable"):
        if lengths[run] <= best:
            break
        begin = int(keys[edges[run]]) % width
        best = max(best, len(set(phrases[begin : begin + int(lengths[run])].tolist())))
    return best + PHRASE_INTERVALS if best else 0
