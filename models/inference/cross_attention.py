"""The listener in numpy: reads the given channels once, and shows each token the rows of them that it attends to.

It equals `models.training.listener`, which explains and trains it, within rounding. The attention itself is part of the
graph (`models.inference.network_graph`). It opens `listener.safetensors` without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
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
class Heard:
    """The given channels of a whole song, as read. keys, values: by number of the attention [heads, rows, width]."""

    keys: list[Floats]
    values: list[Floats]


class Listener:
    """A listener's weights, without the attention of tokens."""

    def __init__(self, folder: Path, width: int, layers: int) -> None:
        """Open a model's listener. width, layers: the network's. Raise ListenerError if it is for another network."""
        self.count = len(cross_attention_layers(layers))
        tensors = read_listener(folder, width, layers)
        self.embedding = tensors["embedding.weight"]
        self.blocks = [_block(tensors, f"blocks.{number}.") for number in range(BLOCKS)]
        self.norm = tensors["norm.weight"]
        names = [f"attentions.{number}." for number in range(self.count)]
        self.keys = [_transposed(tensors[f"{name}keys.weight"]) for name in names]
        self.values = [_transposed(tensors[f"{name}values.weight"]) for name in names]
        nothing = np.zeros((len(SLOPES), 1, width // len(SLOPES)), np.float32)
        self._silence = Heard([nothing] * self.count, [nothing] * self.count)

    def read(self, roll: Roll) -> Heard:
        """Read the given channels of a whole song [rows, columns]."""
        rows = self.embedding[roll[:, 0]]
        for column in roll.T[1:]:  # one at a time: all together they take 22 times the memory
            rows += self.embedding[column]
        for block in self.blocks:
            rows = block.apply(rows)
        rows = _rms_norm(rows, self.norm)
        return Heard(
            [_split_heads(rows @ matrix) for matrix in self.keys],
            [_split_heads(rows @ matrix) for matrix in self.values],
        )

    def windows(self, heard: Sequence[Heard | None], token_rows: Sequence[Rows]) -> dict[str, Floats]:
        """Return what the graph needs for the tokens of some texts to attend to what each of them has heard.

        token_rows: the row that each token of each text is at [texts][tokens]. A text that has heard nothing attends to
        rows of zeros, which add nothing.
        """
        starts = [max(0, int(rows.min()) - ROWS_BEHIND) for rows in token_rows]
        stops = [int(rows.max()) + ROWS_AHEAD + 1 for rows in token_rows]
        # At least what one token sees, so that single tokens see equally many rows whatever is beside them.
        seen = max(ROWS_BEHIND + ROWS_AHEAD + 1, *(stop - start for start, stop in zip(starts, stops, strict=True)))
        found: dict[str, Floats] = {}
        for number in range(self.count):
            for name, which in (("keys", "keys"), ("values", "values")):
                rolls = [getattr(one or self._silence, which)[number] for one in heard]
                found[f"roll_{name}.{number}"] = _windows(rolls, starts, seen)
        biases = []
        for one, rows, start in zip(heard, token_rows, starts, strict=True):
            bias = _distance_bias(np.arange(start, start + seen) - rows[:, None])
            if one is not None:
                bias[:, :, max(0, one.keys[0].shape[1] - start) :] = -np.inf
            biases.append(bias)
        return found | {"bias": np.stack(biases)}


def _windows(rolls: Sequence[Floats], starts: Sequence[int], seen: int) -> Floats:
    """Return some rows of each roll from its start on [texts, heads, seen, width], zeros where it has ended."""
    found = np.zeros((len(rolls), rolls[0].shape[0], seen, rolls[0].shape[2]), np.float32)
    for text, (roll, start) in enumerate(zip(rolls, starts, strict=True)):
        part = roll[:, start : start + seen]
        found[text, :, : part.shape[1]] = part
    return found


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


def read_listener(folder: Path, width: int, layers: int) -> dict[str, Floats]:
    """Return a listener's weights by name, [out, in], as float32. Raise ListenerError if they fit no such network.

    width, layers: the network's.
    """
    try:
        stored = load_file(folder / LISTENER_FILE)
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise ListenerError(f"The listener in {folder} cannot be read: {error}.") from error
    expected = tensor_shapes(width, len(cross_attention_layers(layers)))
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


def _transposed(matrix: Floats) -> Floats:
    """Return a matrix [out, in] as [in, out], which is fast to multiply with one row and with a few."""
    return np.ascontiguousarray(matrix.T)
