"""At which distances a tune repeats itself: for every row the beats back at which the last rows were the same.

For each channel and each distance of `BACKS` a running score: rows that are equal to those so many beats before add to
it, others take most of it away. The best distance of a channel, and of all together, are where to look for what comes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.music.grid import ROWS
from models.music.score import CHANNELS
from models.tokens.vocabulary import BACKS

KEPT, LOST = 0.95, 0.25
"""What is left of a score after a row that is equal, and after one that is not."""
EMPTY = 0.1
"""What an empty row that is equal adds; any other adds 1."""
DISTANCES = np.array(BACKS)
_LOOKED = ROWS * DISTANCES

Row = tuple[tuple[int, int], ...]
"""What a channel does in one row: (frames after it, code) in order."""


class Lookback:
    """Follows a tune row by row. best: for each channel and for all together the number of the best distance in
    `BACKS`; scores: how well it fits.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.best = [0] * (len(CHANNELS) + 1)
        self.scores = [0.0] * (len(CHANNELS) + 1)
        self._known: dict[Row, int] = {(): 0}
        self._ids: npt.NDArray[np.int64] = np.zeros((len(CHANNELS), 256), np.int64)
        self._running = np.zeros((len(CHANNELS), len(BACKS)))

    def add(self, row: list[Row]) -> None:
        """The next row, as each channel played it."""
        number = self.rows
        if number == self._ids.shape[1]:
            self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)], axis=1)
        ids = np.array([self._known.setdefault(cell, len(self._known)) for cell in row])
        self._ids[:, number] = ids
        self.rows += 1
        source = number - _LOOKED
        equal = (self._ids[:, np.maximum(source, 0)] == ids[:, None]) & (source >= 0)
        gain = np.where(ids > 0, 1.0, EMPTY)[:, None]
        self._running = np.where(equal, KEPT * self._running + gain, LOST * self._running)
        together = self._running.sum(axis=0)
        chosen = self._running.argmax(axis=1)
        joint = int(together.argmax())
        self.best = [*chosen.tolist(), joint]
        self.scores = [*self._running[np.arange(len(chosen)), chosen].tolist(), float(together[joint])]
