"""The listener in numpy: reads the given channels once, then lets each token that the engine reads attend to them.

It equals `models.training.listener`, which explains and trains it, within rounding. It opens `listener.safetensors`
without torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import MusicError
from models.tokens.piano_roll import TABLE_SIZE, Roll, Rows

Floats = npt.NDArray[np.float32]

LISTENER_FILE = "listener.safetensors"
ROWS_BEHIND, ROWS_AHEAD = 32, 64
"""Rows before and after a token's own that it attends to: eight beats, and four bars."""
SLOPES = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625)
"""For each head, how much a row's score falls with every row of distance (ALiBi)."""
BLOCKS = 2
"""Steps of reading a roll."""
KERNEL = 9
"""Rows that a convolution spans."""
EPSILON = 1e-6
"""Of the RMS norms (Zhang and Sennrich 2019)."""


def cross_attention_layers(layers: int) -> tuple[int, ...]:
    """Return the layers with cross-attention before them: every second one, from the top."""
    return tuple(range(layers - 1, -1, -2))[::-1]


class ListenerError(MusicError):
    """Weights that are not a listener's, or are for another network."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One step of reading a roll: a convolution of each feature over time, then a gated transform."""

    kernel: Floats
    bias: Floats
    norm: Floats
    gate_up: Floats
    down_proj: Floats

    def apply(self, rows: Floats) -> Floats:
        """Return the transformed rows [rows, width]."""
        padded = np.pad(rows, ((KERNEL // 2, KERNEL // 2), (0, 0)))
        mixed = np.einsum("rwk,wk->rw", sliding_window_view(padded, KERNEL, axis=0), self.kernel) + self.bias
        gate, up = np.split(_rms_norm(mixed, self.norm) @ self.gate_up, 2, axis=1)
        with np.errstate(over="ignore"):  # for a gate far below zero the result is rightly zero
            return np.asarray(rows + gate / (1 + np.exp(-gate)) * up @ self.down_proj)


@dataclass(frozen=True, slots=True)
class _CrossAttention:
    """The attention before one layer: matrices [in, out]."""

    norm: Floats
    queries: Floats
    keys: Floats
    values: Floats
    output: Floats


class Listener:
    """A listener's weights, and the roll that it has read. layers: the number of the attention before each layer."""

    def __init__(self, folder: Path, width: int, layers: int) -> None:
        """Open a model's listener. width, layers: the network's. Raise ListenerError if it is for another network."""
        self.layers = {layer: number for number, layer in enumerate(cross_attention_layers(layers))}
        tensors = _read_tensors(folder, width, len(self.layers))
        self.embedding = tensors["embedding.weight"]
        self.blocks = [_block(tensors, f"blocks.{number}.") for number in range(BLOCKS)]
        self.norm = tensors["norm.weight"]
        self.attentions = [_attention(tensors, f"attentions.{number}.") for number in range(len(self.layers))]
        self._keys: list[Floats] = []
        self._values: list[Floats] = []

    def read(self, roll: Roll) -> None:
        """Read the given channels of a whole song [rows, columns] in place of the roll read before."""
        self._keys, self._values = [], []
        rows = self.embedding[roll[:, 0]]
        for column in roll.T[1:]:  # one at a time: all together they take 22 times the memory
            rows += self.embedding[column]
        for block in self.blocks:
            rows = block.apply(rows)
        rows = _rms_norm(rows, self.norm)
        for attention in self.attentions:
            self._keys.append(_split_heads(rows @ attention.keys))
            self._values.append(_split_heads(rows @ attention.values))

    def attend(self, layer: int, hidden: Floats, token_rows: Rows) -> Floats:
        """Return what is added to tokens [n, width] before a layer. token_rows: the row that each is at [n]."""
        number = self.layers[layer]
        attention, keys, values = self.attentions[number], self._keys[number], self._values[number]
        start = max(0, int(token_rows.min()) - ROWS_BEHIND)
        stop = int(token_rows.max()) + ROWS_AHEAD + 1
        queries = _split_heads(_rms_norm(hidden, attention.norm) @ attention.queries)
        scores = queries @ keys[:, start:stop].transpose(0, 2, 1) * np.float32(queries.shape[2] ** -0.5)
        scores += _distance_bias(np.arange(start, start + scores.shape[2]) - token_rows[:, None])
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        attended = scores @ values[:, start:stop] / scores.sum(axis=2, keepdims=True)
        return np.asarray(attended.transpose(1, 0, 2).reshape(len(hidden), -1) @ attention.output)


def _distance_bias(ahead: Rows) -> Floats:
    """Return what is added to the scores of rows so far ahead [heads, n, rows]: minus infinity if out of reach."""
    distance = np.where((ahead >= -ROWS_BEHIND) & (ahead <= ROWS_AHEAD), np.abs(ahead), np.inf).astype(np.float32)
    return np.asarray(distance * -np.array(SLOPES, np.float32)[:, None, None])


def _rms_norm(rows: Floats, norm: Floats) -> Floats:
    """Return rows [n, width] at a mean square of 1, times the norm's weights."""
    return np.asarray(rows / np.sqrt(np.square(rows).mean(axis=1, keepdims=True) + np.float32(EPSILON)) * norm)


def _split_heads(rows: Floats) -> Floats:
    """Return rows [n, width] as [heads, n, width of a head]."""
    return np.ascontiguousarray(rows.reshape(len(rows), len(SLOPES), -1).transpose(1, 0, 2))


def _read_tensors(folder: Path, width: int, attentions: int) -> dict[str, Floats]:
    """Return a listener's weights by name, [out, in], as float32. Raise ListenerError if they fit no such network."""
    try:
        stored = load_file(folder / LISTENER_FILE)
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise ListenerError(f"The listener in {folder} cannot be read: {error}.") from error
    expected = tensor_shapes(width, attentions)
    if {name: weights.shape for name, weights in stored.items()} != expected:
        raise ListenerError(f"The listener in {folder} was made for another network, or another version.")
    return {name: stored[name].astype(np.float32) for name in expected}


def tensor_shapes(width: int, attentions: int) -> dict[str, tuple[int, ...]]:
    """Return the sizes of a listener's weights, by their names in the file. attentions: how many layers have one."""
    sizes: dict[str, tuple[int, ...]] = {"embedding.weight": (TABLE_SIZE, width), "norm.weight": (width,)}
    for number in range(BLOCKS):
        prefix = f"blocks.{number}."
        sizes |= {f"{prefix}mix.weight": (width, 1, KERNEL), f"{prefix}mix.bias": (width,)}
        sizes |= {f"{prefix}norm.weight": (width,), f"{prefix}widen.weight": (4 * width, width)}
        sizes[f"{prefix}narrow.weight"] = (width, 2 * width)
    for number in range(attentions):
        prefix = f"attentions.{number}."
        sizes[f"{prefix}norm.weight"] = (width,)
        sizes |= {f"{prefix}{name}.weight": (width, width) for name in ("queries", "keys", "values", "output")}
    return sizes


def _block(tensors: dict[str, Floats], prefix: str) -> _Block:
    return _Block(
        kernel=tensors[f"{prefix}mix.weight"][:, 0],
        bias=tensors[f"{prefix}mix.bias"],
        norm=tensors[f"{prefix}norm.weight"],
        gate_up=_transposed(tensors[f"{prefix}widen.weight"]),
        down_proj=_transposed(tensors[f"{prefix}narrow.weight"]),
    )


def _attention(tensors: dict[str, Floats], prefix: str) -> _CrossAttention:
    names = ("queries", "keys", "values", "output")
    matrices = (_transposed(tensors[f"{prefix}{name}.weight"]) for name in names)
    return _CrossAttention(tensors[f"{prefix}norm.weight"], *matrices)


def _transposed(matrix: Floats) -> Floats:
    """Return a matrix [out, in] as [in, out], which is fast to multiply with one row and with a few."""
    return np.ascontiguousarray(matrix.T)
