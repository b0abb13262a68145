"""The best way through the lines, against trying them all."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from generator.arranging.viterbi import select_voices


def value(way: tuple[int, ...], worth: np.ndarray, active: np.ndarray, hold: float, rest: float) -> float:
    """What a way is worth, less what its changes cost. The last number stands for following none."""
    lines = worth.shape[1]

    def cost(t: int, line: int) -> float:
        inside = line < lines and active[t, line] and active[t - 1, line]
        return hold if inside else 0.1 * hold

    total = sum(worth[t, line] if line < lines else rest for t, line in enumerate(way))
    changes = [(t, a, b) for t, (a, b) in enumerate(pairwise(way), 1) if a != b]
    return float(total - sum(cost(t, a) + cost(t, b) for t, a, b in changes))


@pytest.mark.parametrize("seed", range(25))
def test_no_other_path_has_a_higher_salience(seed: int) -> None:
    random = np.random.default_rng(seed)
    slices, lines = 6, 2
    active = random.random((slices, lines)) < 0.7
    worth = random.random((slices, lines)) * active
    hold, rest = random.choice([0.1, 0.7, 3.0]), random.choice([0.0, 0.3])
    found = tuple(int(line) for line in select_voices(worth, active, hold, rest))
    best = max(value(way, worth, active, hold, rest) for way in product(range(lines + 1), repeat=slices))
    assert value(found, worth, active, hold, rest) == pytest.approx(best)


def test_voices_change_between_phrases() -> None:
    active = np.array([[1, 1]] * 10 + [[0, 0]] * 2 + [[1, 1]] * 10, dtype=bool)
    better_for_longer = [[1.0, 0.2]] * 15 + [[0.2, 1.0]] * 7
    found = select_voices(active * np.array(better_for_longer), active, switch_cost=3.0).tolist()
    assert (found[:10], found[12:]) == ([0] * 10, [1] * 10)
