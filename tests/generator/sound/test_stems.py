"""Stems by their samples: they add up to the mix, and the loop goes on into itself."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.protocol.names import SOUNDS
from generator.sound.loudness import LOUDNESS, loudness_of
from generator.sound.playback import PLAYERS
from generator.sound.stems import SAMPLES_A_FRAME, loop_tags, play_loop_twice, render_loop, render_stems, write_stems
from models.music.score import CHANNELS, P2, Note, Score
from tests.music import scale

RATE = 44_100


def sound(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.mark.parametrize("player", SOUNDS)
def test_stems_are_equally_long_and_add_up_to_the_mix(tmp_path: Path, player: str) -> None:
    score = replace(scale(120), channels=(scale(120).channels[0], (), *scale(120).channels[2:]))
    written = write_stems(score, tmp_path / "stems", player)
    assert sorted(written) == sorted((tmp_path / "stems").iterdir())
    files = {path.stem: sound(path) for path in written}
    assert list(files) == ["p1", "p2", "tr", "no", "mix"]
    assert {len(samples) for samples in files.values()} == {score.frames * SAMPLES_A_FRAME}
    assert np.array_equal(sum(files[spec.name].astype(int) for spec in CHANNELS), files["mix"])
    assert not files[CHANNELS[P2].name].any()
    assert loudness_of(files["mix"] / 32_768, RATE) == pytest.approx(LOUDNESS, abs=0.1)
    whole = PLAYERS[player](score)[: len(files["mix"])]
    middle = slice(0, -RATE)  # before the fade
    assert np.corrcoef(whole[middle], files["mix"][middle])[0, 1] > 0.9999


def test_channels_that_cancel_each_other_do_not_overflow() -> None:
    """A pulse of 75 % is one of 25 % upside down: together they are as soft as their volumes are apart."""
    pulses = [(Note(0, 60, 57, ((0, volume),), ((0, duty),)),) for volume, duty in ((15, 1), (14, 3))]
    found = render_stems(Score((*pulses, (), ()), 60)).astype(int)
    assert np.abs(found).max() == pytest.approx(32_767, abs=1)
    assert np.abs(found.sum(axis=0)).max() < 4_000
    assert np.abs(np.diff(found[0])).max() < 40_000  # 16 bits that overflow would jump by 65,536


@pytest.mark.parametrize("player", SOUNDS)
def test_a_loop_and_its_intro_are_as_long_as_in_the_score_and_fit_together(player: str) -> None:
    parts = render_loop(replace(scale(120), loop=30), player)
    assert {name: len(part) for name, part in parts.items()} == {"intro": 30 * 735, "loop": 90 * 735}
    loop = parts["loop"].astype(int)
    steps = np.abs(np.diff(loop))
    assert abs(loop[0] - loop[-1]) <= steps.max()
    assert set(render_loop(replace(scale(60), loop=0), player)) == {"loop"}
    assert render_loop(scale(60), player) == {}


def test_loop_tags_are_in_samples() -> None:
    assert loop_tags(replace(scale(), loop=60)) == {"LOOPSTART": str(60 * 735), "LOOPLENGTH": str(180 * 735)}
    assert loop_tags(scale()) == {}


def test_the_looped_part_is_played_twice() -> None:
    once = replace(scale(), loop=120)
    twice = play_loop_twice(once)
    assert (twice.frames, twice.loop) == (360, None)
    for before, after in zip(once.channels, twice.channels, strict=True):
        assert after[: len(before)] == before
        assert [n.start - 120 for n in after[len(before) :]] == [n.start for n in before if n.start >= 120]
