"""How good songs are, and how sure that is, from judgements of two at a time; and which two to ask about next.

Bradley and Terry's model (1952, "Rank analysis of incomplete block designs", Biometrika 39, 324-345): the first of two
songs is preferred with probability 1 / (1 + exp(b - a)), where a and b are their strengths. These have a normal prior
around 0 of deviation `PRIOR`; what is most probable is found by Newton's method, one strength after the other. That two
are even is half a preference each way. The deviations are those of Laplace's approximation by the curvature of each
strength by itself, so that they are a little small.

Everything is worked out anew from the judgements that stand: whatever is erased leaves no trace. In plain Python, since
the bot's side loads no numpy, which choix needs; openskill needs none, but its updates, one after the other, find the
order less well (docs/reference.md has the figures). Whose judgements these are is the store's (`bot.store.battles`).
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

PRIOR = 1.5
"""The strengths' deviation before anything is judged, in logits: the better of two is then preferred by about 78 %."""
Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %: an interval holds 95 %."""
CLOSE = 1e-4
"""The strengths are found once none moves by more than this."""
ROUNDS = 200
AMONG = 64
"""How many of the least sure songs are looked at for the next pair."""

Judged = tuple[str, str, float]
"""A judgement: two songs' ids, and 1 where the first is preferred, 0 where the second is, 0.5 where neither is."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A song's strength and its deviation, in logits; from how many judgements."""

    mean: float = 0.0
    deviation: float = PRIOR
    judgements: int = 0

    @property
    def low(self) -> float:
        """The chance to be preferred to an average song of the place, the lower bound of 95 %."""
        return chance(self.mean - Z * self.deviation)

    @property
    def middle(self) -> float:
        """The chance to be preferred to an average song of the place."""
        return chance(self.mean)

    @property
    def high(self) -> float:
        """Likewise, the upper bound of 95 %."""
        return chance(self.mean + Z * self.deviation)


UNKNOWN = Strength()
"""Of a song that nobody has judged."""


def chance(difference: float) -> float:
    """The probability that a song is preferred to one whose strength is so much lower."""
    return 1 / (1 + math.exp(-difference))


def strengths(judged: Iterable[Judged]) -> dict[str, Strength]:
    """The strengths of all songs that were judged. Time grows with the number of judgements."""
    met: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for first, second, outcome in judged:
        met[first].append((second, outcome))
        met[second].append((first, 1 - outcome))
    means = dict.fromkeys(met, 0.0)
    for _ in range(ROUNDS):
        moved = 0.0
        for song, others in met.items():
            slope, curve = _slope(means[song], ((means[other], outcome) for other, outcome in others))
            means[song] += slope / curve
            moved = max(moved, abs(slope / curve))
        if moved < CLOSE:
            break
    return {
        song: Strength(mean, _slope(mean, ((means[other], 0.0) for other, _ in met[song]))[1] ** -0.5, len(met[song]))
        for song, mean in means.items()
    }


def _slope(mean: float, others: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The log posterior's derivative by one strength, and its second one with the sign turned."""
    slope, curve = -mean / PRIOR**2, 1 / PRIOR**2
    for other, outcome in others:
        expected = chance(mean - other)
        slope += outcome - expected
        curve += expected * (1 - expected)
    return slope, curve


def next_pair(
    songs: Sequence[str], known: Mapping[str, Strength], asked: Collection[frozenset[str]], rng: random.Random
) -> tuple[str, str] | None:
    """The pair of some songs that says most about the order, in random order; None where all were asked.

    That is p (1 - p) times the sum of their variances: by so much a judgement is expected to narrow these.

    asked: pairs that are left out. Equals are drawn by lot.
    """
    drawn = sorted(rng.sample(songs, len(songs)), key=lambda song: -known.get(song, UNKNOWN).deviation)
    found = _best(drawn[:AMONG], known, asked) or _best(drawn, known, asked)
    return (found[1], found[0]) if found and rng.random() < 0.5 else found


def _best(
    songs: Sequence[str], known: Mapping[str, Strength], asked: Collection[frozenset[str]]
) -> tuple[str, str] | None:
    """The first of the best pairs. songs: those that are least sure come first."""
    best, pair = 0.0, None
    for number, first in enumerate(songs):
        one = known.get(first, UNKNOWN)
        if one.deviation**2 / 2 < best:  # nothing that follows can be better
            break
        for second in songs[number + 1 :]:
            other = known.get(second, UNKNOWN)
            variance = one.deviation**2 + other.deviation**2
            if variance / 4 <= best:
                break
            p = chance(one.mean - other.mean)
            if p * (1 - p) * variance > best and frozenset((first, second)) not in asked:
                best, pair = p * (1 - p) * variance, (first, second)
    return pair
