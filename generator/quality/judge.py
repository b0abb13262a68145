"""Whether a classifier tells tunes from songs: a two-sample test that sees how features go together (Lopez-Paz 2017).

Gradient boosting on `musical_features`, scored on folds whose games it has not learnt from. An area under the curve of
0.5 means that it cannot tell them apart, 1 that it always can. Beside it the same between songs of some games and of
others, which is what chance and the styles of games alone give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from generator.analysis.musical_features import GROUPS, Found

Array = npt.NDArray[np.float64]

FOLDS = 5
REPEATS = 4
"""Draws of folds, and of halves of the songs, that a figure is the mean of."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Sample:
    """One side. features: of each tune, by name. games: which tunes belong together, and are never parted."""

    features: Sequence[Found]
    games: Sequence[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Areas under the curve, by group of features and `ALL`. tunes: against songs. songs: some against others.

    telling: the features by which alone a tune is told best, with their area and the medians of tunes and songs.
    """

    tunes: dict[str, float]
    songs: dict[str, float]
    telling: tuple[tuple[str, float, float, float], ...]


def judge(tunes: Sample, songs: Sample, seed: int) -> Verdict:
    """Hold tunes against songs; tunes need at least `FOLDS` games, songs twice as many."""
    names = sorted(songs.features[0])
    made, real = (_matrix(side.features, names) for side in (tunes, songs))
    games = np.array([*(f"tune {game}" for game in tunes.games), *(f"song {game}" for game in songs.games)])
    features = np.concatenate([made, real])
    labels = np.concatenate([np.ones(len(made)), np.zeros(len(real))])
    found: dict[str, dict[str, float]] = {"tunes": {}, "songs": {}}
    for group in (ALL, *GROUPS):
        columns = [i for i, name in enumerate(names) if group == ALL or name.startswith(f"{group}: ")]
        areas = [
            (
                _area(features[:, columns], labels, games, seed + repeat),
                _area(real[:, columns], _halves(songs.games, seed + repeat), np.array(songs.games), seed + repeat),
            )
            for repeat in range(REPEATS)
        ]
        found["tunes"][group], found["songs"][group] = np.mean(areas, axis=0).tolist()
    return Verdict(found["tunes"], found["songs"], _telling(names, made, real))


def _matrix(features: Sequence[Found], names: Sequence[str]) -> Array:
    return np.array([[one[name] for name in names] for one in features], dtype=float)


def _halves(games: Sequence[str], seed: int) -> Array:
    """A label for each song: that of its game, drawn so that about half of the songs have each [songs]."""
    order = np.random.default_rng(seed).permutation(sorted(set(games)))
    labels: dict[str, float] = {}
    sizes = [0, 0]
    for game in order:
        side = int(sizes[1] < sizes[0])
        sizes[side] += list(games).count(game)
        labels[str(game)] = float(side)
    return np.array([labels[game] for game in games])


def _area(features: Array, labels: Array, games: npt.NDArray[Any], seed: int) -> float:
    """The area under the curve on games that were not learnt from, for one draw of folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  slow to load, and only with `train`
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415

    scores = np.zeros(len(labels))
    for learnt, held in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(features, labels, games):
        known = ~np.isnan(features[learnt]).all(axis=0)  # a column without any number cannot be learnt from
        classifier = HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.06,
            max_leaf_nodes=8,
            min_samples_leaf=8,
            l2_regularization=1.0,
            random_state=seed,
        )
        classifier.fit(features[learnt][:, known], labels[learnt])
        scores[held] = classifier.predict_proba(features[held][:, known])[:, 1]
    return area_under_curve(scores, labels)


def area_under_curve(scores: Array, labels: Array) -> float:
    """How often something labelled 1 scores higher than something labelled 0; draws count half."""
    ones, zeros = scores[labels == 1], np.sort(scores[labels == 0])
    below = np.searchsorted(zeros, ones, "left")
    equal = np.searchsorted(zeros, ones, "right") - below
    return float((below + 0.5 * equal).sum() / (len(ones) * len(zeros)))


def _telling(
    names: Sequence[str], made: Array, real: Array, most: int = 20
) -> tuple[tuple[str, float, float, float], ...]:
    """The features whose values alone part tunes from songs best: (name, area, median of tunes, of songs)."""
    found = []
    for i, name in enumerate(names):
        one, two = (side[:, i][~np.isnan(side[:, i])] for side in (made, real))
        if len(one) and len(two):
            area = area_under_curve(np.concatenate([one, two]), np.repeat([1.0, 0.0], [len(one), len(two)]))
            found.append((name, max(area, 1 - area), float(np.median(one)), float(np.median(two))))
    return tuple(sorted(found, key=lambda row: -row[1])[:most])
