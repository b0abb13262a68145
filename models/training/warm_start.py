"""Weights of one model as the beginning of another that has other tokens.

Knows how tokens are spelt and nothing else of music; training is in `models.training.train`.
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
"""Matrices with a row a token: one and the same, as the embeddings are tied."""


def warm_start(network: LlamaForCausalLM, tokenizer: Tokenizer, start: Path) -> None:
    """Begin with the weights of another model, the embeddings as `transfer_rows` makes them.

    tokenizer: the network's own. Raises UsageError where the other model is of another width or depth.
    """
    own, weights = network.state_dict(), load_network(start).state_dict()
    sizes, found = ({n: w.shape[n in _BY_TOKEN :] for n, w in some.items()} for some in (own, weights))
    if sizes != found:
        raise UsageError(f"The model in {start} has another width or depth than the run asks for.")
    known = load_tokenizer(start)
    for name in _BY_TOKEN:
        weights[name] = transfer_rows(weights[name], known, own[name], tokenizer)
    network.load_state_dict(weights)


def transfer_rows(weights: torch.Tensor, known: Tokenizer, fresh: torch.Tensor, tokenizer: Tokenizer) -> torch.Tensor:
    """Rows [tokens, width] for a tokenizer, from those that belong to `known`'s tokens.

    A token of the same spelling keeps its row, another gets the mean of its events'. One with events that are not
    known keeps what it has in `fresh`.
    """
    rows = fresh.clone()
    for i in range(tokenizer.get_vocab_size()):
        text = tokenizer.id_to_token(i) or ""
        same = known.token_to_id(text)
        parts = [known.token_to_id(character) for character in text] if same is None else [same]
        if parts and None not in parts:
            rows[i] = weights[parts].mean(dim=0)
    return rows
