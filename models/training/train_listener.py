"""Training a listener for a model that stays as it is: from a corpus to the model's files and `listener.safetensors`.

The run's folder becomes a whole model that composes as the one it began with, to the bit, and hears what it accompanies
(`models.training.listener`). What is seen at each step is `models.training.given_dataset`', how a run goes on `models.training.run`'s.
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
from models.tokens.codec import ABOUT_FILE, load_tokenizer
from models.tokens.vocabulary import PAD, VERSION
from models.training.examples import Example
from models.training.given_dataset import GivenDataset
from models.training.listener import Listener
from models.training.network import load_network, parameter_count
from models.training.run import Run, control_mask, device, nats_a_token, saved_state
from models.training.settings import Settings
from models.training.train import prepare

OF_NETWORKS = ("width", "layers", "vocabulary", "mixture")
"""Settings that say nothing of a listener."""
KEPT = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "outlines.json",
    "originality.npz",
    ABOUT_FILE,
)
"""What a run takes from the model beside its tokenizer and codebook."""


class ListenerTrainer(Run[Settings]):
    """One run in one folder, of a listener alone."""

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
        self.crops = GivenDataset(tokenizer, songs, settings.seed, settings.mixture.arranged)
        self.controls = control_mask(tokenizer)

    def loss(self) -> tuple[torch.Tensor, int]:
        """(nats a token, tokens) of this step's crops."""
        batch = self.crops.batch(self.step, *self.settings.crop(self.step))
        ids, reached, rolls = (torch.from_numpy(part).to(device()) for part in (batch.ids, batch.reached, batch.rolls))
        with torch.autocast(device(), torch.bfloat16, enabled=self.rounds):
            self.listener.hear(rolls, reached[:, :-1])
            return nats_a_token(self.network, ids, self.controls), int((ids[:, 1:] != PAD).sum())

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
    """Train a listener for the model in `start` in `folder`, on the training side of corpora, showing progress.

    Goes on where an earlier run stopped, with the model that it began with. Raises UsageError where the model does not
    know what the songs hold, where the folder is the model's own, and where it holds a run of something else.
    """
    goes_on = saved_state(folder) is not None  # with its own copy of the model, whatever `start` is now
    if not goes_on and folder.resolve() == start.resolve():
        raise UsageError(f"A listener's run needs a folder of its own, not the model's: {folder}.")
    start = folder if goes_on else start
    songs, tokenizer = prepare(corpora, folder, settings, start)
    if tokenizer.to_str() != load_tokenizer(start).to_str():
        raise UsageError(f"The model in {start} has other tokens than these songs need: train it on them first.")
    if not goes_on:
        _take(start, folder)
    trainer = ListenerTrainer(folder, songs, tokenizer, settings, start)
    trainer.resume()
    _describe(trainer, len(songs))
    trainer.follow(stop_at, save_every)


def _take(start: Path, folder: Path) -> None:
    """Copy a model into a run's folder."""
    for name in KEPT:
        (folder / name).unlink(missing_ok=True)
        if (start / name).exists():
            shutil.copy(start / name, folder / name)


def _describe(trainer: ListenerTrainer, songs: int) -> None:
    """Write beside what the model says of itself how its listener is trained."""
    path = trainer.folder / ABOUT_FILE
    about = json.loads(path.read_text()) if path.exists() else {"vocabulary_version": VERSION}
    settings = {name: value for name, value in asdict(trainer.settings).items() if name not in OF_NETWORKS}
    about["listener"] = {"songs": songs, "parameters": parameter_count(trainer.listener), "settings": settings}
    path.write_text(json.dumps(about, indent=1))
