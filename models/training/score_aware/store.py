"""What trackers say of every song of a corpus, worked out once and kept on disk as plain arrays.

The arrays are opened as memory maps, so that a run starts at once and several share the memory. Everything is in the
songs' own keys; crops and keys are drawn in `models.training.score_aware.crops`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import UsageError
from models.features.candidates import COUNT
from models.features.columns import RAW
from models.features.given import Played
from models.features.tracker import Tracker
from models.music.score import CHANNELS
from models.parallel import in_parallel
from models.training.score_aware.songs import Songs

VERSION = 1
"""Of the arrays; a store of another one is made anew."""
INDEX_FILE = "index.json"
_ARRAYS: dict[str, tuple[Any, int]] = {
    "events": (np.int16, 0),
    "ticks": (np.int32, 0),
    "raw": (np.uint8, RAW),
    "tokens": (np.int16, COUNT),
    "buckets": (np.uint8, COUNT),
}
"""By name the type of each array and its columns, 0 for none; a row an event."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a tracker said of one song. events, ticks [n]; raw [n, RAW]; tokens, buckets: candidates [n, COUNT]."""

    events: npt.NDArray[np.int16]
    ticks: npt.NDArray[np.int32]
    raw: npt.NDArray[np.uint8]
    tokens: npt.NDArray[np.int16]
    buckets: npt.NDArray[np.uint8]
    played: Played


def told_of(events: list[int]) -> Told:
    """Return what a tracker says of a song, by the numbers of its events."""
    tracker = Tracker()
    ticks, raw, tokens, buckets = [], [], [], []
    for event in events:
        tracker.feed(event)
        ticks.append(tracker.tick)
        raw.append(tracker.columns)
        tokens.append(tracker.candidates.tokens)
        buckets.append(tracker.candidates.buckets)
    return Told(
        np.array(events, np.int16),
        np.array(ticks, np.int32),
        np.frombuffer(b"".join(raw), np.uint8).reshape(len(events), RAW),
        np.array(tokens, np.int16),
        np.array(buckets, np.uint8),
        Played(
            tuple(np.array(some, np.int64) for some in tracker.ticks),
            tuple(np.array(some, np.uint8) for some in tracker.codes),
        ),
    )


class Store:
    """Songs on disk. names: of the songs. starts: where each begins in the arrays [songs + 1]."""

    def __init__(self, folder: Path) -> None:
        """Open what `build` wrote. Raises UsageError where there is none, or one of another version."""
        index = _read_index(folder)
        if index is None:
            raise UsageError(f"There are no features in {folder}: they have to be made first.")
        self.names: list[str] = index["names"]
        self.real: list[bool] = index["real"]
        self.starts = np.array(index["starts"], np.int64)
        self._played = np.array(index["played"], np.int64)
        self._arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        self._folder = folder
        self._ticks = np.load(folder / "played_ticks.npy", mmap_mode="r")
        self._codes = np.load(folder / "played_codes.npy", mmap_mode="r")

    def __len__(self) -> int:
        return len(self.names)

    def __reduce__(self) -> tuple[type[Store], tuple[Path]]:
        """Let another process open the same files instead of copying the arrays."""
        return Store, (self._folder,)

    def rows(self, song: int, positions: npt.NDArray[np.int64], name: str) -> npt.NDArray[Any]:
        """Some rows of one array of a song."""
        return np.asarray(self._arrays[name][self.starts[song] + positions])

    def events(self, song: int) -> npt.NDArray[np.int16]:
        """All events of a song [n]."""
        return np.asarray(self._arrays["events"][self.starts[song] : self.starts[song + 1]])

    def played(self, song: int) -> Played:
        """What each channel of a song plays."""
        edges = self._played[song]
        spans = [slice(edges[c], edges[c + 1]) for c in range(len(CHANNELS))]
        return Played(
            tuple(np.asarray(self._ticks[span], np.int64) for span in spans),
            tuple(np.asarray(self._codes[span]) for span in spans),
        )


def build(songs: Songs, folder: Path, progress: Any = iter) -> Store:
    """Work out a store for some songs in parallel, whole or not at all; one that is there already is opened."""
    if _read_index(folder) is None:
        fresh = folder.with_name(folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _write(
            songs, in_parallel(told_of, progress([songs.song(number).tolist() for number in range(len(songs))])), fresh
        )
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    return Store(folder)


def _write(songs: Songs, found: Iterable[Told], folder: Path) -> None:
    starts = songs.starts
    arrays = {
        name: np.lib.format.open_memmap(
            folder / f"{name}.npy", "w+", kind, (int(starts[-1]), columns) if columns else (int(starts[-1]),)
        )
        for name, (kind, columns) in _ARRAYS.items()
    }
    ticks, codes, played, edge = [], [], [], 0
    for number, told in enumerate(found):
        for name, array in arrays.items():
            array[starts[number] : starts[number + 1]] = getattr(told, name)
        edges = [edge]
        for some, what in zip(told.played.ticks, told.played.codes, strict=True):
            ticks.append(some)
            codes.append(what)
            edge += len(some)
            edges.append(edge)
        played.append(edges)
    for array in arrays.values():
        array.flush()
    np.save(folder / "played_ticks.npy", np.concatenate(ticks).astype(np.int32))
    np.save(folder / "played_codes.npy", np.concatenate(codes))
    index = {
        "version": VERSION,
        "raw": RAW,
        "names": songs.names.tolist(),
        "real": songs.real.tolist(),
        "starts": starts.tolist(),
        "played": played,
    }
    (folder / INDEX_FILE).write_text(json.dumps(index))


def _read_index(folder: Path) -> dict[str, Any] | None:
    """The index of a store of this version, or None."""
    path = folder / INDEX_FILE
    if not path.exists():
        return None
    index: dict[str, Any] = json.loads(path.read_text())
    return index if (index["version"], index["raw"]) == (VERSION, RAW) else None
