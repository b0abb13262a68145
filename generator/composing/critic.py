"""Tells how much a tune is like a real song, to choose among takes: a logistic regression on musical features.

A model's critic has learnt to tell the songs that the model was trained on from the model's own tunes, and lies beside
its weights (`generator.quality.critic_fit` makes it). It weighs each feature of `generator.analysis.musical_features`,
and its square, because a tune can have too much of a thing as well as too little. What follows from its verdict is up
to `generator.composing.compose`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from generator.analysis.musical_features import musical_features
from generator.protocol.errors import FaultError
from models.cache import write_atomically
from models.music.cutting import first_frames
from models.music.score import FRAMES_PER_SECOND, Score

CRITIC_FILE = "critic.json"
"""A model's critic, beside its weights."""
LISTENS_SECONDS = 32
"""How much of a tune is judged, from its start: what the critic has learnt from."""
MOST_DEVIATIONS = 4.0
"""A feature farther from the songs' mean than this many standard deviations counts as if it were this far."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The features that count, in their order, with the mean and the standard deviation of each among songs."""

    names: tuple[str, ...]
    means: Array
    deviations: Array

    def inputs(self, features: Mapping[str, float]) -> Array:
        """Return what a regression sees of a tune [3 * features].

        First the standardised features, then their squares (less one half), then 1 for each that the tune lacks.
        A missing feature is at the songs' mean.
        """
        values = np.array([features[name] for name in self.names])
        lacking = np.isnan(values)
        away = np.where(lacking, 0.0, (values - self.means) / self.deviations).clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)
        return np.concatenate([away, away**2 / 2 - 0.5, lacking])


@dataclass(frozen=True, slots=True, eq=False)
class Critic:
    """A regression. weights: [3 * features], for the inputs of `Scale`."""

    scale: Scale
    weights: Array
    intercept: float

    def realism(self, score: Score) -> float:
        """Return the logit of a score being a real song, by its first `LISTENS_SECONDS`."""
        features = musical_features(first_frames(score, LISTENS_SECONDS * FRAMES_PER_SECOND))
        return float(self.scale.inputs(features) @ self.weights + self.intercept)

    def save(self, folder: Path) -> Path:
        """Write the critic into a model's folder and return the file."""
        columns = self.weights.reshape(3, -1)
        rows = zip(self.scale.names, self.scale.means, self.scale.deviations, *columns, strict=True)
        rounded = {name: [float(f"{number:.5g}") for number in numbers] for name, *numbers in rows}
        data = {"intercept": round(self.intercept, 5), "features": rounded}
        write_atomically(folder / CRITIC_FILE, (json.dumps(data, indent=1) + "\n").encode())
        return folder / CRITIC_FILE


@cache
def load_critic(folder: Path) -> Critic | None:
    """Return the critic of a model's folder, loaded once per process, or None if the model has none.

    Raise FaultError if it is damaged or of another version of the features.
    """
    path = folder / CRITIC_FILE
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        table = np.array([*data["features"].values()], dtype=float)
        means, deviations, *columns = table.T
        critic = Critic(
            Scale(tuple(data["features"]), means, deviations), np.concatenate(columns), float(data["intercept"])
        )
        critic.realism(Score(((), (), (), ()), FRAMES_PER_SECOND))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FaultError(f"The critic in {path} cannot be used: {error}.") from error
    return critic
