"""Starts a network with the weights of another model that may have other tokens.

All it knows of music is how tokens are spelt. Training is in `models.training.train`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from models.errors import UsageError
from models.tokens.tokenizer import load_tokenizer
from models.training.network import load_network

_BY_TOKEN = ("model.embed_tokens.weight", "lm_head.weight")
"""Matrices with a row for each token. They are the same matrix, since the embeddings are tied."""


def warm_start(network: LlamaForCausalLM, tokenizer: Tokenizer, start: Path) -> None:
    """Give a network the weights of the model in `start`, its embeddings by `transfer_rows`.

    tokenizer: the network's own. Raise UsageError if the other model has another width or depth.
    """
    own, weights = network.state_dict(), load_network(start).state_dict()
    own_sizes, sizes = ({n: w.shape[n in _BY_TOKEN :] for n, w in state.items()} for state in (own, weights))
    if sizes != own_sizes:
        raise UsageError(f"The model in {start} has another width or depth than the run asks for.")
    old_tokenizer = load_tokenizer(start)
    for name in _BY_TOKEN:
        weights[name] = transfer_rows(weights[name], old_tokenizer, own[name], tokenizer)
    network.load_state_dict(weights)


def transfer_rows(
    weights: torch.Tensor, old_tokenizer: Tokenizer, fresh: torch.Tensor, tokenizer: Tokenizer
) -> torch.Tensor:
    """Return rows [tokens, width] for a tokenizer, made of the rows of another tokenizer's tokens.

    A token that both have keeps its row. Any other gets the mean of its events' rows, or keeps its row of `fresh` if
    the old tokenizer lacks one of the events.
    """
    rows = fresh.clone()
    for i in range(tokenizer.get_vocab_size()):
        text = tokenizer.id_to_token(i) or ""
        same = old_tokenizer.token_to_id(text)
        parts = [old_tokenizer.token_to_id(character) for character in text] if same is None else [same]
        if parts and None not in parts:
            rows[i] = weights[parts].mean(dim=0)
    return rows
