"""Training: from a corpus to a checkpoint, resumable at any step and reproducible from its seed.

A run folder holds `songs.json` (the corpus as texts), `sounds.json` (the codebook of the sounds that they name, where
the corpus has real songs), `outlines.json` (what those songs were before their first note), `tokenizer.json`,
what `models.training.run` keeps there and the checkpoint of the last save. Scoring is in `models.training.evaluate`, beginning with other
weights in `models.training.warm_start`, what hears given channels in `models.training.train_listener`.
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
from models.tokens.codec import (
    ABOUT_FILE,
    TOKENIZER_FILE,
    knows_repeats,
    knows_sounds,
    load_codebook,
    load_tokenizer,
    token_id,
    with_every_event,
)
from models.tokens.song_profiles import save_profiles
from models.tokens.sounds import CODEBOOK_FILE, Codebook
from models.tokens.vocabulary import BOS, END, EVENTS, PAD, VERSION
from models.training.dataset import CropDataset
from models.training.examples import Example, learn_sounds, learn_tokenizer, read_examples
from models.training.network import new_network, parameter_count
from models.training.run import Run, control_mask, device, nats_a_token
from models.training.settings import Settings
from models.training.warm_start import warm_start


class Trainer(Run[Settings]):
    """One run in one folder, of the whole network."""

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
        """(nats a token, tokens) of this step's crops."""
        rows, length = self.settings.crop(self.step)
        batch = torch.from_numpy(self.crops.batch(self.step, rows, length + 1).astype(np.int64)).to(device())
        with torch.autocast(device(), torch.bfloat16, enabled=self.rounds):
            return nats_a_token(self.network, batch, self.controls), rows * length

    def export(self) -> None:
        """Write the checkpoint, half the size; loaded as float32 again, with a loss of nats too small to measure."""
        copy.deepcopy(self.network).half().save_pretrained(self.folder)
        (self.folder / "model.safetensors").chmod(0o644)


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
        save_profiles((song for song in songs if song.real), folder, codebook)
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
    about = {"vocabulary_version": VERSION, "songs": len(songs), "parameters": parameter_count(trainer.network)}
    (folder / ABOUT_FILE).write_text(json.dumps({**about, "settings": asdict(settings)}, indent=1))
    trainer.follow(stop_at, save_every)
