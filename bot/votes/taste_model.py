"""The taste of a scope's voters: a logistic model of votes by a dozen features of the tunes, and when it may act.

A vote is a like with probability 1 / (1 + exp(-(o + w · x))): o is how readily the voter likes anything, w the taste,
and x the tune's features, standardised over the tunes that were voted on, less the mean of those that this person voted
on. `bot.votes.regression` finds w under a normal prior around zero. The votes of one person together weigh at most
`MOST`, so that a taste is never one person's alone.

A taste acts only from `LEAST` votes on, and only if it predicts held-out votes (five-fold cross-validation over tunes)
better than the voters' readiness alone does, by `MARGIN` standard errors over the tunes. benchmarks/bot/taste.py
measures how seldom voters without a taste reach that. `bot.store.tastes` selects the votes that count, and
`taste_descriptions` puts a taste into words.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.votes.regression import Row, fit
from generator.protocol.tastes import FEATURES, Taste, standardized

LEAST = 50
"""Votes that a taste is told from, and more."""
MOST = 20
"""What the votes of one person count for at the most: a taste takes three people at least."""
PRIOR = 0.25
"""The weights' deviation before anybody votes, in logits a standard deviation of a feature."""
FOLDS = 5
"""Parts of the tunes that are held out in turn."""
MARGIN = 2.0
"""By how many standard errors the taste must tell held-out votes better than no taste does."""
LEAST_SPREAD = 1e-3
"""The least standard deviation of a feature that says anything; less is one tune of hundreds that differs a little."""
READY = 4.0
"""Usual votes on usual tunes that what is a person's own begins with."""
Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %: an interval holds 95 %."""

Values = Mapping[str, Sequence[float]]
"""By tune, its features in standard deviations from their means."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on a tune. features: the tune's, by the names of the contract."""

    song: str
    voter: str
    liked: bool
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Leaning:
    """What is known of one feature's weight, in logits a standard deviation of it. mean, spread: of the tunes'."""

    feature: str
    weight: float
    deviation: float
    mean: float
    spread: float

    @property
    def low(self) -> float:
        """The lower bound of 95 %."""
        return self.weight - Z * self.deviation

    @property
    def high(self) -> float:
        """The upper bound of 95 %."""
        return self.weight + Z * self.deviation


