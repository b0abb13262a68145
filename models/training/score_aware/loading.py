"""Makes the batches of the next steps in other processes while a step is taken, for machines with a fast accelerator.

A batch is a function of the step alone (`models.training.score_aware.crops`), so a run sees the same ones with and
without this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from models.features.inputs import Inputs
from models.training.hardware import device
from models.training.score_aware.crops import ScoreAwareCrops
from models.training.score_aware.network import Known
from models.training.score_aware.settings import ScoreAwareSettings

Batch = tuple[dict[str, Tensor], Tensor]
"""(what a network reads, by the names of `Inputs`; the events that follow [rows, length])."""


class Batches(Dataset[Batch]):
    """The batch of each step."""

    def __init__(self, crops: ScoreAwareCrops, settings: ScoreAwareSettings) -> None:
        self.crops, self.settings = crops, settings

    def __len__(self) -> int:
        return self.settings.steps

    def __getitem__(self, step: int) -> Batch:
        inputs, following = self.crops.batch(step, self.settings.rows, self.settings.crop_length(step))
        return as_tensors(inputs), torch.from_numpy(following)


def as_tensors(inputs: Inputs) -> dict[str, Tensor]:
    """Return what a network reads as tensors, by name."""
    return {field.name: torch.from_numpy(getattr(inputs, field.name)) for field in fields(inputs)}


def as_known(inputs: dict[str, Tensor]) -> tuple[Tensor, Known]:
    """Return (the events, what is known at each) on the device that training runs on."""
    moved = {name: tensor.to(device(), non_blocking=True) for name, tensor in inputs.items()}
    return moved.pop("ids"), Known(**moved)


def tensors(inputs: Inputs) -> tuple[Tensor, Known]:
    """Return what a network reads, on the device that training runs on."""
    return as_known(as_tensors(inputs))


def batches_from(batches: Batches, step: int, workers: int) -> Iterator[Batch]:
    """Yield the batches from a step on.

    workers: processes that make them ahead, at most one for each core this process may use; 0 makes each when it is
    asked for.
    """
    workers = min(workers, len(os.sched_getaffinity(0)))
    yield from DataLoader(
        batches,
        batch_size=None,
        sampler=range(step, len(batches)),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
        multiprocessing_context="fork" if workers else None,
    )
