"""Another way to run the network, for `benchmarks.speed.engine`: transformers, which opens the checkpoint itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from transformers import DynamicCache

from models.inference.checkpoint import Floats
from models.inference.engine import Cache, Engine
from models.training.network import load_network


class Runner(Protocol):
    """Runs the network for one text. context: how many tokens it can look back on."""

    context: int

    def begin(self, ids: Sequence[int]) -> Floats:
        """Forget everything and read tokens; return the logits of the next one."""
        ...

    def feed(self, token: int) -> Floats:
        """Read one more token; return the logits of the next one."""
        ...


class Transformers:
    """LlamaForCausalLM with its own growing cache."""

    def __init__(self, folder: Path) -> None:
        self.network = load_network(folder)
        self.context = int(self.network.config.max_position_embeddings)
        self._cache = DynamicCache(config=self.network.config)

    def begin(self, ids: Sequence[int]) -> Floats:
        """Forget everything and read tokens; return the logits of the next one."""
        self._cache = DynamicCache(config=self.network.config)
        return self._read(ids)

    def feed(self, token: int) -> Floats:
        """Read one more token; return the logits of the next one."""
        return self._read([token])

    def _read(self, ids: Sequence[int]) -> Floats:
        with torch.inference_mode():
            out = self.network(torch.tensor([list(ids)]), past_key_values=self._cache, use_cache=True)
        return out.logits[0, -1].numpy()  # type: ignore[no-any-return]


class Ours:
    """The engine of this project."""

    def __init__(self, folder: Path) -> None:
        engine = Engine(folder)
        self.context = engine.context
        self._cache = Cache(engine, 1)

    def begin(self, ids: Sequence[int]) -> Floats:
        """Forget everything and read tokens; return the logits of the next one."""
        self._cache.lengths[0] = 0
        return self._cache.read(0, ids)

    def feed(self, token: int) -> Floats:
        """Read one more token; return the logits of the next one."""
        return np.asarray(self._cache.step([token])[0])
