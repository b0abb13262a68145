"""Muon (Jordan 2024) in float32, for processors without bfloat16 products: torch's own takes 30 times as long there.

It makes the same steps as `torch.optim.Muon`, which always rounds to bfloat16, and has the same defaults. Which
matrices it trains, and at what rate, is up to `models.training.run`.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import torch

STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration (Jordan 2024)."""
MOMENTUM = 0.95
EPSILON = 1e-7


class Muon(torch.optim.Optimizer):
    """Momentum with updates made nearly orthogonal. It trains matrices only."""

    def __init__(self, matrices: Iterable[torch.Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Update every matrix by its gradient."""
        for group in self.param_groups:
            for matrix in group["params"]:
                state = self.state[matrix]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(matrix)
                buffer = state["momentum_buffer"].lerp_(matrix.grad, 1 - MOMENTUM)
                update = orthogonalize(matrix.grad.lerp(buffer, MOMENTUM))
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-group["lr"] * sqrt(max(1.0, matrix.shape[0] / matrix.shape[1])))


def orthogonalize(matrix: torch.Tensor) -> torch.Tensor:
    """Return roughly the nearest matrix with orthogonal rows or columns [rows, columns], by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    is_tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.T if is_tall else matrix
    wide = wide / wide.norm().clamp(min=EPSILON)
    for _ in range(STEPS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=b, alpha=c), wide, beta=a)
    return wide.T if is_tall else wide
