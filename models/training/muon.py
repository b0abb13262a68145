"""Muon (Jordan 2024) in float32, for processors without products in bfloat16: torch's own takes 30 times as long there.

The same sums and defaults as `torch.optim.Muon`, which rounds to bfloat16 whatever it runs on. Which matrices it gets
and how fast they learn is up to `models.training.train`.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import torch

STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic Newton-Schulz iteration (Jordan 2024)."""
MOMENTUM = 0.95
TINY = 1e-7


class Muon(torch.optim.Optimizer):
    """Momentum whose updates are brought near to orthogonal matrices, for matrices alone."""

    def __init__(self, matrices: Iterable[torch.Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Take one step with the gradients that there are."""
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
    """About the nearest matrix with orthogonal rows or columns [rows, columns], by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if tall else matrix
    found = found / found.norm().clamp(min=TINY)
    for _ in range(STEPS):
        gram = found @ found.T
        found = torch.addmm(found, torch.addmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return found.T if tall else found


def multiplies_bfloat16() -> bool:
    """Whether this processor has products of bfloat16; others imitate them, 30 times as slowly as those of float32."""
    has = torch.cpu.get_capabilities()
    return any(has.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
