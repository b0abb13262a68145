"""Models made on the spot, so small that any test can have one, with random weights or with zeros."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from models.inference.cross_attention import LISTENER_FILE
from models.tokens.codec import to_text
from models.tokens.sounds import SHAPES, Codebook
from models.tokens.tokenizer import TOKENIZER_FILE, token_id, train_tokenizer
from models.tokens.vocabulary import BOS, END, EVENTS, PAD
from models.training.listener import Listener
from models.training.network import new_network
from models.training.score_aware.checkpoint import save_checkpoint
from models.training.score_aware.network import Network, Sizes
from tests.music import random_score, scale

SONGS = 30


@cache
def codebook() -> Codebook:
    """Random envelopes and duty curves. None starts at full volume, as notes without a sound do."""
    random = np.random.default_rng(7)
    curves = {name: random.integers(4 if name == "duty" else 15, size=shape) for name, shape in SHAPES.items()}
    return Codebook(**{name: rows.tolist() for name, rows in curves.items()})


@cache
def tokenizer(*, sounds: bool = False) -> Tokenizer:
    """A tokenizer learnt from random scores."""
    book = codebook() if sounds else None
    scores = [random_score(seed) for seed in range(SONGS)] + [scale(2400), scale(1800)]
    texts = (to_text(score, codebook=book, repeats=sounds) for score in scores)
    return train_tokenizer(texts, 1300 if sounds else 900, sounds=sounds, repeats=sounds)


def write_model(
    folder: Path,
    seed: int = 0,
    *,
    context: int = 128,
    uniform: bool = False,
    sounds: bool = False,
    listener: bool = False,
    companion: bool = False,
) -> Path:
    """Write a model into a folder. uniform: it finds every token equally likely. listener: it has a random one.

    sounds: its notes name how they sound, and its channels what they repeat. companion: its tokens are single events,
    it names sounds, and it knows the state of the score.
    """
    if companion:
        return write_score_aware_model(folder, seed, context)
    known = tokenizer(sounds=sounds)
    torch.manual_seed(seed)
    pad, bos, end = (token_id(known, EVENTS[number]) for number in (PAD, BOS, END))
    size = known.get_vocab_size()
    network = new_network(vocabulary=size, width=64, layers=1, context=context, pad=pad, bos=bos, end=end)
    if uniform:
        for parameter in network.parameters():
            torch.nn.init.zeros_(parameter)
    network.save_pretrained(folder)
    known.save(str(folder / TOKENIZER_FILE))
    if sounds:
        codebook().save(folder)
    if listener:
        write_listener(folder, width=64, layers=1)
    return folder


def write_score_aware_model(folder: Path, seed: int, context: int) -> Path:
    """A random network that knows the state of the score, with its companion loud."""
    torch.manual_seed(seed)
    sizes = Sizes(width=64, layers=2, context=context, features=16, transform=32)
    network = Network(sizes)
    for name, parameter in network.named_parameters():
        if name.startswith("companion."):
            torch.nn.init.normal_(parameter, std=0.2)
    save_checkpoint(folder, sizes, dict(network.named_parameters()))
    codebook().save(folder)
    return folder


def write_listener(folder: Path, width: int, layers: int) -> None:
    """Write a random listener beside a model, with weights so large that its effect cannot be missed."""
    listener = Listener(width, layers)
    for name, parameter in listener.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            torch.nn.init.normal_(parameter, std=1.0 if "embed" in name else 0.2)
    save_file(listener.state_dict(), folder / LISTENER_FILE)
