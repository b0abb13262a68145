"""Opens the weights beside the trunk of a network that knows the state of the score: features, pointer, intervals.

`models.training.score_aware.network` explains and trains them, and `models.inference.network_graph` runs them. It opens
`companion.safetensors` without torch.
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
from models.features.columns import PITCHED, REFERENCES

Floats = npt.NDArray[np.float32]

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


def read_companion(folder: Path, width: int) -> dict[str, Floats]:
    """Return a companion's weights by name, [out, in], as float32. width: the network's. Raise CompanionError."""
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
