"""Training: from a corpus to a checkpoint, resumable at any step and reproducible from its seed.

A run folder holds `songs.json` (the corpus as texts), `sounds.json` (the codebook of the sounds that they name, where
the corpus has real songs), `outlines.json` (what those songs were before their first note), `tokenizer.json`,
`log.jsonl` (a line each few steps), `state/` (weights, optimizer, step) and the checkpoint of the last save. Scoring is
in `models.evaluate`, beginning with other weights in `models.transfer`.
"""

from __future__ import annotations

import copy
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import LlamaForCausalLM

from models.corpus import Example, learn_sounds, learn_tokenizer, read_examples
from models.crops import Crops, Mixture
from models.errors import UsageError
from models.muon import Muon, multiplies_bfloat16
from models.network import new_network, parameter_count
from models.outlines import save_outlines
from models.songs import TRAIN_FILE
from models.sounds import CODEBOOK_FILE, Codebook
from models.tokens import (
    TOKENIZER_FILE,
    knows_repeats,
    knows_sounds,
    load_codebook,
    load_tokenizer,
    token_id,
    with_every_event,
)
from models.transfer import take_weights
from models.vocabulary import BOS, END, EVENTS, PAD, VERSION, is_control

IGNORED = -100
"""The label that cross entropy passes over."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is trained.

    steps: optimizer steps in all. width, layers, vocabulary: the network's size. context: the longest crop. muon_lr:
    learning rate of the matrices; adam_lr: of embeddings and norms. cooldown: last share of the steps, in which
    both fall linearly to zero. peak: the share of them that is reached before. crop_length: tokens of the first crops,
    which grow to the context; tokens: of the first steps, which grow to twice as many. mixture: the forms that songs
    are told in. seed: decides weights, order, forms and transpositions.
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

    def __post_init__(self) -> None:
        if self.width < 64 or self.width % 64:
            raise UsageError(f"The width must be a multiple of 64, not {self.width}.")
        if self.layers < 1 or self.steps < 1:
            raise UsageError("A run needs at least one layer and one step.")
        if not 0 <= self.cooldown <= 1:
            raise UsageError(f"The cooldown is a share of the steps, 0 to 1, not {self.cooldown:g}.")
        if not 0 < self.peak <= 1:
            raise UsageError(
                f"The peak is a share of the learning rates, more than 0 and at most 1, not {self.peak:g}."
            )
        if not len(EVENTS) <= self.vocabulary <= 2**16:
            raise UsageError(f"The vocabulary must have {len(EVENTS)} to {2**16} tokens, not {self.vocabulary}.")

    def crop(self, step: int) -> tuple[int, int]:
        """(rows, length) of the batch of a step: short crops first, which teach faster; the full context last."""
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
        """The share of the learning rates that a step takes."""
        rest = (self.steps - step) / max(1, self.cooldown * self.steps)
        return self.peak * min(1.0, (step + 1) / self.warmup, rest)


PRESETS = {
    "cpu": Settings(),
    "gpu": Settings(steps=20_000, width=384, layers=10, crop_length=512, tokens=32_768, warmup=300),
}
"""What is usual on two cores in some hours, and on one GPU in less than one: 5 and 18 million weights, 10 and 37 MB."""


class Trainer:
    """One run in one folder; `run` goes on from the last saved step."""

    def __init__(
        self, folder: Path, songs: list[Example], tokenizer: Tokenizer, settings: Settings, start: Path | None = None
    ) -> None:
        self.folder, self.settings = folder, settings
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        pad, bos, end = (token_id(tokenizer, EVENTS[number]) for number in (PAD, BOS, END))
        torch.manual_seed(settings.seed)
        size = tokenizer.get_vocab_size()
        self.network: LlamaForCausalLM = new_network(
            vocabulary=size,
            width=settings.width,
            layers=settings.layers,
            context=settings.context,
            pad=pad,
            bos=bos,
            end=end,
        )
        if start is not None:
            take_weights(self.network, tokenizer, start)
        self.network.to(self.device)
        self.rounds = self.device == "cuda" or multiplies_bfloat16()
        self.optimizers = _optimizers(self.network, settings, rounds=self.rounds)
        self.crops = Crops(tokenizer, songs, settings.seed, settings.mixture)
        controls = [token_id(tokenizer, event) for event in EVENTS if is_control(event)]
        self.is_control = torch.zeros(size, dtype=torch.bool, device=self.device)
        self.is_control[controls] = True
        self.step = 0

    def run(self, steps: int, save_every: int) -> Iterator[dict[str, float]]:
        """Train up to step `steps`, yielding a record a step; saves every `save_every` steps and at the end."""
        while self.step < steps:
            began = time.perf_counter()
            loss, tokens = self._train_step()
            self.step += 1
            if self.step % save_every == 0 or self.step == steps:
                self.save()
            yield {"step": self.step, "loss": loss, "tokens": tokens, "seconds": time.perf_counter() - began}

    def _train_step(self) -> tuple[float, int]:
        """(nats a token, tokens) of one optimizer step."""
        rows, length = self.settings.crop(self.step)
        batch = torch.from_numpy(self.crops.batch(self.step, rows, length + 1).astype(np.int64)).to(self.device)
        labels = batch[:, 1:].masked_fill(self.is_control[batch[:, 1:]], IGNORED)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.rounds):
            logits = self.network(batch[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        rate = self.settings.rate(self.step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * rate
            optimizer.step()
            optimizer.zero_grad()
        return loss.item(), rows * length

    def save(self) -> None:
        """Write the state, whole or not at all, and the checkpoint."""
        fresh = self.folder / "state.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        save_file(
            {name: p.detach().cpu() for name, p in self.network.named_parameters()}, fresh / "weights.safetensors"
        )
        for i, optimizer in enumerate(self.optimizers):
            save_file(_flat(optimizer), fresh / f"optimizer{i}.safetensors")
        (fresh / "step.json").write_text(json.dumps({"step": self.step, "settings": asdict(self.settings)}))
        old = self.folder / "state.old"
        if (self.folder / "state").exists():
            shutil.rmtree(old, ignore_errors=True)
            (self.folder / "state").rename(old)
        fresh.rename(self.folder / "state")
        shutil.rmtree(old, ignore_errors=True)
        # Half the size; loaded as float32 again, with a loss of nats that is too small to measure.
        copy.deepcopy(self.network).half().save_pretrained(self.folder)
        (self.folder / "model.safetensors").chmod(0o644)

    def resume(self) -> None:
        """Go on from the saved state, where there is one."""
        # A run that was killed between the two renames of `save` has only the old one.
        state = next((found for name in ("state", "state.old") if (found := self.folder / name).exists()), None)
        if state is None:
            return
        weights = load_file(state / "weights.safetensors")
        self.network.load_state_dict(weights, strict=False)
        for i, optimizer in enumerate(self.optimizers):
            _restore(optimizer, load_file(state / f"optimizer{i}.safetensors"))
        self.step = int(json.loads((state / "step.json").read_text())["step"])


def _optimizers(network: LlamaForCausalLM, settings: Settings, *, rounds: bool) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between the layers (Jordan 2024), AdamW for embeddings and norms. rounds: to bfloat16."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else others).append(parameter)
    muon = (torch.optim.Muon if rounds else Muon)(matrices, lr=settings.muon_lr, weight_decay=0.01)
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


def prepare(
    corpora: Sequence[Path], folder: Path, settings: Settings, start: Path | None = None
) -> tuple[list[Example], Tokenizer]:
    """Songs and tokenizer of a run: read from its folder, or made from the corpora and kept there with the codebook.

    start: a model whose tokenizer and codebook are taken instead of new ones, where it has what the songs need.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "songs.json"
    if kept.exists():
        songs = [Example(**song) for song in json.loads(kept.read_text())]
    else:
        codebook = _codebook(corpora, settings, start)
        if codebook:
            codebook.save(folder)
        found = chain.from_iterable(read_examples(corpus / TRAIN_FILE, codebook) for corpus in corpora)
        songs = list(tqdm(found, desc="reading", unit="song"))
        save_outlines((song.text for song in songs if song.real), folder, codebook)
        kept.write_text(json.dumps([asdict(song) for song in songs]))
    if not (folder / TOKENIZER_FILE).exists():
        sounds = (folder / CODEBOOK_FILE).exists()
        made = load_tokenizer(start) if start else None
        if made is None or knows_sounds(made) != sounds or not knows_repeats(made):
            made = learn_tokenizer(songs, settings.vocabulary, settings.seed, sounds=sounds)
        with_every_event(made).save(str(folder / TOKENIZER_FILE))
    return songs, load_tokenizer(folder)


