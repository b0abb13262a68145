"""A training run in a folder: it is saved whole or not at all, resumes at any step, and logs every step.

What is trained, and on what, is up to `models.training.train`, `models.training.train_listener` and
`models.training.score_aware.run`. A run's folder holds `log.jsonl` (one line a step) and `state/` (weights, optimizers,
step) beside the files of its trainer.
"""

from __future__ import annotations

import json
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import LlamaForCausalLM

from models.errors import UsageError
from models.tokens.tokenizer import token_id
from models.tokens.vocabulary import EVENTS, is_control
from models.training.hardware import device, uses_bfloat16
from models.training.muon import Muon

IGNORED = -100
"""The label that cross entropy skips."""
EXTRA_FILE = "beside.safetensors"
"""The file of a state that holds a trainer's own tensors."""


class Schedule(Protocol):
    """What a run must know of its settings, which are a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> int:
        """The optimizer steps in all."""

    @property
    def muon_lr(self) -> float:
        """The learning rate of the matrices."""

    @property
    def adam_lr(self) -> float:
        """The learning rate of everything else."""

    @property
    def weight_decay(self) -> float:
        """What matrices lose a step, as a share of the learning rate (Loshchilov and Hutter 2019)."""

    @property
    def precision(self) -> str:
        """One of `models.training.settings.PRECISIONS`."""

    def rate(self, step: int) -> float:
        """Return the share of the learning rates that a step uses."""


S = TypeVar("S", bound=Schedule)


class TrainingRun(ABC, Generic[S]):
    """A run in one folder. `run` continues from the step that was saved last.

    parameters: what is trained, by name. bfloat16: whether products are rounded to it.
    """

    def __init__(self, folder: Path, settings: S, parameters: Mapping[str, torch.nn.Parameter]) -> None:
        self.folder, self.settings, self.parameters = folder, settings, dict(parameters)
        self.bfloat16 = uses_bfloat16(settings.precision)
        matrices = [p for name, p in self.parameters.items() if self.is_matrix(name, p)]
        others = [p for name, p in self.parameters.items() if not self.is_matrix(name, p)]
        self.optimizers = _optimizers(matrices, others, settings, bfloat16=self.bfloat16)
        self.step = 0
        self.seconds = 0.0
        """Spent on steps so far, also before the run was last resumed."""

    @abstractmethod
    def loss(self) -> tuple[torch.Tensor, int]:
        """Return this step's loss in nats a token, and the batch's tokens."""

    @abstractmethod
    def export(self) -> None:
        """Write the checkpoint into the run's folder."""

    def is_matrix(self, name: str, parameter: torch.nn.Parameter) -> bool:
        """Return whether a parameter is a matrix between layers, which Muon trains."""
        return name.endswith(".weight") and parameter.ndim == 2 and "embed" not in name

    def is_over(self) -> bool:
        """Return whether the run is over before its last step. Never by default."""
        return False

    def rate(self) -> float:
        """Return the share of the learning rates that this step uses."""
        return self.settings.rate(self.step)

    def after_step(self) -> None:
        """Update what depends on the weights, after each step. Nothing by default."""

    def extra_state(self) -> dict[str, torch.Tensor]:
        """Return more tensors to save with the state and to restore with it. None by default."""
        return {}

    def run(self, steps: int, save_every: int, save_seconds: float = inf) -> Iterator[dict[str, float]]:
        """Train up to step `steps` and yield a record a step.

        Save every `save_every` steps, after `save_seconds` without a save, and at the end.
        """
        saved = time.monotonic()
        while self.step < steps and not self.is_over():
            start = time.perf_counter()
            loss, tokens = self._train_step()
            self.step += 1
            self.after_step()
            seconds = time.perf_counter() - start
            self.seconds += seconds
            is_last = self.step == steps or self.is_over()
            if self.step % save_every == 0 or is_last or time.monotonic() - saved >= save_seconds:
                self.save()
                saved = time.monotonic()
            yield {"step": self.step, "loss": loss, "tokens": tokens, "seconds": seconds}

    def _train_step(self) -> tuple[float, int]:
        """Take one optimizer step. Return its loss in nats a token, and the batch's tokens."""
        loss, tokens = self.loss()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        rate = self.rate()
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * rate
            optimizer.step()
            optimizer.zero_grad()
        return loss.item(), tokens

    def save(self) -> None:
        """Write the state, whole or not at all, and then the checkpoint."""
        new = self.folder / "state.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        save_file({name: p.detach().cpu() for name, p in self.parameters.items()}, new / "weights.safetensors")
        for i, optimizer in enumerate(self.optimizers):
            save_file(_flat(optimizer), new / f"optimizer{i}.safetensors")
        if extra := self.extra_state():
            save_file({name: tensor.detach().cpu() for name, tensor in extra.items()}, new / EXTRA_FILE)
        progress = {"step": self.step, "seconds": self.seconds, "settings": asdict(self.settings)}
        (new / "step.json").write_text(json.dumps(progress))
        old = self.folder / "state.old"
        if (self.folder / "state").exists():
            shutil.rmtree(old, ignore_errors=True)
            (self.folder / "state").rename(old)
        new.rename(self.folder / "state")
        shutil.rmtree(old, ignore_errors=True)
        self.export()

    def resume(self) -> None:
        """Continue from the saved state, if there is one. Raise UsageError if that run trains something else."""
        state = saved_state(self.folder)
        if state is None:
            return
        weights = load_file(state / "weights.safetensors")
        if {name: p.shape for name, p in weights.items()} != {name: p.shape for name, p in self.parameters.items()}:
            raise UsageError(f"The run in {self.folder} trains something else: choose another folder.")
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])
            if extra := self.extra_state():
                saved = load_file(state / EXTRA_FILE)
                for name, tensor in extra.items():
                    tensor.copy_(saved[name])
        for i, optimizer in enumerate(self.optimizers):
            _restore(optimizer, load_file(state / f"optimizer{i}.safetensors"))
        progress = json.loads((state / "step.json").read_text())
        self.step, self.seconds = int(progress["step"]), float(progress.get("seconds", 0.0))

    def train(self, stop_at: int | None, save_every: int, save_seconds: float = inf) -> None:
        """Train to the last step, or to `stop_at`. Show progress and log each step."""
        steps = min(self.settings.steps, stop_at or self.settings.steps)
        _cut_log(self.folder / "log.jsonl", self.step)
        with (
            (self.folder / "log.jsonl").open("a") as log,
            tqdm(total=steps, initial=self.step, desc="training", unit="step", mininterval=1.0) as bar,
        ):
            mean = 0.0
            for record in self.run(steps, save_every, save_seconds):
                mean = record["loss"] if mean == 0.0 else 0.98 * mean + 0.02 * record["loss"]
                bar.set_postfix(loss=f"{mean:.3f}")
                bar.update()
                log.write(json.dumps({name: round(value, 4) for name, value in record.items()}) + "\n")
                log.flush()


