"""The taste of a scope's voters: a logistic model of votes by a dozen features of the tunes, and when it may act.

A vote is a like with probability 1 / (1 + exp(-(o + w · x))): o is how readily the voter likes anything, w the taste,
and x the tune's features, standardised over the tunes that were voted on, less the mean of those that this person voted
on. `bot.votes.regression` finds w under a normal prior around zero. The votes of one person together weigh at most
`MAX_VOTES_PER_VOTER`, so that a taste is never one person's alone.

A taste acts only from `MIN_VOTES` votes on, and only if it predicts held-out votes (five-fold cross-validation over
tunes) better than the voters' readiness alone does, by `MARGIN` standard errors over the tunes.
benchmarks/bot/taste.py measures how seldom voters without a taste reach that. `bot.store.tastes` selects the votes that
count, and `taste_descriptions` puts a taste into words.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.votes.regression import Row, fit
from generator.protocol.tastes import FEATURES, Taste, standardized

MIN_VOTES = 50
"""The least sum of weighted votes from which a taste is estimated."""
MAX_VOTES_PER_VOTER = 20
"""The most that the votes of one person count for together, so a taste takes at least three people."""
PRIOR = 0.25
"""The prior deviation of the weights, in logits per standard deviation of a feature."""
FOLDS = 5
"""The parts of the tunes that the cross-validation holds out in turn."""
MARGIN = 2.0
"""The number of standard errors by which the taste must predict held-out votes better than no taste."""
MIN_SPREAD = 1e-3
"""The least standard deviation of a feature that is used. With less, one tune of hundreds differs a little."""
PRIOR_VOTES = 4.0
"""The number of average votes, on average tunes, that each voter's own estimates start with."""
Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution, for intervals of 95 %."""

Values = Mapping[str, Sequence[float]]
"""The features of each tune, in standard deviations from their means."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's vote on a tune. features: the tune's, named as in `generator.protocol.tastes.FEATURES`."""

    song: str
    voter: str
    liked: bool
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Preference:
    """A feature's weight in a taste, in logits per standard deviation of the feature.

    mean, spread: the feature's mean and standard deviation over the tunes.
    """

    feature: str
    weight: float
    deviation: float
    mean: float
    spread: float

    @property
    def low(self) -> float:
        """The lower bound of the weight (95 %)."""
        return self.weight - Z * self.deviation

    @property
    def high(self) -> float:
        """The upper bound of the weight (95 %)."""
        return self.weight + Z * self.deviation


@dataclass(frozen=True, slots=True)
class TasteEstimate:
    """The estimated taste of a scope's voters.

    votes: the sum of the weighted votes. people, songs: the numbers of voters and tunes. preferences: one for each
    feature in which the tunes differ. gain: how much better the taste predicts held-out votes than no taste does, in
    standard errors. right, without: the shares of held-out votes that are predicted correctly by the taste, and by the
    voters' readiness alone.
    """

    votes: float = 0.0
    people: int = 0
    songs: int = 0
    preferences: tuple[Preference, ...] = ()
    gain: float = 0.0
    right: float = 0.0
    without: float = 0.0

    @property
    def enough(self) -> bool:
        """Whether there are enough votes to estimate a taste."""
        return self.votes >= MIN_VOTES

    @property
    def acts(self) -> bool:
        """Whether the taste is certain enough to choose among takes."""
        return self.enough and self.gain >= MARGIN

    @property
    def taste(self) -> Taste | None:
        """The taste that a request carries, or None if it does not act."""
        if not self.acts:
            return None
        return {
            each.feature: (round(each.weight, 4), round(each.mean, 4), round(each.spread, 4))
            for each in self.preferences
        }


