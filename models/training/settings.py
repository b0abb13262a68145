"""The settings of a training run: length, sizes, learning rates, crops and precision, with presets for CPU and GPU."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import UsageError
from models.tokens.vocabulary import EVENTS
from models.training.dataset import Mixture

PRECISIONS = ("auto", "bfloat16", "float32")
"""What products are rounded to. `auto`: bfloat16 on a GPU and on processors that have such products, else float32."""
FEWEST_TOKENS = 32
"""The shortest crop: enough for a head and some beats."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is trained.

    steps: optimizer steps in all. width, layers, vocabulary: the network's size. context: tokens of the longest crop.
    muon_lr: the learning rate of the matrices. adam_lr: that of embeddings and norms. warmup: steps in which both rise.
    cooldown: the last share of the steps, in which both fall linearly to zero. peak: the share of both that is reached.
    crop_length: tokens of the first crops, which grow to the context. tokens: tokens of the first steps, which grow to
    twice as many. mixture: the forms in which songs are presented. seed: decides weights, order, forms and
    transpositions. precision: one of `PRECISIONS`. weight_decay: of the matrices, as a share of their learning rate.
    """

    steps: int = 12_000
    width: int = 256
    layers: int = 6
    vocabulary: int = 1536
    context: int = 1024
    muon_lr: float = 0.02
    adam_lr: float = 2.5e-3
    warmup: int = 100
    cooldown: float = 0.4
    peak: float = 1.0
    crop_length: int = 256
    tokens: int = 2048
    mixture: Mixture = field(default_factory=Mixture)
    seed: int = 0
    precision: str = "auto"
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        if self.width < 64 or self.width % 64:
            raise UsageError(f"The width must be a multiple of 64, not {self.width}.")
        if self.layers < 1 or self.steps < 1:
            raise UsageError("A run needs at least one layer and one step.")
        if not 0 <= self.cooldown <= 1:
            raise UsageError(f"The cooldown is a share of the steps from 0 to 1, not {self.cooldown:g}.")
        if not 0 < self.peak <= 1:
            raise UsageError(
                f"The peak is a share of the learning rates, more than 0 and at most 1, not {self.peak:g}."
            )
        if min(self.context, self.crop_length) < FEWEST_TOKENS:
            raise UsageError(f"Crops and the context need at least {FEWEST_TOKENS} tokens.")
        if not len(EVENTS) <= self.vocabulary <= 2**16:
            raise UsageError(f"The vocabulary must have {len(EVENTS)} to {2**16} tokens, not {self.vocabulary}.")
        if self.precision not in PRECISIONS:
            raise UsageError(f"The precision must be {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")

    def crop(self, step: int) -> tuple[int, int]:
        """Return the (rows, length) of a step's batch: short crops first, which teach faster; the full context last."""
        share = step / self.steps
        if share < 0.6:
            length, tokens = self.crop_length, self.tokens
        elif share < 0.8:
            length, tokens = 2 * self.crop_length, self.tokens * 3 // 2
        else:
            length, tokens = self.context, 2 * self.tokens
        length = min(length, self.context)
        return max(1, tokens // length), length

    def rate(self, step: int) -> float:
        """Return the share of the learning rates that a step uses."""
        rest = (self.steps - step) / max(1, self.cooldown * self.steps)
        return self.peak * min(1.0, (step + 1) / self.warmup, rest)


PRESETS = {
    "cpu": Settings(),
    "gpu": Settings(steps=20_000, width=384, layers=10, crop_length=512, tokens=32_768, warmup=300),
}
"""5 million weights (10 MB) on two cores in a few hours; 18 million (37 MB) on one GPU in less than an hour."""
