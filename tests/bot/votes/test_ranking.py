"""The ranking by battles: what is known of it by heart, and the order that noisy voters of one taste lead to."""

import random
import statistics

import pytest

from benchmarks.bot.battles import simulate
from bot.votes.ranking import PRIOR, UNJUDGED, Strength, chance, next_pair, strengths

SEEDS = range(5)


def test_the_strengths_are_the_most_probable() -> None:
    """Of two songs the strengths are opposite, and the slope of the posterior is 0: m / PRIOR² = n (share - p)."""
    found = strengths([("a", "b", 1.0)] * 3 + [("b", "a", 1.0)])
    mean = found["a"].mean
    assert mean == pytest.approx(-found["b"].mean, abs=1e-3)
    assert mean / PRIOR**2 == pytest.approx(3 - 4 * chance(2 * mean), abs=1e-3)
    assert [one.judgements for one in found.values()] == [4, 4]


def test_even_is_half_each_way() -> None:
    even, both = strengths([("a", "b", 0.5)] * 2), strengths([("a", "b", 1.0), ("a", "b", 0.0)])
    assert even["a"].mean == pytest.approx(both["a"].mean) == pytest.approx(0)
    assert even["a"].deviation == pytest.approx(both["a"].deviation)
    assert even["a"].deviation < UNJUDGED.deviation


def test_one_who_always_wins_has_a_bound() -> None:
    found = strengths([("a", "b", 1.0)] * 1000)
    assert 0 < found["a"].mean < 10
    assert 0 < found["a"].low < found["a"].high < 1


def test_no_judgements_no_strengths() -> None:
    assert strengths([]) == {}


def test_pairs_are_near_and_little_known_and_not_asked_before() -> None:
    rng = random.Random(1)
    known = {"a": Strength(2, 0.3, 9), "b": Strength(-2, 0.3, 9), "c": Strength(2, 0.5, 5), "d": Strength(-1.8, 0.5, 5)}
    assert set(next_pair("abcd", known, set(), rng) or ()) in ({"a", "c"}, {"b", "d"})
    asked = {frozenset(pair) for pair in ("ab", "ac", "ad", "bc", "bd")}
    assert set(next_pair("abcd", known, asked, rng) or ()) == {"c", "d"}
    assert next_pair("abcd", known, asked | {frozenset("cd")}, rng) is None
    assert next_pair("a", known, set(), rng) is None


def test_many_songs_of_which_the_least_known_were_all_asked() -> None:
    songs = [f"{number:03}" for number in range(80)]
    known = {song: Strength(0, 0.2, 9) for song in songs[70:]}
    asked = {frozenset((one, other)) for one in songs[:70] for other in songs[:70] if one != other}
    pair = next_pair(songs, known, asked, random.Random(2))
    assert pair
    assert frozenset(pair) not in asked


def test_a_third_of_the_pairs_finds_the_order_better_than_random_pairs_do() -> None:
    """40 songs, 259 of 780 pairs; voters prefer the better of two random songs in 80 % of cases."""
    picked = [simulate(seed, picked=True, spread=1.7) for seed in SEEDS]
    by_lot = [simulate(seed, picked=False, spread=1.7) for seed in SEEDS]
    assert statistics.mean(one.rank for one in picked) >= 0.9
    assert statistics.mean(one.rank for one in picked) > statistics.mean(one.rank for one in by_lot)
    assert statistics.mean(one.covered for one in picked) > 0.8