@dataclass(frozen=True, slots=True)
class Liked:
    """What can be said of a place's taste.

    votes: as they count; people, songs: whose and on what. leanings: of the features in which the tunes differ. gain:
    how many standard errors better held-out votes are told than without a taste. right, without: the shares of them
    told right by the taste, and by the voters' readiness alone.
    """

    votes: float = 0.0
    people: int = 0
    songs: int = 0
    leanings: tuple[Leaning, ...] = ()
    gain: float = 0.0
    right: float = 0.0
    without: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether there are votes enough to look for a taste."""
        return self.votes >= LEAST

    @property
    def acts(self) -> bool:
        """Whether there is a taste that may choose among takes."""
        return self.enough and self.gain >= MARGIN

    @property
    def taste(self) -> Taste | None:
        """What a request takes along; None where nothing acts."""
        if not self.acts:
            return None
        return {one.feature: (round(one.weight, 4), round(one.mean, 4), round(one.spread, 4)) for one in self.leanings}


def find_taste(votes: Sequence[Vote]) -> Liked:
    """The taste of some voters. Time grows with the number of votes: a third of a second for a thousand."""
    weights = _weights(votes)
    counted = sum(weights[vote.voter] for vote in votes)
    songs = list(dict.fromkeys(vote.song for vote in votes))
    found = Liked(round(counted, 3), len(weights), len(songs))
    scales = _scales(votes)
    if not found.enough or len(songs) < FOLDS or not scales:
        return found
    values = {vote.song: _standardised(vote.features, scales) for vote in votes}
    voters = _Voters(votes, weights, values)
    fitted = fit([voters.row(vote) for vote in votes], len(scales), PRIOR)
    leanings = tuple(
        Leaning(name, weight, deviation, *scales[name])
        for name, weight, deviation in zip(scales, fitted.weights, fitted.deviations, strict=True)
    )
    folds = {song: number % FOLDS for number, song in enumerate(songs)}
    gains: dict[str, float] = defaultdict(float)
    right = without = 0.0
    for vote, row, taste in _held_out(votes, folds, weights, values):
        gains[vote.song] += row.likelihood(taste) - row.likelihood([0.0] * len(scales))
        right += row.weight * ((row.logit(taste) > 0) == row.happened)
        without += row.weight * ((row.offset > 0) == row.happened)
    return replace(
        found,
        leanings=leanings,
        gain=_in_errors(gains.values()),
        right=right / counted,
        without=without / counted,
    )


def _held_out(
    votes: Sequence[Vote], folds: Mapping[str, int], weights: Mapping[str, float], values: Values
) -> Iterator[tuple[Vote, Row, Sequence[float]]]:
    """Each vote, its row, and the taste by the votes on the tunes of the other folds."""
    for fold in range(FOLDS):
        learnt = [vote for vote in votes if folds[vote.song] != fold]
        voters = _Voters(learnt, weights, values)
        taste = fit([voters.row(vote) for vote in learnt], len(next(iter(values.values()))), PRIOR).weights
        for vote in votes:
            if folds[vote.song] == fold:
                yield vote, voters.row(vote), taste


class _Voters:
    """What is each voter's own: how readily they like anything, and what tunes they vote on.

    Both are drawn to everybody's, the more the fewer votes there are. They are taken off, so that people who like
    everything and vote on some kind of tunes do not look like a taste for these.
    """

    def __init__(self, votes: Sequence[Vote], weights: Mapping[str, float], values: Values) -> None:
        self._weights, self._values = weights, values
        likes: dict[str, float] = defaultdict(float)
        cast: dict[str, int] = defaultdict(int)
        sums: dict[str, list[float]] = {}
        none = [0.0] * len(next(iter(values.values())))
        for vote in votes:
            likes[vote.voter] += vote.liked
            cast[vote.voter] += 1
            sums[vote.voter] = [a + b for a, b in zip(sums.get(vote.voter, none), values[vote.song], strict=True)]
        # Everybody's share counts a person once, however much they vote.
        shares = [(likes[voter] + 0.5) / (cast[voter] + 1) for voter in cast]
        usual = sum(shares) / len(shares) if shares else 0.5
        self._usual = _logit(usual)
        self._own = {voter: _logit((likes[voter] + READY * usual) / (cast[voter] + READY)) for voter in cast}
        self._means = {voter: [value / (cast[voter] + READY) for value in sums[voter]] for voter in cast}

    def row(self, vote: Vote) -> Row:
        """A vote as the regression takes it."""
        values = self._values[vote.song]
        if means := self._means.get(vote.voter):
            values = [value - mean for value, mean in zip(values, means, strict=True)]
        return Row(values, self._own.get(vote.voter, self._usual), vote.liked, self._weights[vote.voter])


def _weights(votes: Iterable[Vote]) -> dict[str, float]:
    """What a vote of each person counts."""
    cast: dict[str, int] = defaultdict(int)
    for vote in votes:
        cast[vote.voter] += 1
    return {voter: min(1.0, MOST / count) for voter, count in cast.items()}


def _scales(votes: Iterable[Vote]) -> dict[str, tuple[float, float]]:
    """(mean, standard deviation) of each feature over the tunes; without those in which they do not differ."""
    songs = {vote.song: vote.features for vote in votes}.values()
    found = {}
    for name in FEATURES:
        known = [features[name] for features in songs if name in features]
        mean = sum(known) / len(known) if known else 0.0
        spread = math.sqrt(sum((value - mean) ** 2 for value in known) / len(known)) if known else 0.0
        if spread >= LEAST_SPREAD:
            found[name] = (mean, spread)
    return found


def _standardised(features: Mapping[str, float], scales: Mapping[str, tuple[float, float]]) -> list[float]:
    """The values of `scales`, in its order; what is not known of a tune is as usual."""
    return [standardized(features.get(name, mean), mean, spread) for name, (mean, spread) in scales.items()]


def _in_errors(gains: Iterable[float]) -> float:
    """The sum of what each tune adds, over the standard error of that sum."""
    known = list(gains)
    mean = sum(known) / len(known)
    error = math.sqrt(sum((gain - mean) ** 2 for gain in known) * len(known) / max(1, len(known) - 1))
    return sum(known) / error if error > 0 else 0.0


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