def _codebook(corpora: Sequence[Path], settings: Settings, start: Path | None) -> Codebook | None:
    """The starting model's codebook, or one learnt from the first corpus with real songs; None where none has any."""
    known = load_codebook(start, load_tokenizer(start)) if start else None
    learnt = (learn_sounds(corpus / TRAIN_FILE, settings.seed) for corpus in corpora)
    return known or next(filter(None, learnt), None)


def train(
    corpora: Sequence[Path],
    folder: Path,
    settings: Settings,
    *,
    start: Path | None = None,
    stop_at: int | None = None,
    save_every: int = 250,
) -> None:
    """Train in `folder` on the training side of corpora, showing progress; goes on where an earlier run stopped.

    start: a model whose weights a new run begins with, and its tokenizer and codebook where they do. Raises UsageError
    where it is of another width or depth.
    """
    songs, tokenizer = prepare(corpora, folder, settings, start)
    trainer = Trainer(folder, songs, tokenizer, settings, start)
    trainer.resume()
    steps = min(settings.steps, stop_at or settings.steps)
    about = {"vocabulary_version": VERSION, "songs": len(songs), "parameters": parameter_count(trainer.network)}
    (folder / "chiptune.json").write_text(json.dumps({**about, "settings": asdict(settings)}, indent=1))
    _cut_log(folder / "log.jsonl", trainer.step)
    with (
        (folder / "log.jsonl").open("a") as log,
        tqdm(total=steps, initial=trainer.step, desc="training", unit="step", mininterval=1.0) as bar,
    ):
        mean = 0.0
        for record in trainer.run(steps, save_every):
            mean = record["loss"] if mean == 0.0 else 0.98 * mean + 0.02 * record["loss"]
            bar.set_postfix(loss=f"{mean:.3f}")
            bar.update()
            log.write(json.dumps({name: round(value, 4) for name, value in record.items()}) + "\n")
            log.flush()


def _cut_log(log: Path, step: int) -> None:
    """Take away the lines of steps after the saved one, which a killed run had logged and this one does again."""
    if log.exists():
        lines = log.read_text().splitlines(keepends=True)
        log.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))
