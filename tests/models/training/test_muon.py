"""Muon in float32: the same steps as torch's own, except for its rounding. Matrices become nearly orthogonal."""

import pytest
import torch

from models.training.muon import Muon, orthogonalize

SHAPES = [(8, 8), (24, 8), (8, 24)]


@pytest.mark.parametrize("shape", SHAPES)
def test_all_directions_become_about_equally_long(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    lengths = torch.linalg.svdvals(orthogonalize(torch.randn(shape)))
    assert len(lengths) == 8
    assert ((lengths > 0.6) & (lengths < 1.3)).all()  # which is what the coefficients aim at, not exactly 1


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_equal_those_of_torch_except_for_rounding(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    start, gradients = torch.randn(shape), [torch.randn(shape) for _ in range(5)]
    trained = []
    for kind in (Muon, torch.optim.Muon):
        matrix = torch.nn.Parameter(start.clone())
        optimizer = kind([matrix], lr=0.1, weight_decay=0.2)
        for gradient in gradients:
            matrix.grad = gradient.clone()
            optimizer.step()
        trained.append(matrix.detach())
    assert (trained[0] - start).abs().max() > 0.1
    assert torch.allclose(trained[0], trained[1], atol=0.02)
