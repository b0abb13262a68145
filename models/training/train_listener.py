"""Trains a listener for a model whose weights do not change: from a corpus to a copy of the model and its listener.

The run's folder becomes a complete model. It composes bit for bit what the original composes, and hears the channels
that it accompanies (`models.training.listener`). Crops come from `models.training.listener_dataset`, saving and
resuming from `models.training.run`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from models.errors import UsageError
from models.inference.cross_attention import LISTENER_FILE
from models.tokens.tokenizer import ABOUT_FILE, load_tokenizer
from models.tokens.vocabulary import PAD, VERSION
from models.training.examples import Example
from models.training.hardware import device
from models.training.listener import Listener
from models.training.listener_dataset import ListenerDataset
from models.training.network import load_network, parameter_count
from models.training.run import TrainingRun, control_mask, mean_nats, saved_state
from models.training.settings import Settings
from models.training.train import prepare

NETWORK_SETTINGS = ("width", "layers", "vocabulary", "mixture")
"""Settings that do not apply to a listener."""
COPIED_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "outlines.json",
    "originality.npz",
    ABOUT_FILE,
)
"""Files that a run copies from the model, besides its tokenizer and codebook."""


class ListenerTrainer(TrainingRun[Settings]):
    """A run that trains a listener alone."""

    def __init__(
        self, folder: Path, songs: Sequence[Example], tokenizer: Tokenizer, settings: Settings, start: Path
    ) -> None:
        torch.manual_seed(settings.seed)
        self.network = load_network(start).to(device())
        self.network.requires_grad_(requires_grad=False)
        config = self.network.config
        self.listener = Listener(config.hidden_size, config.num_hidden_layers).to(device())
        self.listener.attach(self.network)
        settings = replace(settings, context=min(settings.context, config.max_position_embeddings))
        super().__init__(folder, settings, dict(self.listener.named_parameters()))
        self.crops = ListenerDataset(tokenizer, songs, settings.seed, settings.mixture.arranged)
        self.controls = control_mask(tokenizer)

    def loss(self) -> tuple[torch.Tensor, int]:
        """Return this step's loss in nats a token, and the tokens of its crops."""
        batch = self.crops.batch(self.step, *self.settings.crop(self.step))
        parts = (batch.ids, batch.token_rows, batch.rolls)
        ids, token_rows, rolls = (torch.from_numpy(part).to(device()) for part in parts)
        with torch.autocast(device(), torch.bfloat16, enabled=self.bfloat16):
            self.listener.read(rolls, token_rows[:, :-1])
            return mean_nats(self.network, ids, self.controls), int((ids[:, 1:] != PAD).sum())

    def export(self) -> None:
        """Write the listener, in half precision."""
        weights = {name: parameter.detach().cpu().half() for name, parameter in self.parameters.items()}
        save_file(weights, self.folder / LISTENER_FILE)
        (self.folder / LISTENER_FILE).chmod(0o644)


def train_listener(
    corpora: Sequence[Path],
    folder: Path,
    settings: Settings,
    *,
    start: Path,
    stop_at: int | None = None,
    save_every: int = 250,
) -> None:
    """Train a listener for the model in `start` in `folder`, on the training side of corpora, and show progress.

    Continue an earlier run in that folder, with the copy of the model that it holds. Raise UsageError if the model's
    tokens lack what the songs hold, if the folder is the model's own, or if it holds a run that trains something else.
    """
    resumes = saved_state(folder) is not None  # with its own copy of the model, whatever `start` is now
    if not resumes and folder.resolve() == start.resolve():
        raise UsageError(f"A listener's run needs a folder of its own, not the model's: {folder}.")
    start = folder if resumes else start
    songs, tokenizer = prepare(corpora, folder, settings, start)
    if tokenizer.to_str() != load_tokenizer(start).to_str():
        raise UsageError(f"The model in {start} has other tokens than these songs need: train it on them first.")
    if not resumes:
        _copy_model(start, folder)
    trainer = ListenerTrainer(folder, songs, tokenizer, settings, start)
    trainer.resume()
    _describe(trainer, len(songs))
    trainer.train(stop_at, save_every)


def _copy_model(start: Path, folder: Path) -> None:
    """Copy a model into a run's folder, in place of the files that lie there."""
    for name in COPIED_FILES:
        (folder / name).unlink(missing_ok=True)
        if (start / name).exists():
            shutil.copy(start / name, folder / name)


def _describe(trainer: ListenerTrainer, songs: int) -> None:
    """Add how the listener is trained to the model's own description."""
    path = trainer.folder / ABOUT_FILE
    about = json.loads(path.read_text()) if path.exists() else {"vocabulary_version": VERSION}
    settings = {name: value for name, value in asdict(trainer.settings).items() if name not in NETWORK_SETTINGS}
    about["listener"] = {"songs": songs, "parameters": parameter_count(trainer.listener), "settings": settings}
    path.write_text(json.dumps(about, indent=1))
