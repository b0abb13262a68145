"""How well battles find the order of songs: simulated voters with one taste and noise, Spearman's rank correlation.

python -m benchmarks.bot.battles [--songs N] [--judgements N] [--seeds N]

The true strengths are normal, and voters choose as Bradley and Terry's model says. The pairs that `bot.votes.ranking` picks
are held against random ones, with as many judgements, of the same songs.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from dataclasses import dataclass

from bot.votes.ranking import UNKNOWN, Judged, chance, next_pair, strengths

SPREADS = (1.4, 1.7)
"""Deviations of the true strengths, in logits: over random pairs, voters prefer the better one in 78 and 81 %."""
SONGS, JUDGEMENTS = 40, 259


@dataclass(frozen=True)
class Outcome:
    """rank: Spearman's correlation. covered: the share of 95 % intervals that hold the truth. right: better one won."""

    rank: float
    covered: float
    right: float


def simulate(seed: int, *, picked: bool, songs: int = SONGS, judgements: int = JUDGEMENTS, spread: float) -> Outcome:
    """One evening of voters, each of whom judges one pair. picked: by `bot.votes.ranking`, else at random."""
    rng = random.Random(seed)
    names = [str(number) for number in range(songs)]
    true = {name: rng.gauss(0, spread) for name in names}
    judged: list[Judged] = []
    asked: set[frozenset[str]] = set()
    while len(judged) < judgements:
        pair = next_pair(names, strengths(judged), asked, rng) if picked else None
        first, second = pair or rng.sample(names, 2)
        asked.add(frozenset((first, second)))
        judged.append((first, second, float(rng.random() < chance(true[first] - true[second]))))
    found = strengths(judged)
    known = {name: found.get(name, UNKNOWN) for name in names}
    right = [(true[first] > true[second]) == bool(outcome) for first, second, outcome in judged]
    return Outcome(
        spearman([true[name] for name in names], [known[name].mean for name in names]),
        statistics.mean(known[name].low <= chance(true[name]) <= known[name].high for name in names),
        statistics.mean(right),
    )


def spearman(one: list[float], other: list[float]) -> float:
    """Spearman's rank correlation of two lists without ties: that of the ranks."""
    return statistics.correlation(_ranks(one), _ranks(other))


def _ranks(values: list[float]) -> list[int]:
    order = sorted(values)
    return [order.index(value) for value in values]


def main() -> None:
    """`python -m benchmarks.bot.battles`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=SONGS)
    parser.add_argument("--judgements", type=int, default=JUDGEMENTS)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    print(f"{options.songs} songs, {options.judgements} of {options.songs * (options.songs - 1) // 2} pairs judged")
    for spread in SPREADS:
        for picked in (True, False):
            began = time.perf_counter()
            found = [
                simulate(seed, picked=picked, songs=options.songs, judgements=options.judgements, spread=spread)
                for seed in range(options.seeds)
            ]
            ranks = [one.rank for one in found]
            print(
                f"spread {spread}, {'picked' if picked else 'random'} pairs: rank correlation"
                f" {statistics.mean(ranks):.3f} ({min(ranks):.3f} to {max(ranks):.3f}),"
                f" better one preferred {statistics.mean(one.right for one in found):.0%},"
                f" intervals hold the truth {statistics.mean(one.covered for one in found):.0%},"
                f" {(time.perf_counter() - began) / options.seeds:.2f} s"
            )


if __name__ == "__main__":
    main()
