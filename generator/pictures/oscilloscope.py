"""Oscilloscopes: what a sound looks like around one moment, held still as a scope's trigger holds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHADES = 16
"""Steps between the ground and the trace's own colour, for smooth edges."""
HALF_WIDTH = 1.0
"""Pixels of the trace above and below the sound."""

Trace = NDArray[np.uint8]
"""How much of each pixel a trace covers, 0 to `SHADES` - 1; shape (height, width)."""


def trigger(sound: NDArray[np.float32], near: int, reach: int) -> int:
    """The sample, `reach` from `near` at the most, where the sound rises through its middle; nearest to `near`.

    `near` itself where it does not rise.
    """
    first = max(0, near - reach)
    part = sound[first : near + reach]
    if not len(part):
        return near
    above = part > (part.max() + part.min()) / 2
    rises = np.flatnonzero(above[1:] & ~above[:-1]) + 1 + first
    return int(rises[np.abs(rises - near).argmin()]) if len(rises) else near


def trace(sound: NDArray[np.float32], middle: int, samples: int, height: int, width: int) -> Trace:
    """`samples` of a sound around one of them; -1 is the bottom and 1 the top of the picture."""
    first = middle - samples // 2
    padded = np.zeros(samples + 1, dtype=np.float32)
    begin, end = max(0, first), min(len(sound), first + samples + 1)
    if end > begin:
        padded[begin - first : end - first] = sound[begin:end]
    edges = np.arange(width + 1) * samples // width
    following = padded[edges[1:]]  # so that each column reaches the next
    low = np.minimum(np.minimum.reduceat(padded[:-1], edges[:-1]), following)
    high = np.maximum(np.maximum.reduceat(padded[:-1], edges[:-1]), following)
    rows = np.arange(height, dtype=np.float32)[:, None]
    top, bottom = (1 - high) * (height - 1) / 2, (1 - low) * (height - 1) / 2
    away = np.maximum(top - rows, rows - bottom)
    return np.asarray(np.clip(HALF_WIDTH + 0.5 - away, 0, 1) * (SHADES - 1), dtype=np.uint8)


def palette(ground: tuple[int, ...], colour: tuple[int, ...]) -> NDArray[np.uint8]:
    """The colours of a trace's shades, shape (SHADES, 3)."""
    share = np.linspace(0, 1, SHADES)[:, None]
    return np.asarray(np.round((1 - share) * np.array(ground) + share * np.array(colour)), dtype=np.uint8)
