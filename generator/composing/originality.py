"""How long a run of notes a tune shares with any one of the songs that a model was trained on.

A pulse or the triangle is read as a line of notes without what makes no melody: ornaments that the sound engine plays
frame by frame, notes struck again, short figures repeated at once. Each phrase of a line, a few intervals in a row, is
hashed; an index holds which songs have which phrases and nothing else. A run is shared where all its phrases, one after
the other, are in the same song: in any key, from any frame on, at any tempo, on any of the three channels.

Rhythm is not compared, nor are drums: docs/experiments.md says why, and where the figures come from. What is done about
a tune that shares too much is left to whoever composes it.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from generator.analysis.fingerprints import fnv1a
from generator.protocol.errors import FaultError
from models.music.score import P1, P2, TR, Note, Score
from models.music.songs import Song

INDEX_FILE = "originality.npz"
"""The index of the songs that a model was trained on, beside its weights."""
THRESHOLD = 20
"""Notes of a run that a tune may share with a song of the index; more are a copy.

The valid part of NES-MDB against its train part: 2 of 265 songs of series that have no game there share more, and 1 of
367 excerpts of 32 s (`python -m benchmarks.composing.originality CORPUS`; docs/experiments.md).
"""
PHRASE = 6
"""Intervals in a phrase. A run of fewer than seven notes is none."""
FAST = 4
"""A note that begins within fewer frames after the one before is an ornament of it."""
READINGS = (FAST - 1, FAST, FAST + 1)
"""What is tried as `FAST` on a tune, since at another tempo the ornaments of a copy last a frame more or less."""
FIGURE = 4
"""Notes of the longest figure that counts once where it is repeated at once: trills, arpeggios, basses in octaves."""

_LINES = (P1, P2, TR)
_OCTAVES = 128
"""Added to intervals, which are -87 to 87, to make them positive."""

Phrases = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Which songs have which phrases: pairs of a phrase's hash and a song's number, in the order of the hashes.

    hashes, songs: [pairs]. The songs are numbered as they were given; neither names nor notes are kept.
    """

    hashes: Phrases
    songs: npt.NDArray[np.uint32]

    @classmethod
    def of(cls, songs: Iterable[Score | Song]) -> Index:
        """The index of some songs, read one at a time."""
        found = [_phrases_of(song.score if isinstance(song, Song) else song) for song in songs]
        hashes = np.concatenate([np.array([], dtype=np.uint32), *found])
        numbers = np.repeat(np.arange(len(found), dtype=np.uint32), [len(phrases) for phrases in found])
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], numbers[order])

    def save(self, path: Path) -> None:
        """Write the index as .npz; the same songs, the same bytes. Raises OSError."""
        # Steps between sorted numbers are small, and small numbers are packed well.
        steps = np.diff(self.hashes, prepend=np.uint32(0))
        with path.open("wb") as file:
            np.savez_compressed(file, steps=steps, songs=self.songs)

    @classmethod
    def load(cls, path: Path) -> Index:
        """The index that `save` wrote. Raises FaultError where the file is missing, damaged or another."""
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


def longest_shared(score: Score, index: Index) -> int:
    """Notes of the longest run that a channel of the score shares with one song of the index; 0 where there is none.

    A phrase that recurs in the run counts once, so that a loop is as long as what it repeats. The same score and index
    give the same figure. The order of the song's phrases is not known to the index: where its phrases follow each
    other otherwise in the tune, the run may be longer than any in the song, never shorter.
    """
    return max(
        _longest(phrases_of_line(score.channels[channel], fast), index) for channel in _LINES for fast in READINGS
    )


def phrases_of_line(notes: Sequence[Note], fast: int = FAST) -> Phrases:
    """The phrases of one channel's notes, in order, each as 32 bits [phrases]."""
    intervals = np.diff(np.array(line_of(notes, fast), dtype=np.int64))
    if len(intervals) < PHRASE:
        return np.array([], dtype=np.uint32)
    runs = np.lib.stride_tricks.sliding_window_view(intervals + _OCTAVES, PHRASE).astype(np.uint64)
    return fnv1a(list(runs.T)).astype(np.uint32)


def line_of(notes: Sequence[Note], fast: int = FAST) -> list[int]:
    """The pitches of a channel without ornaments, notes struck again, and figures repeated at once."""
    line: list[int] = []
    before = -fast
    for note in notes:
        if note.start - before >= fast:
            line.append(note.pitch)
            _drop_repeated(line)
        before = note.start
    return line


def _drop_repeated(line: list[int]) -> None:
    """Take the last notes off a line where they repeat as many just before them."""
    for length in range(1, FIGURE + 1):
        if len(line) >= 2 * length and line[-length:] == line[-2 * length : -length]:
            del line[-length:]
            return


def _phrases_of(score: Score) -> Phrases:
    """All different phrases of a score's three lines, sorted [phrases]."""
    return np.unique(np.concatenate([phrases_of_line(score.channels[channel]) for channel in _LINES]))


def _longest(phrases: Phrases, index: Index) -> int:
    """Notes of the longest run of a line's phrases that are all in one song."""
    first = np.searchsorted(index.hashes, phrases, side="left")
    counts = np.searchsorted(index.hashes, phrases, side="right") - first
    places = np.repeat(np.arange(len(phrases)), counts)
    pairs = np.arange(len(places)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    # Song after song, the places of its phrases in the line; numbers in a row are a run, and none crosses two songs.
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
    return best + PHRASE if best else 0
