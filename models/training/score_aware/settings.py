"""How a score-aware network is trained: its sizes, the schedule and what the batches hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from models.errors import UsageError
from models.training.score_aware.network import Sizes
from models.training.settings import PRECISIONS

SETTINGS_FILE = "settings.json"


@dataclass(frozen=True, slots=True)
class ScoreAwareSettings:
    """How the network is trained.

    steps: optimizer steps in total, of `rows` crops of `length` events. In the first `short_steps` the crops are half
    as long. minutes: if above 0, the run ends after that many minutes of training, before `steps` if need be.
    warmup: steps in which the learning rates rise, to `peak` of their full height. cooldown: the last share of the run,
    in which they fall to zero; between the two they stay (Hu 2024). averaged: how many steps the average of the weights
    goes back. dropout: from step `dropout_from` on, when songs have been seen often. precision: one of
    `models.training.settings.PRECISIONS`.
    Raise UsageError if the numbers make no run.
    """

    steps: int = 30_500
    short_steps: int = 2500
    minutes: float = 0.0
    rows: int = 8
    length: int = 512
    width: int = 320
    layers: int = 6
    muon_lr: float = 0.02
    adam_lr: float = 2.5e-3
    weight_decay: float = 0.1
    warmup: int = 100
    cooldown: float = 0.2
    peak: float = 1.0
    averaged: int = 1000
    dropout: float = 0.1
    dropout_from: int = 8000
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self) -> None:
        if min(self.steps, self.rows, self.layers, self.averaged) < 1 or self.length < 4:
            raise UsageError("A run needs at least one step, one layer, and one crop of four events.")
        if self.width < 64 or self.width % 64:
            raise UsageError(f"The width must be a multiple of 64, not {self.width}.")
        if self.precision not in PRECISIONS:
            raise UsageError(f"The precision must be {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")
        if not 0 < self.peak <= 1:
            raise UsageError(f"The peak is a share of the learning rates, above 0 and at most 1, not {self.peak}.")
        if not 0 <= self.cooldown <= 1 or not 0 <= self.dropout < 1:
            raise UsageError("The cooldown is a share of the steps, 0 to 1, and dropout one of the network.")
        if self.minutes < 0:
            raise UsageError("The minutes of a run cannot be negative.")

    @property
    def sizes(self) -> Sizes:
        """The network's sizes."""
        return Sizes(width=self.width, layers=self.layers, context=self.length)

    def crop_length(self, step: int) -> int:
        """Return how many events the crops of a step have."""
        return self.length if step >= self.short_steps else self.length // 2

    def progress(self, step: int, seconds: float) -> float:
        """Return the share of the run that is over before a step, 0 to 1. seconds: spent on training so far."""
        return min(1.0, max(step / self.steps, seconds / (60 * self.minutes) if self.minutes else 0.0))

    def rate(self, step: int, seconds: float = 0.0) -> float:
        """Return the share of the learning rates that a step uses: it rises, stays, and falls once."""
        rest = (1 - self.progress(step, seconds)) / self.cooldown if self.cooldown else 1.0
        return self.peak * min(1.0, (step + 1) / max(1, self.warmup), rest)


PRESETS: dict[str, ScoreAwareSettings] = {
    "cpu": ScoreAwareSettings(),
    # Cools a model of --start down: from its weights, with learning rates that only fall.
    "cooldown": ScoreAwareSettings(
        steps=2500, short_steps=0, warmup=50, cooldown=1.0, peak=0.5, averaged=100, dropout_from=0
    ),
    # One large accelerator for a quarter of an hour: about 30 million weights, which are 60 MB in half precision.
    "gpu": ScoreAwareSettings(
        steps=100_000,
        short_steps=300,
        minutes=9.0,
        rows=96,
        width=512,
        layers=8,
        weight_decay=0.2,
        cooldown=0.3,
        averaged=300,
        dropout_from=400,
        precision="bfloat16",
    ),
}
"""The defaults of the other options, by the machine that a run is for."""


def read_settings(folder: Path) -> ScoreAwareSettings | None:
    """Return how the run in a folder is trained, or None if there is no run."""
    path = folder / SETTINGS_FILE
    return ScoreAwareSettings(**json.loads(path.read_text())) if path.exists() else None
