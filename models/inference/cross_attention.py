"""The listener in numpy: given channels read once, then heard at every token that the engine reads.

The same sums as `models.training.listener`, where they are explained and trained; equal to it within rounding. Opens
`listener.safetensors` without torch.
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
"""Rows before and after the one reached that are heard: eight beats, and four bars."""
SLOPES = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625)
"""For each head by how much a row's score falls with every row that it is farther off."""
BLOCKS = 2
"""Steps of reading a roll."""
KERNEL = 9
"""Rows that a convolution spans."""
EPSILON = 1e-6
"""Of the norms (RMS norm, Zhang and Sennrich 2019)."""


def cross_attention_layers(layers: int) -> tuple[int, ...]:
    """The layers before which a network of so many hears: every second one, from the top."""
    return tuple(range(layers - 1, -1, -2))[::-1]


class ListenerError(MusicError):
    """Weights that are no listener's, or one for another network."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One step of reading a roll: a convolution of each column with its neighbours in time, then a gated transform."""

    mix: Floats
    bias: Floats
    norm: Floats
    widen: Floats
    narrow: Floats

    def read(self, rows: Floats) -> Floats:
        """Rows [rows, width]."""
        padded = np.pad(rows, ((KERNEL // 2, KERNEL // 2), (0, 0)))
        mixed = np.einsum("rwk,wk->rw", sliding_window_view(padded, KERNEL, axis=0), self.mix) + self.bias
        gate, up = np.split(_rms_norm(mixed, self.norm) @ self.widen, 2, axis=1)
        with np.errstate(over="ignore"):  # the gate of a value far below zero rightly comes out as zero
            return np.asarray(rows + gate / (1 + np.exp(-gate)) * up @ self.narrow)


@dataclass(frozen=True, slots=True)
class _CrossAttention:
    """What is heard before one layer: matrices [in, out]."""

    norm: Floats
    queries: Floats
    keys: Floats
    values: Floats
    output: Floats


class Listener:
    """What hears given channels beside a network. layers: for those before which it does, which of its attentions."""

    def __init__(self, folder: Path, width: int, layers: int) -> None:
        """Open a model's listener. width, layers: the network's. Raises ListenerError where it is for another one."""
        self.layers = {layer: number for number, layer in enumerate(cross_attention_layers(layers))}
        tensors = _read_tensors(folder, width, len(self.layers))
        self.embedding = tensors["embedding.weight"]
        self.blocks = [_block(tensors, f"blocks.{number}.") for number in range(BLOCKS)]
        self.norm = tensors["norm.weight"]
        self.attentions = [_attention(tensors, f"attentions.{number}.") for number in range(len(self.layers))]
        self._keys: list[Floats] = []
        self._values: list[Floats] = []

    def read(self, roll: Roll) -> None:
        """Read what is given, rows of a whole song [rows, columns], and forget what was given before."""
        self._keys, self._values = [], []
        rows = self.embedding[roll[:, 0]]
        for column in roll.T[1:]:  # one after the other: together they take 22 times the room
            rows += self.embedding[column]
        for block in self.blocks:
            rows = block.read(rows)
        rows = _rms_norm(rows, self.norm)
        for attention in self.attentions:
            self._keys.append(_split_heads(rows @ attention.keys))
            self._values.append(_split_heads(rows @ attention.values))

    def attend(self, layer: int, flow: Floats, reached: Rows) -> Floats:
        """What is added to tokens [n, width] before a layer. reached: the row that each is at [n]."""
        number = self.layers[layer]
        attention, keys, values = self.attentions[number], self._keys[number], self._values[number]
        start = max(0, int(reached.min()) - ROWS_BEHIND)
        stop = int(reached.max()) + ROWS_AHEAD + 1
        queries = _split_heads(_rms_norm(flow, attention.norm) @ attention.queries)
        scores = queries @ keys[:, start:stop].transpose(0, 2, 1) * np.float32(queries.shape[2] ** -0.5)
        scores += _distance_bias(np.arange(start, start + scores.shape[2]) - reached[:, None])
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        found = scores @ values[:, start:stop] / scores.sum(axis=2, keepdims=True)
        return np.asarray(found.transpose(1, 0, 2).reshape(len(flow), -1) @ attention.output)


def _distance_bias(ahead: Rows) -> Floats:
    """What is added to the scores of rows so far ahead [heads, n, rows]: minus infinity where they are not heard."""
    off = np.where((ahead >= -ROWS_BEHIND) & (ahead <= ROWS_AHEAD), np.abs(ahead), np.inf).astype(np.float32)
    return np.asarray(off * -np.array(SLOPES, np.float32)[:, None, None])


def _rms_norm(rows: Floats, norm: Floats) -> Floats:
    """Rows [n, width] at a mean square of 1, times the norm's weights."""
    return np.asarray(rows / np.sqrt(np.square(rows).mean(axis=1, keepdims=True) + np.float32(EPSILON)) * norm)


def _split_heads(rows: Floats) -> Floats:
    """[n, width] as [heads, n, width of a head]."""
    return np.ascontiguousarray(rows.reshape(len(rows), len(SLOPES), -1).transpose(1, 0, 2))


def _read_tensors(folder: Path, width: int, attentions: int) -> dict[str, Floats]:
    """A listener's weights by name, [out, in], as float32. Raises ListenerError."""
    try:
        stored = load_file(folder / LISTENER_FILE)
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise ListenerError(f"The listener in {folder} cannot be read: {error}.") from error
    wanted = tensor_shapes(width, attentions)
    if {name: weights.shape for name, weights in stored.items()} != wanted:
        raise ListenerError(f"The listener in {folder} was made for another network, or another version.")
    return {name: stored[name].astype(np.float32) for name in wanted}


def tensor_shapes(width: int, attentions: int) -> dict[str, tuple[int, ...]]:
    """The weights that a listener has, by their names in the file. attentions: layers before which it hears."""
    found: dict[str, tuple[int, ...]] = {"embedding.weight": (TABLE_SIZE, width), "norm.weight": (width,)}
    for number in range(BLOCKS):
        prefix = f"blocks.{number}."
        found |= {f"{prefix}mix.weight": (width, 1, KERNEL), f"{prefix}mix.bias": (width,)}
        found |= {f"{prefix}norm.weight": (width,), f"{prefix}widen.weight": (4 * width, width)}
        found[f"{prefix}narrow.weight"] = (width, 2 * width)
    for number in range(attentions):
        prefix = f"attentions.{number}."
        found[f"{prefix}norm.weight"] = (width,)
        found |= {f"{prefix}{name}.weight": (width, width) for name in ("queries", "keys", "values", "output")}
    return found


def _block(tensors: dict[str, Floats], prefix: str) -> _Block:
    return _Block(
        mix=tensors[f"{prefix}mix.weight"][:, 0],
        bias=tensors[f"{prefix}mix.bias"],
        norm=tensors[f"{prefix}norm.weight"],
        widen=_transposed(tensors[f"{prefix}widen.weight"]),
        narrow=_transposed(tensors[f"{prefix}narrow.weight"]),
    )


def _attention(tensors: dict[str, Floats], prefix: str) -> _CrossAttention:
    names = ("queries", "keys", "values", "output")
    matrices = (_transposed(tensors[f"{prefix}{name}.weight"]) for name in names)
    return _CrossAttention(tensors[f"{prefix}norm.weight"], *matrices)


def _transposed(matrix: Floats) -> Floats:
    """A matrix [out, in] as [in, out]: one row times it and a few rows times it are both fast so."""
    return np.ascontiguousarray(matrix.T)
