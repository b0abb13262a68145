"""Selects one voice after another through a song, so that changes fall between phrases."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def select_voices(
    salience: Array, active: npt.NDArray[np.bool_], switch_cost: float, silence_salience: float = 0.0
) -> npt.NDArray[np.int64]:
    """Return the voice to follow in each slice, by Viterbi's algorithm: the highest total salience minus the cost of
    changes.

    salience: of each voice in each slice [slices, voices], 0 where it rests. active: whether a voice is in a phrase
    [slices, voices]. switch_cost: the cost of leaving a voice in the middle of a phrase, and of entering one there;
    between phrases a change costs a tenth. silence_salience: of following no voice, which the result shows as the
    number of voices.
    """
    silence = np.zeros((len(salience), 1))
    salience, active = np.append(salience, silence + silence_salience, axis=1), np.append(active, silence > 0, axis=1)
    slices, voices = salience.shape
    before = np.zeros_like(active)
    before[1:] = active[:-1]
    inside = active & before
    cost = np.where(inside, switch_cost, 0.1 * switch_cost)
    previous = np.zeros((slices, voices), dtype=np.int64)
    here = np.arange(voices)
    value = salience[0].copy()
    for t in range(1, slices):
        after_leaving = value - cost[t]
        best = int(after_leaving.argmax())
        changed = after_leaving[best] - cost[t]
        stays = value >= changed
        previous[t] = np.where(stays, here, best)
        value = np.where(stays, value, changed) + salience[t]
    path = np.zeros(slices, dtype=np.int64)
    path[-1] = int(value.argmax())
    for t in range(slices - 1, 0, -1):
        path[t - 1] = previous[t, path[t]]
    return path
