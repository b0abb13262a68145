"""Other ways to run the network, for `benchmarks.speed.engine`: transformers and plain torch.

`PlainTorch` uses the matrices of the engine; transformers opens the checkpoint itself. docs/experiments.md also has
figures for onnxruntime, which is not a dependency of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from transformers import DynamicCache

from models.inference.engine import Engine, Logits
from models.training.network import load_network


class Runner(Protocol):
    """What a composer needs from whatever runs the network. context: how many tokens it can look back on."""

    context: int

    @property
    def length(self) -> int:
        """Tokens read so far."""
        ...

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read tokens; return the logits of the next one."""
        ...

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read more tokens; return the logits of the next one."""
        ...


class Transformers:
    """LlamaForCausalLM with its own growing cache."""

    def __init__(self, folder: Path) -> None:
        self.network = load_network(folder)
        self.context = int(self.network.config.max_position_embeddings)
        self._cache = DynamicCache(config=self.network.config)

    @property
    def length(self) -> int:
        """Tokens read so far."""
        return int(self._cache.get_seq_length())

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read tokens; return the logits of the next one."""
        self._cache = DynamicCache(config=self.network.config)
        return self.feed(ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read more tokens; return the logits of the next one."""
        with torch.inference_mode():
            out = self.network(torch.tensor([list(ids)]), past_key_values=self._cache, use_cache=True)
        return out.logits[0, -1].double().numpy()  # type: ignore[no-any-return]


class PlainTorch:
    """The computation of `models.inference.engine` in torch, with space for keys and values allocated in advance."""

    def __init__(self, engine: Engine) -> None:
        self.shape, self.context, self.length = engine.shape, engine.context, 0
        self._embedding, self._head = torch.from_numpy(engine.embedding), torch.from_numpy(engine.head)
        self._rope = torch.from_numpy(engine.rope)
        names = ("qkv_proj", "o_proj", "gate_up", "down_proj")
        self._layers = [[torch.from_numpy(getattr(layer, name)) for name in names] for layer in engine.layers]
        size = (self.shape.layers, self.shape.heads, self.context, self.shape.head)
        self._keys, self._values = torch.zeros(size), torch.zeros(size)

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read tokens; return the logits of the next one."""
        self.length = 0
        return self.feed(ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read more tokens; return the logits of the next one."""
        with torch.inference_mode():
            rows, begin, end = len(ids), self.length, self.length + len(ids)
            hidden = self._embedding[torch.tensor(list(ids))]
            past = torch.arange(end) <= torch.arange(begin, end)[:, None] if rows > 1 else None
            for number, (qkv_proj, o_proj, gate_up, down_proj) in enumerate(self._layers):
                mixed = (self._rms_norm(hidden) @ qkv_proj).view(rows, 3, self.shape.heads, self.shape.head)
                pairs = torch.view_as_complex(mixed[:, :2].view(rows, 2, self.shape.heads, -1, 2))
                pairs *= self._rope[begin:end, None, None]
                queries, keys, values = mixed.permute(1, 2, 0, 3)
                self._keys[number, :, begin:end], self._values[number, :, begin:end] = keys, values
                attention = torch.nn.functional.scaled_dot_product_attention(
                    queries[None],
                    self._keys[None, number, :, :end],
                    self._values[None, number, :, :end],
                    attn_mask=past,
                    scale=1.0,
                )
                hidden += attention[0].transpose(0, 1).reshape(rows, -1) @ o_proj
                gate, up = (self._rms_norm(hidden) @ gate_up).chunk(2, 1)
                hidden += (torch.nn.functional.silu(gate) * up) @ down_proj
            self.length = end
            return (self._rms_norm(hidden[-1:]) @ self._head)[0].double().numpy()

    def _rms_norm(self, hidden: torch.Tensor) -> torch.Tensor:
        squares = hidden.square().sum(1, keepdim=True) + self.shape.width * self.shape.epsilon
        return hidden * squares.rsqrt()
