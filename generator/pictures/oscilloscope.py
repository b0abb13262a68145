"""Oscilloscope traces: a sound around one moment, held in place by a trigger."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHADES = 16
"""Steps between the background and the trace's colour, for smooth edges."""
HALF_WIDTH = 1.0
"""Pixels of the trace above and below the sound."""

Trace = NDArray[np.uint8]
"""How much of each pixel a trace covers, 0 to `SHADES` - 1; shape (height, width)."""


def trigger(sound: NDArray[np.float32], near: int, reach: int) -> int:
    """Return the sample nearest to `near`, at most `reach` away, at which the sound rises through its middle.

    Return `near` itself if the sound does not rise.
    """
    first = max(0, near - reach)
    window = sound[first : near + reach]
    if not len(window):
        return near
    above = window > (window.max() + window.min()) / 2
    rises = np.flatnonzero(above[1:] & ~above[:-1]) + 1 + first
    return int(rises[np.abs(rises - near).argmin()]) if len(rises) else near


def trace(sound: NDArray[np.float32], middle: int, samples: int, height: int, width: int) -> Trace:
    """Return the trace of `samples` of a sound around its sample `middle`; -1 is the picture's bottom and 1 its top."""
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
    distance = np.maximum(top - rows, rows - bottom)
    return np.asarray(np.clip(HALF_WIDTH + 0.5 - distance, 0, 1) * (SHADES - 1), dtype=np.uint8)


def palette(background: tuple[int, ...], colour: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the colours of a trace's shades, shape (SHADES, 3)."""
    share = np.linspace(0, 1, SHADES)[:, None]
    return np.asarray(np.round((1 - share) * np.array(background) + share * np.array(colour)), dtype=np.uint8)
