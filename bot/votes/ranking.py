"""The strengths of songs, estimated from judgements of pairs, and the choice of the next pair to judge.

The model is that of Bradley and Terry (1952, "Rank analysis of incomplete block designs", Biometrika 39, 324-345): the
first of two songs is preferred with probability 1 / (1 + exp(b - a)), where a and b are their strengths. The strengths
have a normal prior with mean 0 and deviation `PRIOR`. Newton's method finds the most probable ones, one strength after
the other. A draw counts as half a preference each way. The deviations are Laplace's approximation from the curvature
of each strength alone, so they are slightly too small.

The strengths are always computed from all current judgements, so an erased judgement leaves no trace. This is plain
Python because the bot's side does not load numpy, which choix needs; openskill does not need it, but its sequential
updates find the order less well (docs/reference.md has the figures). `bot.store.battles` stores the judgements.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

PRIOR = 1.5
"""The prior deviation of the strengths, in logits: the better of two songs is preferred in about 78 % of cases."""
Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution, for intervals of 95 %."""
CLOSE = 1e-4
"""The iteration ends when no strength moves by more than this."""
ROUNDS = 200
CANDIDATES = 64
"""The number of least certain songs that are searched for the next pair."""

Judgement = tuple[str, str, float]
"""Two songs' ids, and 1 if the first is preferred, 0 if the second is, 0.5 if neither is."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A song's strength and its deviation, in logits, and the number of judgements behind them."""

    mean: float = 0.0
    deviation: float = PRIOR
    judgements: int = 0

    @property
    def low(self) -> float:
        """The lower bound (95 %) of the probability of being preferred to an average song of the scope."""
        return chance(self.mean - Z * self.deviation)

    @property
    def middle(self) -> float:
        """The probability of being preferred to an average song of the scope."""
        return chance(self.mean)

    @property
    def high(self) -> float:
        """The upper bound (95 %) of the probability of being preferred to an average song of the scope."""
        return chance(self.mean + Z * self.deviation)


UNJUDGED = Strength()
"""The strength of a song without judgements."""


def chance(difference: float) -> float:
    """Return the probability that a song is preferred to one whose strength is lower by `difference`."""
    return 1 / (1 + math.exp(-difference))


def strengths(judgements: Iterable[Judgement]) -> dict[str, Strength]:
    """Return the strengths of all judged songs. The time grows with the number of judgements."""
    opponents: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for first, second, outcome in judgements:
        opponents[first].append((second, outcome))
        opponents[second].append((first, 1 - outcome))
    means = dict.fromkeys(opponents, 0.0)
    for _ in range(ROUNDS):
        moved = 0.0
        for song, others in opponents.items():
            slope, curve = _slope(means[song], ((means[other], outcome) for other, outcome in others))
            means[song] += slope / curve
            moved = max(moved, abs(slope / curve))
        if moved < CLOSE:
            break
    return {
        song: Strength(
            mean, _slope(mean, ((means[other], 0.0) for other, _ in opponents[song]))[1] ** -0.5, len(opponents[song])
        )
        for song, mean in means.items()
    }


def _slope(mean: float, others: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the derivative of the log posterior by one strength, and its second derivative negated."""
    slope, curve = -mean / PRIOR**2, 1 / PRIOR**2
    for other, outcome in others:
        expected = chance(mean - other)
        slope += outcome - expected
        curve += expected * (1 - expected)
    return slope, curve


def next_pair(
    songs: Sequence[str], strengths: Mapping[str, Strength], excluded: Collection[frozenset[str]], rng: random.Random
) -> tuple[str, str] | None:
    """Return the pair of songs whose judgement would tell most, in random order, or None if all pairs are excluded.

    That pair has the largest p (1 - p) times the sum of the variances, which is how much a judgement is expected to
    reduce them. Ties are broken at random.
    """
    drawn = sorted(rng.sample(songs, len(songs)), key=lambda song: -strengths.get(song, UNJUDGED).deviation)
    pair = _best(drawn[:CANDIDATES], strengths, excluded) or _best(drawn, strengths, excluded)
    return (pair[1], pair[0]) if pair and rng.random() < 0.5 else pair


def _best(
    songs: Sequence[str], strengths: Mapping[str, Strength], excluded: Collection[frozenset[str]]
) -> tuple[str, str] | None:
    """Return the best pair, the first one if several are equal. songs: the least certain first."""
    best, pair = 0.0, None
    for number, first in enumerate(songs):
        strength = strengths.get(first, UNJUDGED)
        if strength.deviation**2 / 2 < best:  # no later pair can be better
            break
        for second in songs[number + 1 :]:
            other = strengths.get(second, UNJUDGED)
            variance = strength.deviation**2 + other.deviation**2
            if variance / 4 <= best:
                break
            p = chance(strength.mean - other.mean)
            if p * (1 - p) * variance > best and frozenset((first, second)) not in excluded:
                best, pair = p * (1 - p) * variance, (first, second)
    return pair
