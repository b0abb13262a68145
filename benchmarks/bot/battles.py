"""How well battles find the order of songs: Spearman's rank correlation with the true order, for simulated voters.

    python -m benchmarks.bot.battles [--songs N] [--judgements N] [--seeds N]

The true strengths are normally distributed, and voters choose by the Bradley-Terry model. The pairs that
`bot.votes.ranking` picks are compared with the same number of random pairs of the same songs.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.votes.ranking import UNJUDGED, Judgement, chance, next_pair, strengths

SPREADS = (1.4, 1.7)
"""Standard deviations of the true strengths, in logits. Over random pairs, voters prefer the better song in 78 and 81 %
of the battles."""
SONGS, JUDGEMENTS = 40, 259


@dataclass(frozen=True)
class Outcome:
    """How one simulation ended.

    rank: Spearman's correlation with the true order. covered: the share of the 95 % intervals that hold the true value.
    right: the share of the battles that the better song won.
    """

    rank: float
    covered: float
    right: float


def simulate(seed: int, *, picked: bool, songs: int = SONGS, judgements: int = JUDGEMENTS, spread: float) -> Outcome:
    """Simulate voters who judge one pair each. picked: `bot.votes.ranking` picks the pairs; otherwise chance does."""
    rng = random.Random(seed)
    names = [str(number) for number in range(songs)]
    true = {name: rng.gauss(0, spread) for name in names}
    judged: list[Judgement] = []
    asked: set[frozenset[str]] = set()
    while len(judged) < judgements:
        pair = next_pair(names, strengths(judged), asked, rng) if picked else None
        first, second = pair or rng.sample(names, 2)
        asked.add(frozenset((first, second)))
        judged.append((first, second, float(rng.random() < chance(true[first] - true[second]))))
    judged_songs = strengths(judged)
    estimates = {name: judged_songs.get(name, UNJUDGED) for name in names}
    right = [(true[first] > true[second]) == bool(outcome) for first, second, outcome in judged]
    return Outcome(
        spearman([true[name] for name in names], [estimates[name].mean for name in names]),
        statistics.mean(estimates[name].low <= chance(true[name]) <= estimates[name].high for name in names),
        statistics.mean(right),
    )


def spearman(first: list[float], second: list[float]) -> float:
    """Return Spearman's rank correlation of two lists without ties."""
    return statistics.correlation(_ranks(first), _ranks(second))


def _ranks(values: list[float]) -> list[int]:
    order = sorted(values)
    return [order.index(value) for value in values]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures for picked and random pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=SONGS)
    parser.add_argument("--judgements", type=int, default=JUDGEMENTS)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args(arguments)
    print(f"{options.songs} songs, {options.judgements} of {options.songs * (options.songs - 1) // 2} pairs judged")
    for spread in SPREADS:
        for picked in (True, False):
            began = time.perf_counter()
            outcomes = [
                simulate(seed, picked=picked, songs=options.songs, judgements=options.judgements, spread=spread)
                for seed in range(options.seeds)
            ]
            ranks = [outcome.rank for outcome in outcomes]
            print(
                f"spread {spread}, {'picked' if picked else 'random'} pairs: rank correlation"
                f" {statistics.mean(ranks):.3f} ({min(ranks):.3f} to {max(ranks):.3f}),"
                f" better song preferred {statistics.mean(outcome.right for outcome in outcomes):.0%},"
                f" intervals hold the truth {statistics.mean(outcome.covered for outcome in outcomes):.0%},"
                f" {(time.perf_counter() - began) / options.seeds:.2f} s"
            )


if __name__ == "__main__":
    main()
