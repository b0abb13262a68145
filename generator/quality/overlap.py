"""How much two samples of numbers have in common, and how much could be had at best.

Knows nothing of music: a sample is numbers, one a tune.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_PARTS = 10
"""Bins between the least and the greatest real value, at the most."""
SPLITS = 20
"""Draws of samples and splits of the real side that figures are the mean of."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What came of a comparison, 0 to 1 each.

    overlap: generated against real. ceiling: real against real. spread: the standard deviation of the ceiling over
    the splits, which is how far chance alone moves a figure at this size. size: numbers in each sample. edges: of
    the bins [n + 1].
    """

    overlap: float
    ceiling: float
    spread: float
    size: int
    edges: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The overlap as a share of the ceiling; 0 where not even two real samples have anything in common."""
        return self.overlap / self.ceiling if self.ceiling else 0.0


def bin_edges(real: Array, size: int) -> Array:
    """Edges [n + 1] of bins that hold equal shares of the real values, and one on either side for what lies beyond.

    Bins of equal shares after Mann and Wald (1942): none is empty, and one long tail does not make the rest coarse.
    Samples of `size` values get 2 size^(2/5) of them (Moore, in D'Agostino and Stephens 1986), a tenth each at most.
    Values that many songs share (no drums at all) are one edge, and their bin holds more than its share. Of more values
    like the real ones about 2 in len(real) + 1 lie beyond: a perfect model falls that little short of the ceiling.
    """
    parts = max(2, min(MOST_PARTS, int(2 * size**0.4)))
    inner = np.unique(np.quantile(real, np.arange(parts) / parts, method="lower"))
    # What equals the greatest value belongs to the last bin inside, not to what lies beyond.
    return np.array([-np.inf, *inner, np.nextafter(real.max(), np.inf), np.inf])


def histogram(values: Array, edges: Array) -> Array:
    """The share of the values in each bin [n], from its lower edge on and below its upper one."""
    counts = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(edges) - 1)
    return np.asarray(counts / len(values))


def overlap(a: Array, b: Array, edges: Array) -> float:
    """The area that two histograms share, 0 to 1 (Swain and Ballard's intersection, 1991)."""
    return float(np.minimum(histogram(a, edges), histogram(b, edges)).sum())


def sample_size(generated: int, real: int) -> int:
    """Numbers in each sample: all that is generated, or half of the real side where that is less."""
    return min(generated, real // 2)


def compare(generated: Array, real: Array, seed: int) -> Overlap:
    """Two sides, one number a tune [tunes], [songs], with at least 1 and 2 of them.

    In each of `SPLITS` splits two halves of the real side that share no song are held against each other, and a sample
    of the generated side of the same size against both. Few numbers leave gaps in a histogram, which lower every
    overlap; with equal sizes they lower both alike.
    """
    size = sample_size(len(generated), len(real))
    edges = bin_edges(real, size)
    random = np.random.default_rng(seed)
    overlaps, ceilings = [], []
    for _ in range(SPLITS):
        mixed = random.permutation(real)
        halves = mixed[:size], mixed[size : 2 * size]
        some = random.permutation(generated)[:size]
        overlaps.append(np.mean([overlap(some, half, edges) for half in halves]))
        ceilings.append(overlap(*halves, edges))
    return Overlap(float(np.mean(overlaps)), float(np.mean(ceilings)), float(np.std(ceilings)), size, tuple(edges))
