"""The taste of a place: found by simulated voters who have one, not found by those who have none, and said in words."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.bot.taste import Figures, Scenario, Server, evaluate_taste, first, read_tunes
from bot.votes.regression import Row, chance, fit, log_chance, solve
from bot.votes.taste_descriptions import WORDS, describe_choice, describe_taste
from bot.votes.taste_model import (
    MARGIN,
    MAX_VOTES_PER_VOTER,
    MIN_VOTES,
    PRIOR,
    Preference,
    TasteEstimate,
    Vote,
    estimate_taste,
)
from generator.protocol.tastes import FEATURES, parse_taste

TUNES = read_tunes()
SEEDS = range(8)


def votes_of(likes: Sequence[bool], *, voter: str = "a") -> list[Vote]:
    """One person's votes, each on a tune of its own that has drums where it is liked."""
    return [Vote(f"{voter} {i}", voter, liked, {"drums": 6.0 * liked}) for i, liked in enumerate(likes)]


def people(count: int, votes: int = 10) -> list[Vote]:
    """So many people who like drums."""
    return [vote for number in range(count) for vote in votes_of([True, False] * (votes // 2), voter=str(number))]


def test_the_weights_are_the_most_probable() -> None:
    """Three of four likes on one column of 1: w / PRIOR² = 3 - 4 p; the deviation by the curvature there."""
    found = fit([Row((1.0,), 0.0, happened) for happened in (True, True, True, False)], 1, 0.8)
    [weight], [deviation] = found.weights, found.deviations
    assert weight / 0.8**2 == pytest.approx(3 - 4 * chance(weight), abs=1e-6)
    assert deviation**-2 == pytest.approx(1 / 0.8**2 + 4 * chance(weight) * (1 - chance(weight)), abs=1e-6)


def test_a_row_of_half_weight_is_half_a_row_and_without_rows_the_prior_holds() -> None:
    whole = fit([Row((1.0, 0.5), 0.3, True)], 2, 1.0)
    halves = fit([Row((1.0, 0.5), 0.3, True, 0.5)] * 2, 2, 1.0)
    assert whole.weights == pytest.approx(halves.weights)
    assert fit([], 2, 0.7).weights == (0.0, 0.0)
    assert fit([], 2, 0.7).deviations == pytest.approx((0.7, 0.7))


def test_equations_are_solved_and_extremes_have_a_likelihood() -> None:
    rng = random.Random(1)
    rows = [[rng.gauss(0, 1) for _ in range(5)] for _ in range(9)]
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(5)] for i in range(5)]
    right = [1.0, -2.0, 0.5, 0.0, 3.0]
    x = solve(matrix, right)
    assert [sum(a * b for a, b in zip(line, x, strict=True)) for line in matrix] == pytest.approx(right)
    assert log_chance(-1000) == -1000
    assert log_chance(1000) == 0
    assert chance(-1000) == 0


def test_a_feature_in_which_one_tune_hardly_differs_says_nothing() -> None:
    votes = [replace(vote, features={**vote.features, "syncopation": 0.0}) for vote in people(20)]
    votes[0] = replace(votes[0], features={**votes[0].features, "syncopation": 0.0009})
    found = estimate_taste(votes)
    assert found.taste
    assert set(found.taste) == {"drums"}
    assert parse_taste(found.taste) == found.taste


def test_under_fifty_votes_nothing_is_told() -> None:
    found = estimate_taste(people(4, 12))
    assert (found.votes, found.enough, found.acts, found.taste, found.preferences) == (48, False, False, None, ())
    assert describe_taste(found)[0] == f"Not enough votes yet: 48 of {MIN_VOTES}."
    assert estimate_taste([]).votes == 0


def test_one_person_counts_for_twenty_votes_however_many_they_cast() -> None:
    loud = votes_of([True, False] * 200)
    assert estimate_taste(loud).votes == MAX_VOTES_PER_VOTER
    assert not estimate_taste(loud).enough
    assert estimate_taste([*loud, *people(3)]).votes == MAX_VOTES_PER_VOTER + 30


def test_a_clear_taste_acts_and_is_said() -> None:
    found = estimate_taste(people(8))
    assert found.acts
    assert found.gain >= MARGIN
    [drums] = found.preferences  # the only feature in which the tunes differ
    assert (drums.feature, drums.mean, drums.spread) == ("drums", 3.0, 3.0)
    assert 0 < drums.low < drums.weight < drums.high
    assert found.taste
    assert parse_taste(found.taste) == found.taste
    [first_words, sure] = describe_taste(found)
    assert first_words == "People here like more drums."
    assert "80 votes of 8 people on 80 tunes" in sure


def test_people_who_like_everything_tell_nothing() -> None:
    """That they were asked about drums alone is no taste: their readiness explains it."""
    votes = [Vote(f"{i}", f"{i % 8}", True, {"drums": float(i % 5)}) for i in range(80)]
    found = estimate_taste(votes)
    assert found.enough
    assert not found.acts
    assert all(abs(one.weight) < PRIOR / 2 for one in found.preferences)


def test_readiness_is_not_mistaken_for_taste() -> None:
    """One half of the people like all and voted on drums, the other half like nothing and voted on tunes without."""
    votes = [
        Vote(f"{kind} {person} {i}", f"{kind} {person}", bool(kind), {"drums": 6.0 * kind + i % 3})
        for kind in (0, 1)
        for person in range(6)
        for i in range(10)
    ]
    found = estimate_taste(votes)
    [drums] = found.preferences
    assert abs(drums.weight) < 0.5
    # what separates the halves is worth four times as much where it is each person's own
    own = [replace(vote, voter=f"p{i % 12}") for i, vote in enumerate(votes)]
    assert estimate_taste(own).preferences[0].weight > 2 * abs(drums.weight)


@pytest.fixture(scope="module")
def with_taste() -> list[Figures]:
    return [evaluate_taste(Server(Scenario(taste=1.8), seed, TUNES), 200) for seed in SEEDS]


def test_a_taste_tells_votes_on_unseen_tunes_better_than_chance(with_taste: list[Figures]) -> None:
    aucs = [one.auc for one in with_taste]
    assert statistics.mean(aucs) > 0.6
    assert min(aucs) > 0.5
    assert sum(one.liked.acts for one in with_taste) >= 5
    assert statistics.mean(one.gain for one in with_taste) > 0.05


def test_where_there_is_no_taste_nothing_acts() -> None:
    scenarios = [Scenario(quality=quality) for quality in (0.0, 1.0)]
    acts = [
        estimate_taste(first(Server(scenario, seed, TUNES).votes(), 120)).acts
        for scenario in scenarios
        for seed in SEEDS
    ]
    assert sum(acts) <= 1


def test_the_same_votes_give_the_same_taste() -> None:
    votes = first(Server(Scenario(taste=1.8), 1, TUNES).votes(), 100)
    assert estimate_taste(votes) == estimate_taste(list(votes))


def test_every_feature_has_words() -> None:
    assert set(WORDS) == set(FEATURES)


def preference(feature: str, weight: float, deviation: float) -> Preference:
    return Preference(feature, weight, deviation, 0.0, 1.0)


def test_a_taste_in_words() -> None:
    preferences = (
        preference("tempo", 0.3, 0.1),
        preference("minor", -0.5, 0.1),
        preference("volume", 0.01, 0.05),
        preference("pitches", -0.02, 0.05),
        preference("bass", 0.1, 0.2),
    )
    liked = TasteEstimate(64.5, 7, 30, preferences, 3.0, 0.66, 0.58)
    assert describe_taste(liked) == [
        "People here like major keys and faster tunes. These matter little to them: pitch variety and volume.",
        "This is from votes that count for 64 of 7 people on 30 tunes. It predicts 66% of the votes on tunes that"
        " it had not learnt from; how readily each person likes anything predicts 58%.",
    ]
    unsure = replace(liked, preferences=(preference("tempo", 0.1, 0.2), preference("bass", -0.15, 0.2)))
    assert describe_taste(unsure)[0] == (
        "People here have a taste, but no single part of it is certain; probably they like less bass and faster tunes."
    )
    assert describe_taste(replace(liked, gain=1.0))[0].startswith("No taste can be seen yet: ")


def test_a_recipe_says_what_a_taste_chose_and_how_to_get_it_again() -> None:
    got = {"take": 3, "takes": 4, "likeliest": 1, "take_seed": 99}
    assert describe_choice(got) == (
        "Take 3 of 4, chosen by what people here like; without their votes it would be take 1."
        " Seed 99 with one take gives it alone"
    )
    assert "the same without their votes" in describe_choice({**got, "take": 1})
    assert describe_choice({"density": "low"}) == ""