def estimate_taste(votes: Sequence[Vote]) -> TasteEstimate:
    """Estimate the taste of some voters. This takes a third of a second per thousand votes."""
    weights = _weights(votes)
    counted = sum(weights[vote.voter] for vote in votes)
    songs = list(dict.fromkeys(vote.song for vote in votes))
    estimate = TasteEstimate(round(counted, 3), len(weights), len(songs))
    scales = _scales(votes)
    if not estimate.enough or len(songs) < FOLDS or not scales:
        return estimate
    values = {vote.song: _standardised(vote.features, scales) for vote in votes}
    voters = _Voters(votes, weights, values)
    fitted = fit([voters.row(vote) for vote in votes], len(scales), PRIOR)
    preferences = tuple(
        Preference(name, weight, deviation, *scales[name])
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
        estimate,
        preferences=preferences,
        gain=_in_errors(gains.values()),
        right=right / counted,
        without=without / counted,
    )


def _held_out(
    votes: Sequence[Vote], folds: Mapping[str, int], weights: Mapping[str, float], values: Values
) -> Iterator[tuple[Vote, Row, Sequence[float]]]:
    """Yield each vote, its row, and the taste fitted to the votes on the tunes of the other folds."""
    for fold in range(FOLDS):
        training = [vote for vote in votes if folds[vote.song] != fold]
        voters = _Voters(training, weights, values)
        taste = fit([voters.row(vote) for vote in training], len(next(iter(values.values()))), PRIOR).weights
        for vote in votes:
            if folds[vote.song] == fold:
                yield vote, voters.row(vote), taste


class _Voters:
    """Each voter's readiness to like anything, and the mean features of the tunes that they vote on.

    Both shrink towards the average voter's; the fewer the votes, the more. The model subtracts them, so people who like
    everything and vote on one kind of tune do not look like a taste for it.
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
        # In the average, each voter counts once, however often they vote.
        shares = [(likes[voter] + 0.5) / (cast[voter] + 1) for voter in cast]
        usual = sum(shares) / len(shares) if shares else 0.5
        self._usual = _logit(usual)
        self._own = {
            voter: _logit((likes[voter] + PRIOR_VOTES * usual) / (cast[voter] + PRIOR_VOTES)) for voter in cast
        }
        self._means = {voter: [value / (cast[voter] + PRIOR_VOTES) for value in sums[voter]] for voter in cast}

    def row(self, vote: Vote) -> Row:
        """Return a vote as a row of the regression."""
        values = self._values[vote.song]
        if means := self._means.get(vote.voter):
            values = [value - mean for value, mean in zip(values, means, strict=True)]
        return Row(values, self._own.get(vote.voter, self._usual), vote.liked, self._weights[vote.voter])


def _weights(votes: Iterable[Vote]) -> dict[str, float]:
    """Return the weight of each person's votes."""
    cast: dict[str, int] = defaultdict(int)
    for vote in votes:
        cast[vote.voter] += 1
    return {voter: min(1.0, MAX_VOTES_PER_VOTER / count) for voter, count in cast.items()}


def _scales(votes: Iterable[Vote]) -> dict[str, tuple[float, float]]:
    """Return (mean, standard deviation) over the tunes of each feature in which they differ."""
    songs = {vote.song: vote.features for vote in votes}.values()
    scales = {}
    for name in FEATURES:
        values = [features[name] for features in songs if name in features]
        mean = sum(values) / len(values) if values else 0.0
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) if values else 0.0
        if spread >= MIN_SPREAD:
            scales[name] = (mean, spread)
    return scales


def _standardised(features: Mapping[str, float], scales: Mapping[str, tuple[float, float]]) -> list[float]:
    """Return the standardised features, in the order of `scales`. Missing ones count as average."""
    return [standardized(features.get(name, mean), mean, spread) for name, (mean, spread) in scales.items()]


def _in_errors(gains: Iterable[float]) -> float:
    """Return the sum of the tunes' gains, divided by the standard error of that sum."""
    values = list(gains)
    mean = sum(values) / len(values)
    error = math.sqrt(sum((gain - mean) ** 2 for gain in values) * len(values) / max(1, len(values) - 1))
    return sum(values) / error if error > 0 else 0.0


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
