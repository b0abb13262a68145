"""Trains the network: from a corpus to a checkpoint, resumable at any step and reproducible from its seed.

A run's folder holds `songs.json` (the corpus as texts), `sounds.json` (the codebook of their sounds, if the corpus has
recorded songs), `outlines.json` (the profiles of those songs), `tokenizer.json`, the files of `models.training.run` and
the checkpoint of the last save. Evaluation is in `models.training.evaluate`, starting from other weights in
`models.training.warm_start`, training a listener in `models.training.train_listener`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import LlamaForCausalLM

from models.music.songs import TRAIN_FILE
from models.tokens.song_profiles import save_profiles
from models.tokens.sounds import CODEBOOK_FILE, Codebook
from models.tokens.tokenizer import (
    ABOUT_FILE,
    TOKENIZER_FILE,
    add_missing_events,
    knows_repeats,
    knows_sounds,
    load_codebook,
    load_tokenizer,
    token_id,
)
from models.tokens.vocabulary import BOS, END, EVENTS, PAD, VERSION
from models.training.dataset import CropDataset
from models.training.examples import Example, learn_sounds, learn_tokenizer, read_examples
from models.training.hardware import device
from models.training.network import new_network, parameter_count
from models.training.run import TrainingRun, control_mask, mean_nats
from models.training.settings import Settings
from models.training.warm_start import warm_start


class Trainer(TrainingRun[Settings]):
    """A run that trains the whole network."""

    def __init__(
        self, folder: Path, songs: list[Example], tokenizer: Tokenizer, settings: Settings, start: Path | None = None
    ) -> None:
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
            warm_start(self.network, tokenizer, start)
        self.network.to(device())
        super().__init__(folder, settings, dict(self.network.named_parameters()))
        self.crops = CropDataset(tokenizer, songs, settings.seed, settings.mixture)
        self.controls = control_mask(tokenizer)

    def loss(self) -> tuple[torch.Tensor, int]:
        """Return this step's loss in nats a token, and the tokens of its crops."""
        rows, length = self.settings.crop(self.step)
        batch = torch.from_numpy(self.crops.batch(self.step, rows, length + 1).astype(np.int64)).to(device())
        with torch.autocast(device(), torch.bfloat16, enabled=self.bfloat16):
            return mean_nats(self.network, batch, self.controls), rows * length

    def export(self) -> None:
        """Write the checkpoint in half precision. Loaded as float32, it loses too few nats to measure."""
        copy.deepcopy(self.network).half().save_pretrained(self.folder)
        (self.folder / "model.safetensors").chmod(0o644)


def prepare(
    corpora: Sequence[Path], folder: Path, settings: Settings, start: Path | None = None
) -> tuple[list[Example], Tokenizer]:
    """Return a run's songs and tokenizer, from its folder or else from the corpora. Write what is new to the folder.

    start: a model whose tokenizer and codebook are used instead of new ones, if they have what the songs need.
    """
    folder.mkdir(parents=True, exist_ok=True)
    songs_file = folder / "songs.json"
    if songs_file.exists():
        songs = [Example(**song) for song in json.loads(songs_file.read_text())]
    else:
        codebook = _codebook(corpora, settings, start)
        if codebook:
            codebook.save(folder)
        examples = chain.from_iterable(read_examples(corpus / TRAIN_FILE, codebook) for corpus in corpora)
        songs = list(tqdm(examples, desc="reading", unit="song"))
        save_profiles(((song.text, song.game) for song in songs if song.real), folder, codebook)
        songs_file.write_text(json.dumps([asdict(song) for song in songs]))
    if not (folder / TOKENIZER_FILE).exists():
        sounds = (folder / CODEBOOK_FILE).exists()
        tokenizer = load_tokenizer(start) if start else None
        if tokenizer is None or knows_sounds(tokenizer) != sounds or not knows_repeats(tokenizer):
            tokenizer = learn_tokenizer(songs, settings.vocabulary, settings.seed, sounds=sounds)
        add_missing_events(tokenizer).save(str(folder / TOKENIZER_FILE))
    return songs, load_tokenizer(folder)


def _codebook(corpora: Sequence[Path], settings: Settings, start: Path | None) -> Codebook | None:
    """Return the starting model's codebook, or one learnt from the first corpus with recorded songs, or None."""
    codebook = load_codebook(start, load_tokenizer(start)) if start else None
    learnt = (learn_sounds(corpus / TRAIN_FILE, settings.seed) for corpus in corpora)
    return codebook or next(filter(None, learnt), None)


def train(
    corpora: Sequence[Path],
    folder: Path,
    settings: Settings,
    *,
    start: Path | None = None,
    stop_at: int | None = None,
    save_every: int = 250,
) -> None:
    """Train in `folder` on the training side of corpora and show progress. Continue an earlier run in that folder.

    start: a model whose weights a new run starts with, and whose tokenizer and codebook it uses if they have what the
    songs need. Raise UsageError if its width or depth differs.
    """
    songs, tokenizer = prepare(corpora, folder, settings, start)
    trainer = Trainer(folder, songs, tokenizer, settings, start)
    trainer.resume()
    about = {"vocabulary_version": VERSION, "songs": len(songs), "parameters": parameter_count(trainer.network)}
    (folder / ABOUT_FILE).write_text(json.dumps({**about, "settings": asdict(settings)}, indent=1))
    trainer.train(stop_at, save_every)
