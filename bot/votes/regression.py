"""Bayesian logistic regression with a normal prior, in plain Python: the bot's side loads no numpy.

The most probable weights by Newton's method, and their covariance by Laplace's approximation (Bishop, 2006, "Pattern
recognition and machine learning", 4.5). For a dozen columns and a thousand rows; knows nothing of what they mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLOSE = 1e-6
"""The weights are found once none moves by more than this."""
ROUNDS = 25

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One observation. values: a column each. offset: known beforehand, in logits. happened: or not. weight: 0 to 1."""

    values: Sequence[float]
    offset: float
    happened: bool
    weight: float = 1.0

    def logit(self, weights: Sequence[float]) -> float:
        """What some weights say of it."""
        return self.offset + sum(weight * value for weight, value in zip(weights, self.values, strict=True))

    def likelihood(self, weights: Sequence[float]) -> float:
        """The log of the probability of what happened, times the row's weight."""
        logit = self.logit(weights)
        return self.weight * log_chance(logit if self.happened else -logit)


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, a column each, and the deviations of what is known of them."""

    weights: tuple[float, ...]
    deviations: tuple[float, ...]


def chance(logit: float) -> float:
    """The probability of a logit."""
    return 0.5 * (1 + math.tanh(logit / 2))


def log_chance(logit: float) -> float:
    """The log of that, also where it is close to 0."""
    return min(logit, 0.0) - math.log1p(math.exp(-abs(logit)))


def fit(rows: Sequence[Row], columns: int, prior: float) -> Fit:
    """The most probable weights. prior: the deviation of each around 0, which alone holds where there are no rows."""
    weights = [0.0] * columns
    for _ in range(ROUNDS):
        slope, curve = _derivatives(rows, weights, prior)
        step = solve(curve, slope)
        weights = [weight + moved for weight, moved in zip(weights, step, strict=True)]
        if max(map(abs, step), default=0.0) < CLOSE:
            break
    _, curve = _derivatives(rows, weights, prior)
    units = [[float(i == j) for j in range(columns)] for i in range(columns)]
    return Fit(tuple(weights), tuple(math.sqrt(solve(curve, unit)[i]) for i, unit in enumerate(units)))


def _derivatives(rows: Sequence[Row], weights: Sequence[float], prior: float) -> tuple[list[float], Matrix]:
    """The slope of the log posterior, and its curvature with the sign turned."""
    columns = range(len(weights))
    slope = [-weight / prior**2 for weight in weights]
    curve = [[float(i == j) / prior**2 for j in columns] for i in columns]
    for row in rows:
        p = chance(row.logit(weights))
        error, bend = row.weight * (row.happened - p), row.weight * p * (1 - p)
        for i in columns:
            value = row.values[i]
            slope[i] += error * value
            line, scaled = curve[i], bend * value
            for j in range(i + 1):
                line[j] += scaled * row.values[j]
    for i in columns:
        for j in range(i):
            curve[j][i] = curve[i][j]
    return slope, curve


def solve(matrix: Matrix, right: Sequence[float]) -> list[float]:
    """The x of `matrix` x = `right`, for a symmetric positive definite matrix, by Cholesky's decomposition."""
    size = len(right)
    lower: Matrix = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    found: list[float] = []
    for i in range(size):
        found.append((right[i] - sum(lower[i][k] * found[k] for k in range(i))) / lower[i][i])
    for i in reversed(range(size)):
        found[i] = (found[i] - sum(lower[k][i] * found[k] for k in range(i + 1, size))) / lower[i][i]
    return found
