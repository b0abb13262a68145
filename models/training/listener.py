"""The listener in torch, for training: it lets the network hear given channels while it writes others.

A few convolutions read the given channels' piano roll (`models.tokens.piano_roll`). Before some of its layers the
network attends to the rows around the current one (cross-attention, Vaswani 2017), to near rows more than to far ones
(ALiBi, Press 2022). The network's own weights do not change. Without a roll it computes what it would without a
listener, and so does a new listener, since its last matrices start as zeros (as in Flamingo, Alayrac 2022).
`models.inference.cross_attention` and the graph do the same, to write tunes with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from transformers import LlamaForCausalLM

from models.inference.cross_attention import (
    BLOCKS,
    EPSILON,
    KERNEL,
    LISTENER_FILE,
    ROWS_AHEAD,
    ROWS_BEHIND,
    SLOPES,
    ListenerError,
    cross_attention_layers,
)
from models.tokens.piano_roll import COLUMNS, TABLE_SIZE

HEADS = len(SLOPES)


class RMSNorm(nn.RMSNorm):
    """RMS norm in float32: autocast gives it bfloat16 rows, which torch does not combine with float32 weights."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the normalised rows in float32."""
        return super().forward(rows.float())


# The attributes of the modules below name the tensors in the listener's file, so they do not change.


class Block(nn.Module):
    """One step of reading a roll: rows [n, rows, width] are mixed with their neighbours, then transformed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = RMSNorm(width, eps=EPSILON)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(2 * width, width, bias=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the transformed rows [n, rows, width]."""
        gate, up = self.widen(self.norm(self.mix(rows.transpose(1, 2)).transpose(1, 2))).chunk(2, dim=-1)
        return torch.as_tensor(rows + self.narrow(functional.silu(gate) * up))


class CrossAttention(nn.Module):
    """Attention before one layer, from tokens [n, tokens, width] to rows [n, rows, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = RMSNorm(width, eps=EPSILON)
        self.queries = nn.Linear(width, width, bias=False)
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.output.weight)

    def forward(self, tokens: torch.Tensor, rows: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Return what is added to the tokens. bias: added to the scores [n, heads, tokens, rows]."""
        queries = self._split_heads(self.queries(self.norm(tokens)))
        keys, values = self._split_heads(self.keys(rows)), self._split_heads(self.values(rows))
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias.to(queries.dtype))
        return torch.as_tensor(self.output(attended.transpose(1, 2).flatten(2)))

    def _split_heads(self, rows: torch.Tensor) -> torch.Tensor:
        """Return rows [n, rows, width] as [n, heads, rows, width of a head]."""
        return rows.view(*rows.shape[:2], HEADS, -1).transpose(1, 2)


class Listener(nn.Module):
    """Reads rolls, and lets the network that it is attached to attend to them.

    width, layers: the network's.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.layers = cross_attention_layers(layers)
        self.embedding = nn.Embedding(TABLE_SIZE, width)
        nn.init.normal_(self.embedding.weight, std=len(COLUMNS) ** -0.5)
        self.blocks = nn.ModuleList(Block(width) for _ in range(BLOCKS))
        self.norm = RMSNorm(width, eps=EPSILON)
        self.attentions = nn.ModuleList(CrossAttention(width) for _ in self.layers)
        self._rows: torch.Tensor | None = None
        self._bias: torch.Tensor | None = None

    def attach(self, network: LlamaForCausalLM) -> None:
        """From now on, let the chosen layers of a network attend to the rows that were read last."""
        for layer, attention in zip(self.layers, self.attentions, strict=True):

            def attend(_: nn.Module, inputs: tuple[Any, ...], attention: nn.Module = attention) -> tuple[Any, ...]:
                if self._rows is None:
                    return inputs
                return (inputs[0] + attention(inputs[0], self._rows, self._bias), *inputs[1:])

            network.model.layers[layer].register_forward_pre_hook(attend)

    def read(self, rolls: torch.Tensor, token_rows: torch.Tensor) -> None:
        """Read the rolls that the network attends to. token_rows: the row that each token is at [n, tokens].

        rolls [n, rows, columns]: rows of -1 pad shorter ones, and are not attended to.
        """
        is_row = rolls[:, :, 0] >= 0
        rows = self.embedding(rolls.clamp(min=0)).sum(dim=2) * is_row[:, :, None]
        for block in self.blocks:
            rows = block(rows) * is_row[:, :, None]
        self._rows = self.norm(rows)
        self._bias = _distance_bias(token_rows, is_row)

    def clear(self) -> None:
        """Forget the rolls, so that the network computes what it would without a listener."""
        self._rows = self._bias = None


def _distance_bias(token_rows: torch.Tensor, is_row: torch.Tensor) -> torch.Tensor:
    """Return what is added to the scores [n, heads, tokens, rows]: minus infinity for rows out of reach."""
    ahead = torch.arange(is_row.shape[1], device=is_row.device) - token_rows[:, :, None]
    in_reach = is_row[:, None] & (ahead >= -ROWS_BEHIND) & (ahead <= ROWS_AHEAD)
    distance = ahead.abs().float().masked_fill(~in_reach, torch.inf)
    return distance[:, None] * -torch.tensor(SLOPES, device=is_row.device)[:, None, None]


def load_listener(folder: Path, network: LlamaForCausalLM) -> Listener:
    """Return a model's listener in float32, attached to its network. Raise ListenerError if the model has none."""
    if not (folder / LISTENER_FILE).exists():
        raise ListenerError(f"The model in {folder} has no listener: chiptune train --listener trains one.")
    listener = Listener(network.config.hidden_size, network.config.num_hidden_layers)
    listener.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / LISTENER_FILE).items()})
    listener.eval()
    listener.attach(network)
    return listener
