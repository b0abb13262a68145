"""Bayesian logistic regression with a normal prior, in plain Python because the bot's side does not load numpy.

Newton's method finds the most probable weights, and Laplace's approximation their covariance (Bishop, 2006, "Pattern
recognition and machine learning", 4.5). It is meant for a dozen columns and a thousand rows. Callers give the columns
their meaning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CLOSE = 1e-6
"""The iteration ends when no weight moves by more than this."""
ROUNDS = 25

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One observation. values: one per column. offset: in logits, not fitted. happened: the outcome. weight: 0 to 1."""

    values: Sequence[float]
    offset: float
    happened: bool
    weight: float = 1.0

    def logit(self, weights: Sequence[float]) -> float:
        """Return the logit of the outcome under some weights."""
        return self.offset + sum(weight * value for weight, value in zip(weights, self.values, strict=True))

    def likelihood(self, weights: Sequence[float]) -> float:
        """Return the log of the outcome's probability under some weights, times the row's weight."""
        logit = self.logit(weights)
        return self.weight * log_chance(logit if self.happened else -logit)


@dataclass(frozen=True, slots=True)
class Fit:
    """The fitted weights, one per column, and their posterior deviations."""

    weights: tuple[float, ...]
    deviations: tuple[float, ...]


def chance(logit: float) -> float:
    """Return the probability of a logit."""
    return 0.5 * (1 + math.tanh(logit / 2))


def log_chance(logit: float) -> float:
    """Return the log of a logit's probability. It stays exact for probabilities near 0."""
    return min(logit, 0.0) - math.log1p(math.exp(-abs(logit)))


def fit(rows: Sequence[Row], columns: int, prior: float) -> Fit:
    """Return the most probable weights. prior: their deviation around 0 before any rows."""
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
    """Return the gradient of the log posterior, and its Hessian negated."""
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
    """Solve `matrix` x = `right` for a symmetric positive definite matrix, by Cholesky decomposition. Return x."""
    size = len(right)
    lower: Matrix = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    solution: list[float] = []
    for i in range(size):
        solution.append((right[i] - sum(lower[i][k] * solution[k] for k in range(i))) / lower[i][i])
    for i in reversed(range(size)):
        solution[i] = (solution[i] - sum(lower[k][i] * solution[k] for k in range(i + 1, size))) / lower[i][i]
    return solution
