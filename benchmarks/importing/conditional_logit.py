"""Fits a conditional logit (McFadden 1974): the candidate with the highest weighted sum of features is the most likely.

It knows nothing about music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PENALTY = 0.01
"""Weight of the squared weights, with features scaled to a standard deviation of 1."""
STEPS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice. features: [candidates, features]. right: the index of the right candidate."""

    features: Array
    right: int


def fit(choices: Sequence[Choice], penalty: float = PENALTY, prior: Array | None = None) -> Array:
    """Return the weights [features] with the least penalised surprise, found by damped Newton steps.

    prior: weights [features] whose distance is penalised; 0 if it is None.
    """
    every = np.concatenate([choice.features for choice in choices])
    scale = every.std(axis=0) + 1e-9
    scaled = [Choice((choice.features - every.mean(axis=0)) / scale, choice.right) for choice in choices]
    start = np.zeros(every.shape[1]) if prior is None else prior * scale
    weights = start
    now, slope, bend = _surprise(scaled, weights, penalty, start)
    for _ in range(STEPS):
        step = np.linalg.solve(bend, slope)
        for halving in range(10):
            tried = weights - step / 2**halving
            then = _surprise(scaled, tried, penalty, start)
            if then[0] < now:
                break
        else:
            break
        weights, (now, slope, bend) = tried, then
    return np.asarray(weights / scale)


def _surprise(choices: Sequence[Choice], weights: Array, penalty: float, start: Array) -> tuple[float, Array, Array]:
    """Return the mean surprise at the right candidates plus the penalty, its gradient and its Hessian."""
    moved = weights - start
    value = penalty / 2 * float(moved @ moved)
    slope = penalty * moved
    bend = penalty * np.eye(len(weights))
    for choice in choices:
        sums = choice.features @ weights
        chance = np.exp(sums - sums.max())
        value += float(np.log(chance.sum()) - sums[choice.right] + sums.max()) / len(choices)
        chance /= chance.sum()
        mean = chance @ choice.features
        slope = slope + (mean - choice.features[choice.right]) / len(choices)
        bend = bend + ((choice.features.T * chance) @ choice.features - np.outer(mean, mean)) / len(choices)
    return value, slope, bend
