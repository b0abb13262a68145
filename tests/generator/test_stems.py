"""Stems by their samples: they add up to the mix, and the loop goes on into itself."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.loudness import LOUDNESS, measure
from generator.stems import SAMPLES_A_FRAME, loop_parts, loop_tags, played_on, write_stems
from models.score import CHANNELS, P2
from tests.music import scale

RATE = 44_100


def sound(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_stems_are_equally_long_and_add_up_to_the_mix(tmp_path: Path) -> None:
    score = replace(scale(), channels=(scale().channels[0], (), *scale().channels[2:]))
    write_stems(score, tmp_path / "stems")
    files = {path.stem: sound(path) for path in (tmp_path / "stems").iterdir()}
    assert set(files) == {"p1", "p2", "tr", "no", "mix"}
    assert {len(samples) for samples in files.values()} == {score.frames * SAMPLES_A_FRAME}
    assert np.array_equal(sum(files[spec.name].astype(int) for spec in CHANNELS), files["mix"])
    assert not files[CHANNELS[P2].name].any()
    assert measure(files["mix"] / 32_768, RATE) == pytest.approx(LOUDNESS, abs=0.1)


def test_a_loop_and_its_intro_are_as_long_as_in_the_score_and_fit_together() -> None:
    score = replace(scale(), loop=60)
    parts = loop_parts(score)
    assert {name: len(part) for name, part in parts.items()} == {"intro": 60 * 735, "loop": 180 * 735}
    loop = parts["loop"].astype(int)
    steps = np.abs(np.diff(loop))
    assert abs(loop[0] - loop[-1]) <= steps.max()
    assert loop_tags(score) == {"LOOPSTART": str(60 * 735), "LOOPLENGTH": str(180 * 735)}
    assert set(loop_parts(replace(score, loop=0))) == {"loop"}
    assert (loop_parts(scale()), loop_tags(scale())) == ({}, {})


def test_what_loops_is_played_twice() -> None:
    once = replace(scale(), loop=120)
    twice = played_on(once)
    assert (twice.frames, twice.loop) == (360, None)
    for before, after in zip(once.channels, twice.channels, strict=True):
        assert after[: len(before)] == before
        assert [n.start - 120 for n in after[len(before) :]] == [n.start for n in before if n.start >= 120]
