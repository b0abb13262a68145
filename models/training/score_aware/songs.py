"""The songs of a run as one small file of numbers, so that a run can be prepared on one machine and trained on another.

`models.training.examples` makes the songs; `models.training.score_aware.store` works out their features.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.features.events import numbers_of
from models.training.examples import Example

SONGS_FILE = "songs.npz"


@dataclass(frozen=True, slots=True)
class Songs:
    """Songs as numbers of events.

    names: of the songs [songs]. real: whether each was recorded from the console [songs]. starts: where each begins
    in `events`, and where the last one ends [songs + 1]. events: numbers of all events, song after song.
    """

    names: npt.NDArray[np.str_]
    real: npt.NDArray[np.bool_]
    starts: npt.NDArray[np.int64]
    events: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.names)

    def song(self, number: int) -> npt.NDArray[np.int16]:
        """Return the events of one song."""
        return self.events[self.starts[number] : self.starts[number + 1]]

    def save(self, folder: Path) -> None:
        """Write the songs into a folder, compressed."""
        new = folder / f"new.{SONGS_FILE}"
        np.savez_compressed(new, names=self.names, real=self.real, starts=self.starts, events=self.events)
        new.replace(folder / SONGS_FILE)


def songs_of(examples: Iterable[Example]) -> Songs:
    """Return examples as numbers of events."""
    names, real, events = [], [], []
    for example in examples:
        names.append(example.name)
        real.append(example.real)
        events.append(np.array(numbers_of(example.text), np.int16))
    starts = np.concatenate([[0], np.cumsum([len(song) for song in events])]).astype(np.int64)
    return Songs(np.array(names, np.str_), np.array(real, np.bool_), starts, np.concatenate(events))


def load_songs(folder: Path) -> Songs | None:
    """Return the songs that `Songs.save` wrote into a folder, or None if there are none."""
    path = folder / SONGS_FILE
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return Songs(arrays["names"], arrays["real"], arrays["starts"], arrays["events"])
