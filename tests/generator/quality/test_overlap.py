"""Overlaps of samples whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from generator.quality.overlap import Overlap, bin_edges, compare, histogram, overlap, sample_size

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=1000)


def test_bins_hold_a_tenth_of_the_real_values_each_and_nothing_lies_beyond() -> None:
    edges = bin_edges(REAL, 200)
    shares = histogram(REAL, edges)
    assert shares[0] == shares[-1] == 0
    assert shares[1:-1] == pytest.approx([0.1] * 10, abs=0.002)


@pytest.mark.parametrize(("size", "bins"), [(1, 2), (8, 4), (24, 7), (67, 10), (5000, 10)])
def test_small_samples_get_few_bins(size: int, bins: int) -> None:
    shares = histogram(REAL, bin_edges(REAL, size))
    assert shares[1:-1] == pytest.approx([1 / bins] * bins, abs=0.002)


def test_a_value_that_many_share_has_one_bin() -> None:
    values = np.array([0.0] * 60 + [1.0] * 40)
    edges = bin_edges(values, 50)
    assert histogram(values, edges).tolist() == [0, 0.6, 0.4, 0]
    assert histogram(np.array([-1.0, 0.0, 0.5, 1.0, 1.5]), edges) == pytest.approx([0.2, 0.4, 0.2, 0.2])
    assert histogram(np.zeros(5), bin_edges(np.zeros(3), 1)).tolist() == [0, 1, 0]


def test_overlap_is_one_for_equal_and_zero_for_disjoint_samples() -> None:
    edges = bin_edges(REAL, 200)
    assert overlap(REAL, REAL, edges) == pytest.approx(1)
    assert overlap(REAL, REAL + 100, edges) == 0
    assert overlap(REAL, REAL - 100, edges) == 0


def test_overlap_is_symmetric_and_between_none_and_all() -> None:
    edges = bin_edges(REAL, 200)
    for shift in (0.1, 0.5, 1, 2):
        a, b = REAL[:300], REAL[300:700] + shift
        assert overlap(a, b, edges) == overlap(b, a, edges)
        assert 0 < overlap(a, b, edges) < 1
    falling = [overlap(REAL, REAL + shift, edges) for shift in (0, 0.3, 1, 2, 4)]
    assert falling == sorted(falling, reverse=True)


def test_overlap_is_the_area_in_common() -> None:
    edges = np.array([-np.inf, 0, 1, 2, np.inf])
    assert overlap(np.array([0.5, 0.5, 1.5, 1.5]), np.array([0.5, 1.5, 1.5, 3]), edges) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("generated", "real", "size"), [(200, 403, 200), (200, 400, 200), (200, 144, 72), (5, 11, 5), (1, 2, 1)]
)
def test_samples_are_equal_and_two_fit_into_the_real_side(generated: int, real: int, size: int) -> None:
    assert sample_size(generated, real) == size


def test_samples_of_one_distribution_reach_the_ceiling_at_any_size() -> None:
    for size in (20, 100, 400):
        found = compare(RANDOM.normal(size=size), REAL, 0)
        assert found.size == size
        assert found.ratio == pytest.approx(1, abs=0.15)
    assert compare(RANDOM.normal(size=20), REAL, 0).ceiling < compare(RANDOM.normal(size=400), REAL, 0).ceiling - 0.1


def test_samples_of_another_distribution_do_not() -> None:
    assert compare(RANDOM.normal(1.0, size=200), REAL, 0).ratio < 0.75
    assert compare(RANDOM.normal(100, size=200), REAL, 0).ratio == 0


def test_the_seed_decides() -> None:
    few = REAL[:50]
    assert compare(few[:20], few, 3) == compare(few[:20], few, 3)
    assert compare(few[:20], few, 3) != compare(few[:20], few, 4)


def test_the_ratio_is_zero_if_real_samples_have_nothing_in_common() -> None:
    assert Overlap(overlap=0.0, ceiling=0.0, spread=0.0, size=1, edges=()).ratio == 0
    assert Overlap(overlap=0.4, ceiling=0.8, spread=0.0, size=9, edges=()).ratio == 0.5
