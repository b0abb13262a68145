"""A run of training in a folder: step after step, saved whole or not at all, resumed at any step, logged.

What is trained on what is up to `models.training.train` and `models.training.train_listener`. A run's folder holds `log.jsonl` (a line a
step) and `state/` (weights, optimizers, step) beside what its trainer writes there.
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
from models.tokens.codec import token_id
from models.tokens.vocabulary import EVENTS, is_control
from models.training.muon import Muon, multiplies_bfloat16

IGNORED = -100
"""The label that cross entropy passes over."""


class Schedule(Protocol):
    """What a run has to know of its settings, which are a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> int:
        """Optimizer steps in all."""

    @property
    def muon_lr(self) -> float:
        """Learning rate of the matrices."""

    @property
    def adam_lr(self) -> float:
        """Learning rate of all else."""

    @property
    def weight_decay(self) -> float:
        """What matrices lose a step, as a share of the learning rate (Loshchilov and Hutter 2019)."""

    def rate(self, step: int) -> float:
        """The share of the learning rates that a step takes."""


S = TypeVar("S", bound=Schedule)


class Run(ABC, Generic[S]):
    """One run in one folder; `run` goes on from the last saved step.

    parameters: what is trained, by name. rounds: whether products are rounded to bfloat16.
    """

    def __init__(self, folder: Path, settings: S, parameters: Mapping[str, torch.nn.Parameter]) -> None:
        self.folder, self.settings, self.parameters = folder, settings, dict(parameters)
        self.rounds = device() == "cuda" or multiplies_bfloat16()
        matrices = [p for name, p in self.parameters.items() if self.is_matrix(name, p)]
        others = [p for name, p in self.parameters.items() if not self.is_matrix(name, p)]
        self.optimizers = _optimizers(matrices, others, settings, rounds=self.rounds)
        self.step = 0

    @abstractmethod
    def loss(self) -> tuple[torch.Tensor, int]:
        """(nats a token, tokens) of this step's batch."""

    @abstractmethod
    def export(self) -> None:
        """Write the checkpoint into the folder."""

    def is_matrix(self, name: str, parameter: torch.nn.Parameter) -> bool:
        """Whether a parameter is a matrix between layers, which Muon trains."""
        return name.endswith(".weight") and parameter.ndim == 2 and "embed" not in name

    def after_step(self) -> None:
        """Whatever has to follow the weights, once they are those of the next step."""

    def kept_beside(self) -> dict[str, torch.Tensor]:
        """More tensors that are saved with the state and restored with it."""
        return {}

    def run(self, steps: int, save_every: int, save_seconds: float = inf) -> Iterator[dict[str, float]]:
        """Train up to step `steps`, yielding a record a step.

        Saves at the end, and every `save_every` steps or so many seconds, whichever comes first.
        """
        saved = time.monotonic()
        while self.step < steps:
            began = time.perf_counter()
            loss, tokens = self._train_step()
            self.step += 1
            self.after_step()
            if self.step % save_every == 0 or self.step == steps or time.monotonic() - saved >= save_seconds:
                self.save()
                saved = time.monotonic()
            yield {"step": self.step, "loss": loss, "tokens": tokens, "seconds": time.perf_counter() - began}

    def _train_step(self) -> tuple[float, int]:
        """(nats a token, tokens) of one optimizer step."""
        loss, tokens = self.loss()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        rate = self.settings.rate(self.step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * rate
            optimizer.step()
            optimizer.zero_grad()
        return loss.item(), tokens

    def save(self) -> None:
        """Write the state, whole or not at all, and the checkpoint."""
        fresh = self.folder / "state.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        save_file({name: p.detach().cpu() for name, p in self.parameters.items()}, fresh / "weights.safetensors")
        for i, optimizer in enumerate(self.optimizers):
            save_file(_flat(optimizer), fresh / f"optimizer{i}.safetensors")
        if beside := self.kept_beside():
            save_file({name: tensor.detach().cpu() for name, tensor in beside.items()}, fresh / "beside.safetensors")
        (fresh / "step.json").write_text(json.dumps({"step": self.step, "settings": asdict(self.settings)}))
        old = self.folder / "state.old"
        if (self.folder / "state").exists():
            shutil.rmtree(old, ignore_errors=True)
            (self.folder / "state").rename(old)
        fresh.rename(self.folder / "state")
        shutil.rmtree(old, ignore_errors=True)
        self.export()

    def resume(self) -> None:
        """Go on from the saved state, where there is one. Raises UsageError where it is of a run of something else."""
        state = saved_state(self.folder)
        if state is None:
            return
        weights = load_file(state / "weights.safetensors")
        if {name: p.shape for name, p in weights.items()} != {name: p.shape for name, p in self.parameters.items()}:
            raise UsageError(f"The run in {self.folder} trains something else: choose another folder.")
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])
            for name, tensor in self.kept_beside().items():
                tensor.copy_(load_file(state / "beside.safetensors")[name])
        for i, optimizer in enumerate(self.optimizers):
            _restore(optimizer, load_file(state / f"optimizer{i}.safetensors"))
        self.step = int(json.loads((state / "step.json").read_text())["step"])

    def follow(self, stop_at: int | None, save_every: int, save_seconds: float = inf) -> None:
        """Go on to the last step, or to an earlier one, showing progress and logging each step."""
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


def device() -> str:
    """What training runs on."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def saved_state(folder: Path) -> Path | None:
    """What a run in a folder has saved to go on from; None before that."""
    # A run that was killed between the two renames of `save` has only the old one.
    return next((state for name in ("state", "state.old") if (state := folder / name).exists()), None)


def control_mask(tokenizer: Tokenizer) -> torch.Tensor:
    """Which tokens are given to a network and never predicted by it [tokens]."""
    mask = torch.zeros(tokenizer.get_vocab_size(), dtype=torch.bool, device=device())
    mask[[token_id(tokenizer, event) for event in EVENTS if is_control(event)]] = True
    return mask


def nats_a_token(network: LlamaForCausalLM, ids: torch.Tensor, controls: torch.Tensor) -> torch.Tensor:
    """The mean cross entropy of all tokens [n, tokens] but the first and the controls, each after those before it."""
    labels = ids[:, 1:].masked_fill(controls[ids[:, 1:]], IGNORED)
    logits = network(ids[:, :-1], use_cache=False).logits.float()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def _optimizers(
    matrices: list[torch.nn.Parameter], others: list[torch.nn.Parameter], settings: Schedule, *, rounds: bool
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between the layers (Jordan 2024), AdamW for embeddings and norms. rounds: to bfloat16."""
    muon = (torch.optim.Muon if rounds else Muon)(matrices, lr=settings.muon_lr, weight_decay=settings.weight_decay)
    adam = torch.optim.AdamW(others, lr=settings.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return [muon, adam]


def _flat(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """An optimizer's state as tensors named parameter/quantity."""
    state = optimizer.state_dict()["state"]
    return {f"{i}/{name}": torch.as_tensor(value).cpu() for i, found in state.items() for name, value in found.items()}


def _restore(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        i, _, name = key.partition("/")
        state.setdefault(int(i), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _cut_log(log: Path, step: int) -> None:
    """Take away the lines of steps after the saved one, which a killed run had logged and this one does again."""
    if log.exists():
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))
