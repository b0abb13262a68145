"""What is beside the trunk of a network that knows the state of the score, in numpy: features, pointer, intervals.

The same sums as in `models.training.score_aware.network`, where they are explained and trained; equal within rounding.
It opens `companion.safetensors` without torch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import MusicError
from models.features import columns, given
from models.features.candidates import BUCKETS, COUNT
from models.features.columns import PITCHED, REFERENCES, STATE_COLUMNS
from models.features.inputs import Inputs
from models.music.score import CHANNELS
from models.tokens.vocabulary import NUMBER

Floats = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float64]

COMPANION_FILE = "companion.safetensors"
BASIS = 6
"""Curves over intervals that are mixed for each pair of channels."""
REACH = 100
"""Semitones up and down that a curve spans."""
POINTERS = COUNT + 1
"""Candidates, and what given channels make follow."""
EPSILON = 1e-6
"""Of the norms (RMS norm, Zhang and Sennrich 2019)."""


class CompanionError(MusicError):
    """Weights that are no companion's, or one of another network or version."""


class Companion:
    """What a trunk of some width is told beside its tokens."""

    def __init__(self, folder: Path, norm: Floats) -> None:
        """Open a model's companion. norm: the trunk's final one [width]. Raises CompanionError."""
        found = _read_tensors(folder, len(norm))
        self._known, self._given = found["known.weight"], found["given.weight"]
        self._classes = _transposed(found["classes.weight"])
        self._read = _transposed(found["read.weight"])
        self._directly = _transposed(found["directly.weight"])
        self._added = _transposed(np.concatenate([found[f"{name}.weight"] for name in ("first", "middle", "last")]))
        self._believed, self._intervals = found["believed"], found["intervals"]
        # Rows come at length 1 and without the norm's weights.
        folded = norm * np.float32(len(norm) ** 0.5)
        self._pointer = _transposed(found["pointer.weight"] * folded)
        self._mixes = _transposed(found["mixes.weight"] * folded)

    def hidden_states(self, inputs: Inputs) -> tuple[Floats, Floats, Floats]:
        """What is added before the first layer, the middle one and the final norm [n, width]. inputs: of one row."""
        indices = inputs.indices[0]
        state = self._sum(self._known, indices[:, :STATE_COLUMNS]) + inputs.classes[0] @ self._classes
        looked = self._sum(self._known, indices[:, STATE_COLUMNS:])
        ahead = np.zeros_like(state)
        if len(inputs.given_rows):
            ahead = _normed(self._sum(self._given, inputs.given[0]))
        read: Floats = np.concatenate([_normed(state), _normed(looked), ahead], axis=1)
        wide = np.square(np.maximum(read @ self._read, np.float32(0)))
        first, middle, last = np.split(wide @ self._added, 3, axis=1)
        return np.asarray(first + read @ self._directly, np.float32), middle, last

    def add_gains(self, logits: Logits, row: Floats, inputs: Inputs) -> None:
        """Add to logits [events] what candidates and intervals gain. row: the last one, at length 1 [width]."""
        tokens, buckets = inputs.tokens[0, -1], inputs.buckets[0, -1]
        gains = row @ self._pointer + self._believed[np.arange(POINTERS), buckets]
        there = tokens >= 0
        np.add.at(logits, tokens[there], gains[there])
        mixes = (row @ self._mixes).reshape(PITCHED, REFERENCES, BASIS)
        mixes[..., 0] += 1
        curves = np.einsum("crb,crbi->cri", mixes, self._intervals)
        for channel in range(PITCHED):
            spec = CHANNELS[channel]
            begin, count = NUMBER[f"on:{spec.name}:{spec.lowest}"], spec.highest - spec.lowest + 1
            for number, reference in enumerate((*inputs.last[0, -1], inputs.before[0, -1, channel])):
                if reference >= 0:
                    start = spec.lowest - int(reference) + REACH
                    logits[begin : begin + count] += curves[channel, number, start : start + count]

    @staticmethod
    def _sum(table: Floats, indices: npt.NDArray[np.int32]) -> Floats:
        """The sum of some embeddings for each row [n, width]. One row after the other: together they take much room."""
        return np.stack([table[row].sum(axis=0) for row in indices])


def _normed(rows: Floats) -> Floats:
    """Rows [n, width] at a mean square of 1."""
    return np.asarray(rows / np.sqrt(np.square(rows).mean(axis=1, keepdims=True) + np.float32(EPSILON)))


def _transposed(matrix: Floats) -> Floats:
    """A matrix [out, in] as [in, out]: one row times it and a few rows times it are both fast so."""
    return np.ascontiguousarray(matrix.T)


def _read_tensors(folder: Path, width: int) -> dict[str, Floats]:
    """A companion's weights by name, [out, in], as float32. Raises CompanionError."""
    try:
        stored = load_file(folder / COMPANION_FILE)
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        raise CompanionError(f"The companion in {folder} cannot be read: {error}.") from error
    sizes = [stored[name].shape[:1] for name in ("read.weight", "classes.weight") if name in stored]
    if len(sizes) < 2 or {name: array.shape for name, array in stored.items()} != tensor_shapes(
        width, sizes[1][0], sizes[0][0]
    ):
        raise CompanionError(f"The companion in {folder} was made for another network, or another version.")
    return {name: array.astype(np.float32) for name, array in stored.items()}


def tensor_shapes(width: int, features: int, transform: int) -> dict[str, tuple[int, ...]]:
    """The weights that a companion has, by their names in the file. features, transform: widths inside it."""
    return {
        "known.weight": (columns.TABLE, features),
        "given.weight": (given.TABLE, features),
        "classes.weight": (features, columns.CLASSES),
        "read.weight": (transform, 3 * features),
        "directly.weight": (width, 3 * features),
        **{f"{name}.weight": (width, transform) for name in ("first", "middle", "last")},
        "believed": (POINTERS, BUCKETS + 1),
        "pointer.weight": (POINTERS, width),
        "intervals": (PITCHED, REFERENCES, BASIS, 2 * REACH + 1),
        "mixes.weight": (PITCHED * REFERENCES * BASIS, width),
    }
