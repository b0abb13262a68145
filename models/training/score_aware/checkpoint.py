"""Writes the network that knows the state of the score as files: a Llama's checkpoint and a companion beside it.

The trunk is what transformers opens as LlamaForCausalLM: config.json, model.safetensors, tokenizer.json. What is beside
it is `companion.safetensors`, which `models.inference` reads. All weights are in half precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig

from models.inference.checkpoint import read_shape, read_tensors
from models.inference.companion import COMPANION_FILE
from models.tokens.tokenizer import TOKENIZER_FILE
from models.tokens.vocabulary import BOS, END, EVENTS, PAD, char
from models.training.score_aware.network import EPSILON, HEAD, Network, Sizes

COMPANION = "companion."
"""What the names of its tensors begin with in the network."""


def save_checkpoint(folder: Path, sizes: Sizes, weights: Mapping[str, torch.Tensor]) -> list[Path]:
    """Write a network's weights, by their names in `network.Network`. Return the files written."""
    config = LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=len(EVENTS),
        hidden_size=sizes.width,
        intermediate_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.width // HEAD,
        max_position_embeddings=sizes.context,
        rms_norm_eps=EPSILON,
        tie_word_embeddings=True,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=END,
        dtype="float16",
    )
    config.save_pretrained(folder)
    halves = {name: weight.detach().cpu().half().contiguous() for name, weight in weights.items()}
    trunk = {name: weight for name, weight in halves.items() if not name.startswith(COMPANION)}
    beside = {name.removeprefix(COMPANION): w for name, w in halves.items() if name.startswith(COMPANION)}
    save_file(trunk, folder / "model.safetensors", {"format": "pt"})
    save_file(beside, folder / COMPANION_FILE, {"format": "pt"})
    for name in ("model.safetensors", COMPANION_FILE):
        (folder / name).chmod(0o644)
    event_tokenizer().save(str(folder / TOKENIZER_FILE))
    return [folder / name for name in ("config.json", "model.safetensors", COMPANION_FILE, TOKENIZER_FILE)]


def event_tokenizer() -> Tokenizer:
    """A tokenizer whose tokens are the single events, each with its own number."""
    vocabulary = {char(event): number for number, event in enumerate(EVENTS)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def load_checkpoint(folder: Path) -> Network:
    """The network of a checkpoint, in float32, ready to predict. Raises EngineError and CompanionError."""
    shape = read_shape(folder)
    stored = read_tensors(folder, shape)
    beside = load_file(folder / COMPANION_FILE)
    sizes = Sizes(
        width=shape.width,
        layers=shape.layers,
        context=shape.context,
        features=beside["classes.weight"].shape[0],
        transform=beside["read.weight"].shape[0],
        theta=shape.theta,
    )
    network = Network(sizes)
    weights = {name: torch.from_numpy(array) for name, array in stored.items()}
    weights |= {COMPANION + name: weight.float() for name, weight in beside.items()}
    network.load_state_dict(weights)
    return network.eval()
