"""The run that trains the network that knows the state of the score: one long run with one cool-down at its end.

Its folder holds `songs.json` (the corpus as texts), `sounds.json` and `outlines.json` as any model's, `features/`
(`models.training.score_aware.store`), what `models.training.run` keeps there, and the checkpoint of the average of the
late weights (Polyak and Juditsky 1992), which is what a run is worth before it has cooled down.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path

import torch
from tqdm import tqdm

from models.errors import UsageError
from models.features.inputs import Inputs
from models.music.songs import TRAIN_FILE
from models.tokens.song_profiles import save_profiles
from models.tokens.tokenizer import ABOUT_FILE, load_codebook, load_tokenizer
from models.tokens.vocabulary import EVENTS, VERSION, is_control
from models.training.examples import Example, read_examples
from models.training.hardware import device
from models.training.run import IGNORED, TrainingRun
from models.training.score_aware.checkpoint import save_checkpoint
from models.training.score_aware.crops import ScoreAwareCrops
from models.training.score_aware.network import Known, Network, Sizes, parameter_count
from models.training.score_aware.store import build
from models.training.settings import PRECISIONS

SETTINGS_FILE = "settings.json"
SAVE_SECONDS = 240.0
"""Between two saves."""


@dataclass(frozen=True, slots=True)
class ScoreAwareSettings:
    """How the network is trained.

    steps: optimizer steps in all, of `rows` crops of `length` events; in the first `short_steps` the crops are half as
    long. warmup: steps in which the learning rates rise; cooldown: last share of the steps, in which they fall to
    zero; between, they stay (Hu 2024). averaged: steps that the average of the weights goes back. dropout: from the
    step `dropout_from` on, when songs have been seen often. precision: one of `models.training.settings.PRECISIONS`.
    """

    steps: int = 30_500
    short_steps: int = 2500
    rows: int = 8
    length: int = 512
    width: int = 320
    layers: int = 6
    muon_lr: float = 0.02
    adam_lr: float = 2.5e-3
    weight_decay: float = 0.1
    warmup: int = 100
    cooldown: float = 0.2
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
        if not 0 <= self.cooldown <= 1 or not 0 <= self.dropout < 1:
            raise UsageError("The cooldown is a share of the steps, 0 to 1, and dropout one of the network.")

    @property
    def sizes(self) -> Sizes:
        """The network's sizes."""
        return Sizes(width=self.width, layers=self.layers, context=self.length)

    def rate(self, step: int) -> float:
        """The share of the learning rates that a step takes: it rises, stays, and falls once."""
        rest = (self.steps - step) / max(1.0, self.cooldown * self.steps)
        return min(1.0, (step + 1) / max(1, self.warmup), rest)


class ScoreAwareTrainer(TrainingRun[ScoreAwareSettings]):
    """One run in one folder."""

    def __init__(self, folder: Path, crops: ScoreAwareCrops, settings: ScoreAwareSettings) -> None:
        torch.manual_seed(settings.seed)
        self.network = Network(settings.sizes).to(device())
        super().__init__(folder, settings, dict(self.network.named_parameters()))
        self.crops = crops
        self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        self.controls = torch.tensor([is_control(event) for event in EVENTS], device=device())

    def is_matrix(self, name: str, parameter: torch.nn.Parameter) -> bool:
        """Whether a parameter is a matrix between layers: all but embeddings, tables and the pointer."""
        tables = ("embed", "known", "given", "pointer", "believed", "intervals")
        return parameter.ndim == 2 and not any(part in name for part in tables)

    def loss(self) -> tuple[torch.Tensor, int]:
        """(nats a token, tokens) of this step's crops."""
        settings = self.settings
        length = settings.length if self.step >= settings.short_steps else settings.length // 2
        inputs, following = self.crops.batch(self.step, settings.rows, length)
        ids, known = tensors(inputs)
        labels = torch.from_numpy(following).to(device())
        labels = labels.masked_fill(self.controls[labels], IGNORED)
        dropout = settings.dropout if self.step >= settings.dropout_from else 0.0
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        with torch.autocast(device(), torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(ids, known, dropout)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        return loss, labels.numel()

    def after_step(self) -> None:
        """Let the average follow the weights: it goes back a twentieth of the run so far, `averaged` steps at most."""
        share = 1 / min(self.settings.averaged, 1 + self.step / 20)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [p.detach() for p in self.parameters.values()], share)

    def extra_state(self) -> dict[str, torch.Tensor]:
        """The average."""
        return self.average

    def export(self) -> None:
        """Write the checkpoint of the average, half the size."""
        save_checkpoint(self.folder, self.settings.sizes, self.average)


def tensors(inputs: Inputs) -> tuple[torch.Tensor, Known]:
    """What a network reads, where it runs."""
    found = {field.name: torch.from_numpy(getattr(inputs, field.name)).to(device()) for field in fields(inputs)}
    return found.pop("ids"), Known(**found)


def prepare(corpora: Sequence[Path], folder: Path, start: Path) -> list[Example]:
    """The songs of a run: read from its folder, or from corpora and kept there. start: whose codebook of sounds."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "songs.json"
    if kept.exists():
        return [Example(**song) for song in json.loads(kept.read_text())]
    codebook = load_codebook(start, load_tokenizer(start))
    if codebook:
        codebook.save(folder)
    found = chain.from_iterable(read_examples(corpus / TRAIN_FILE, codebook) for corpus in corpora)
    songs = list(tqdm(found, desc="reading", unit="song"))
    save_profiles(((song.text, song.game) for song in songs if song.real), folder, codebook)
    kept.write_text(json.dumps([asdict(song) for song in songs]))
    return songs


def read_settings(folder: Path) -> ScoreAwareSettings | None:
    """How the run in a folder is trained; None where there is none."""
    path = folder / SETTINGS_FILE
    return ScoreAwareSettings(**json.loads(path.read_text())) if path.exists() else None


def train_score_aware(
    corpora: Sequence[Path], folder: Path, settings: ScoreAwareSettings, *, start: Path, stop_at: int | None = None
) -> None:
    """Train in `folder`, showing progress; goes on where an earlier run stopped, with that one's settings.

    start: a model whose codebook of sounds is taken. Raises UsageError where the run there has other settings.
    """
    songs = prepare(corpora, folder, start)
    store = build(songs, folder / "features", lambda texts: tqdm(texts, desc="features", unit="song"))
    trainer = ScoreAwareTrainer(folder, ScoreAwareCrops(store, settings.seed), settings)
    trainer.resume()
    (folder / SETTINGS_FILE).write_text(json.dumps(asdict(settings), indent=1))
    about = {"vocabulary_version": VERSION, "songs": len(songs), "parameters": parameter_count(trainer.network)}
    (folder / ABOUT_FILE).write_text(json.dumps({**about, "settings": asdict(settings)}, indent=1))
    trainer.train(stop_at, settings.steps, SAVE_SECONDS)
