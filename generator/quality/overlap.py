"""How much two samples of numbers have in common, and how much is possible at best.

Knows nothing about music: a sample is a list of numbers, one for each tune.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_PARTS = 10
"""The largest number of bins between the smallest and the largest real value."""
SPLITS = 20
"""The number of random splits of the real sample; figures are means over them."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The result of a comparison; all shares are 0 to 1.

    overlap: generated against real. ceiling: real against real. spread: the standard deviation of the ceiling over the
    splits, which shows how far chance alone moves a figure at this size. size: numbers in each sample. edges: of the
    bins [n + 1].
    """

    overlap: float
    ceiling: float
    spread: float
    size: int
    edges: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The overlap as a share of the ceiling; 0 if not even two real samples have anything in common."""
        return self.overlap / self.ceiling if self.ceiling else 0.0


def bin_edges(real: Array, size: int) -> Array:
    """Return the edges [n + 1] of bins with equal shares of the real values, plus one bin on either side for values
    beyond.

    Bins of equal shares follow Mann and Wald (1942): none is empty, and a long tail does not make the others coarse.
    Samples of `size` values get 2 size^(2/5) bins (Moore, in D'Agostino and Stephens 1986), at most ten. A value that
    many songs share (no drums at all) is one edge, and its bin holds more than its share. Of further real values, about
    2 in len(real) + 1 lie beyond: that is how little a perfect model falls short of the ceiling.
    """
    parts = max(2, min(MOST_PARTS, int(2 * size**0.4)))
    inner = np.unique(np.quantile(real, np.arange(parts) / parts, method="lower"))
    # The largest value belongs to the last inner bin, not to the one beyond.
    return np.array([-np.inf, *inner, np.nextafter(real.max(), np.inf), np.inf])


def histogram(values: Array, edges: Array) -> Array:
    """Return the share of the values in each bin [n], from its lower edge (inclusive) to its upper edge."""
    counts = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(edges) - 1)
    return np.asarray(counts / len(values))


def overlap(a: Array, b: Array, edges: Array) -> float:
    """Return the area that two histograms share, 0 to 1 (Swain and Ballard's intersection, 1991)."""
    return float(np.minimum(histogram(a, edges), histogram(b, edges)).sum())


def sample_size(generated: int, real: int) -> int:
    """Return the numbers in each sample: all generated ones, or half of the real ones if that is less."""
    return min(generated, real // 2)


def compare(generated: Array, real: Array, seed: int) -> Overlap:
    """Compare two samples of one number a tune: at least 1 generated [tunes] and 2 real [songs].

    In each of `SPLITS` splits, two halves of the real sample that share no song are compared with each other, and a
    part of the generated sample of the same size with both. Few numbers leave gaps in a histogram, which lower every
    overlap; with equal sizes they lower both alike.
    """
    size = sample_size(len(generated), len(real))
    edges = bin_edges(real, size)
    random = np.random.default_rng(seed)
    overlaps, ceilings = [], []
    for _ in range(SPLITS):
        shuffled = random.permutation(real)
        halves = shuffled[:size], shuffled[size : 2 * size]
        drawn = random.permutation(generated)[:size]
        overlaps.append(np.mean([overlap(drawn, half, edges) for half in halves]))
        ceilings.append(overlap(*halves, edges))
    return Overlap(float(np.mean(overlaps)), float(np.mean(ceilings)), float(np.std(ceilings)), size, tuple(edges))