def saved_state(folder: Path) -> Path | None:
    """Return the folder of the state that a run has saved, or None if it has saved none."""
    # A run that was killed between the two renames in `save` has only the old state.
    return next((state for name in ("state", "state.old") if (state := folder / name).exists()), None)


def control_mask(tokenizer: Tokenizer) -> torch.Tensor:
    """Return which tokens a network is given and never predicts [tokens]."""
    mask = torch.zeros(tokenizer.get_vocab_size(), dtype=torch.bool, device=device())
    mask[[token_id(tokenizer, event) for event in EVENTS if is_control(event)]] = True
    return mask


def mean_nats(network: LlamaForCausalLM, ids: torch.Tensor, controls: torch.Tensor) -> torch.Tensor:
    """Return the mean cross entropy of tokens [n, tokens] given those before, without the first and the controls."""
    labels = ids[:, 1:].masked_fill(controls[ids[:, 1:]], IGNORED)
    logits = network(ids[:, :-1], use_cache=False).logits.float()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def _optimizers(
    matrices: list[torch.nn.Parameter], others: list[torch.nn.Parameter], settings: Schedule, *, bfloat16: bool
) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices between the layers (Jordan 2024) and AdamW for embeddings and norms."""
    muon = (torch.optim.Muon if bfloat16 else Muon)(matrices, lr=settings.muon_lr, weight_decay=settings.weight_decay)
    adam = torch.optim.AdamW(others, lr=settings.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return [muon, adam]


def _flat(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return an optimizer's state as tensors named parameter/quantity."""
    state = optimizer.state_dict()["state"]
    return {
        f"{i}/{name}": torch.as_tensor(value).cpu() for i, values in state.items() for name, value in values.items()
    }


def _restore(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        i, _, name = key.partition("/")
        state.setdefault(int(i), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _cut_log(log: Path, step: int) -> None:
    """Remove the lines of steps after the saved one: a killed run logged them, and this one repeats them."""
    if log.exists():
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))
