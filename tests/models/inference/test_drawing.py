"""Draws: allowed tokens alone, in the proportions of their nucleus, kind by kind, and alike beside others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from models.inference.drawing import TOP_P, Draw, Drawn, draw_tokens

Logits = npt.NDArray[np.float32]


def draw(
    logits: Sequence[float],
    random: np.random.Generator,
    allowed: Sequence[int] | None = None,
    temperature: float = 1.0,
    kinds: Sequence[int] | None = None,
) -> Drawn:
    mask = np.zeros(len(logits), np.bool_)
    mask[list(range(len(logits)) if allowed is None else allowed)] = True
    one = Draw(mask, np.zeros(1), temperature, random)
    return draw_tokens(np.array([logits], np.float32), [one], np.array(kinds or [0] * len(logits)))[0]


def test_a_low_temperature_draws_alike() -> None:
    def different(temperature: float) -> int:
        logits = np.random.default_rng(1).normal(size=500).tolist()
        seeds = map(np.random.default_rng, range(200))
        return len({draw(logits, random, temperature=temperature).token for random in seeds})

    assert different(0.01) == 1 < different(0.3) < different(1.0) < different(2.0)


def test_draws_stay_allowed_and_inside_the_nucleus_in_their_proportions() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.192, 0.006, 0.002])).tolist()
    random = np.random.default_rng(0)
    drawn = np.bincount([draw(logits, random).token for _ in range(4000)], minlength=5) / 4000
    assert sum((0.5, 0.3)) < TOP_P < sum((0.5, 0.3, 0.192))
    assert drawn == pytest.approx([0.5 / 0.992, 0.3 / 0.992, 0.192 / 0.992, 0, 0], abs=0.03)
    assert {draw(logits, random, [4]).token for _ in range(20)} == {4}
    assert {draw(logits, random, [3, 4]).token for _ in range(200)} == {3, 4}


def test_the_kind_is_drawn_first() -> None:
    logits, kinds = np.log(np.array([0.4, 0.2, *[0.01] * 40])).tolist(), [0, 0, *[2] * 40]
    random = np.random.default_rng(0)
    tokens = [draw(logits, random, kinds=kinds).token for _ in range(4000)]
    assert np.mean([token > 1 for token in tokens]) == pytest.approx(0.4, abs=0.03)
    assert len(set(tokens)) > 35


def test_nats_are_those_of_the_allowed_tokens_before_the_bonus() -> None:
    logits = np.array([[0.5, 0.25, 0.25]])
    mask = np.array([True, False, True])
    one = Draw(mask, np.array([0.0, 0.0, 50.0]), 0.7, np.random.default_rng(0))
    found = draw_tokens(np.log(logits).astype(np.float32), [one], np.zeros(3, np.intp))[0]
    assert found.token == 2
    assert found.nats == pytest.approx(-np.log(1 / 3), abs=1e-6)


def test_a_text_draws_the_same_beside_others() -> None:
    source = np.random.default_rng(5)
    kinds = source.integers(0, 3, 300)

    def draws(seeds: Sequence[int]) -> list[Draw]:
        made = []
        for seed in seeds:
            own = np.random.default_rng(seed)
            mask = own.random(300) < own.random()
            mask[int(own.integers(300))] = True
            made.append(Draw(mask, own.normal(size=300), 0.5 + own.random(), own))
        return made

    for _ in range(50):
        logits = source.normal(size=(8, 300)).astype(np.float32) * 3
        together = draw_tokens(logits, draws(range(8)), kinds)
        assert together == [draw_tokens(logits[i : i + 1], draws([i]), kinds)[0] for i in range(8)]
