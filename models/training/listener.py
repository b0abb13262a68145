"""The listener: what lets the network hear channels that are given while it writes others. Here for training, in torch.

Given channels are a piano roll (`models.tokens.piano_roll`), read by a few convolutions; before some of its layers the network
attends to the rows around the one that it has reached (cross-attention, Vaswani 2017), the nearer the easier (ALiBi,
Press 2022). The network itself stays as it is: where no roll is told it is the one without a listener, and a new
listener changes nothing, since its last matrices begin as zeros (as in Flamingo, Alayrac 2022). The same in numpy, to
write tunes with, is in `models.inference.cross_attention`.
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


class Block(nn.Module):
    """One step of reading a roll: rows [n, rows, width] mixed with their neighbours, then transformed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = nn.RMSNorm(width, eps=EPSILON)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(2 * width, width, bias=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows [n, rows, width]."""
        gate, up = self.widen(self.norm(self.mix(rows.transpose(1, 2)).transpose(1, 2))).chunk(2, dim=-1)
        return torch.as_tensor(rows + self.narrow(functional.silu(gate) * up))


class CrossAttention(nn.Module):
    """Before one layer: tokens [n, tokens, width] to what they hear of rows [n, rows, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, eps=EPSILON)
        self.queries = nn.Linear(width, width, bias=False)
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.output.weight)

    def forward(self, tokens: torch.Tensor, rows: torch.Tensor, nearness: torch.Tensor) -> torch.Tensor:
        """What is added to tokens. nearness: added to the scores [n, heads, tokens, rows]."""
        queries = self._headed(self.queries(self.norm(tokens)))
        keys, values = self._headed(self.keys(rows)), self._headed(self.values(rows))
        found = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=nearness.to(queries.dtype))
        return torch.as_tensor(self.output(found.transpose(1, 2).flatten(2)))

    def _headed(self, rows: torch.Tensor) -> torch.Tensor:
        """[n, rows, width] as [n, heads, rows, width of a head]."""
        return rows.view(*rows.shape[:2], HEADS, -1).transpose(1, 2)


class Listener(nn.Module):
    """Reads rolls, and adds what is heard of them to a network that it is attached to.

    width, layers: the network's.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.layers = cross_attention_layers(layers)
        self.embedding = nn.Embedding(TABLE_SIZE, width)
        nn.init.normal_(self.embedding.weight, std=len(COLUMNS) ** -0.5)
        self.blocks = nn.ModuleList(Block(width) for _ in range(BLOCKS))
        self.norm = nn.RMSNorm(width, eps=EPSILON)
        self.attentions = nn.ModuleList(CrossAttention(width) for _ in self.layers)
        self._rows: torch.Tensor | None = None
        self._nearness: torch.Tensor | None = None

    def attach(self, network: LlamaForCausalLM) -> None:
        """Hear before the chosen layers of a network, from now on, whatever `hear` was told last."""
        for layer, attention in zip(self.layers, self.attentions, strict=True):

            def hear(_: nn.Module, inputs: tuple[Any, ...], attention: nn.Module = attention) -> tuple[Any, ...]:
                if self._rows is None:
                    return inputs
                return (inputs[0] + attention(inputs[0], self._rows, self._nearness), *inputs[1:])

            network.model.layers[layer].register_forward_pre_hook(hear)

    def hear(self, rolls: torch.Tensor, reached: torch.Tensor) -> None:
        """What the network hears. reached: the row that each token is at [n, tokens].

        rolls [n, rows, columns]: rows of -1 fill shorter ones up, and are not heard.
        """
        there = rolls[:, :, 0] >= 0
        rows = self.embedding(rolls.clamp(min=0)).sum(dim=2) * there[:, :, None]
        for block in self.blocks:
            rows = block(rows) * there[:, :, None]
        self._rows = self.norm(rows)
        self._nearness = _distance_bias(reached, there)

    def hear_nothing(self) -> None:
        """Leave the network as it is."""
        self._rows = self._nearness = None


def _distance_bias(reached: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """What is added to the scores of rows [n, heads, tokens, rows]: minus infinity where they are not heard."""
    ahead = torch.arange(there.shape[1], device=there.device) - reached[:, :, None]
    heard = there[:, None] & (ahead >= -ROWS_BEHIND) & (ahead <= ROWS_AHEAD)
    off = ahead.abs().float().masked_fill(~heard, torch.inf)
    return off[:, None] * -torch.tensor(SLOPES, device=there.device)[:, None, None]


def load_listener(folder: Path, network: LlamaForCausalLM) -> Listener:
    """The listener of a model on disk, in float32, attached to its network. Raises ListenerError where it has none."""
    if not (folder / LISTENER_FILE).exists():
        raise ListenerError(f"The model in {folder} has no listener: chiptune train --listener trains one.")
    listener = Listener(network.config.hidden_size, network.config.num_hidden_layers)
    listener.load_state_dict({name: tensor.float() for name, tensor in load_file(folder / LISTENER_FILE).items()})
    listener.eval()
    listener.attach(network)
    return listener
