"""One line after another through a song: which is followed when, so that changes fall between phrases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def follow(worth: Array, active: npt.NDArray[np.bool_], hold: float, rest: float = 0.0) -> npt.NDArray[np.int64]:
    """The line to follow in each slice, by Viterbi's algorithm: the most worth in all, less what changes cost.

    worth: of following each line in each slice [slices, lines], 0 where it rests. hold: the cost of leaving a line in
    the middle of a phrase, and of entering one there; between phrases a change costs a tenth of it. rest: the worth
    of following none, which is told as the number of lines.
    """
    silence = np.zeros((len(worth), 1))
    worth, active = np.append(worth, silence + rest, axis=1), np.append(active, silence > 0, axis=1)
    slices, lines = worth.shape
    before = np.zeros_like(active)
    before[1:] = active[:-1]
    inside = active & before
    cost = np.where(inside, hold, 0.1 * hold)
    came = np.zeros((slices, lines), dtype=np.int64)
    here = np.arange(lines)
    value = worth[0].copy()
    for t in range(1, slices):
        left = value - cost[t]
        best = int(left.argmax())
        changed = left[best] - cost[t]
        stays = value >= changed
        came[t] = np.where(stays, here, best)
        value = np.where(stays, value, changed) + worth[t]
    path = np.zeros(slices, dtype=np.int64)
    path[-1] = int(value.argmax())
    for t in range(slices - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path
