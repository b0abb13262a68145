"""The judge: features that say what they should of music made by hand, and a verdict that follows the truth."""

import json
import math
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from generator.analysis.musical_features import GROUPS, musical_features
from generator.cli import COMMANDS
from generator.composing.critic import load_critic
from generator.protocol.errors import InputError
from generator.quality.judge import ALL, Sample, area_under_curve, judge
from generator.quality.judge_report import WATCHED
from models.music.midi import midi_bytes, to_nesmdb
from models.music.score import NO, P1, Note, Score
from tests.music import BEAT_OF_30, random_score, scale


def line(pitches: list[int], step: int = 15) -> tuple[Note, ...]:
    return tuple(Note(i * step, (i + 1) * step, pitch) for i, pitch in enumerate(pitches))


def test_a_scale_moves_by_step_and_a_drum_recurs_at_the_beat() -> None:
    found = musical_features(scale(1920))
    assert found["melody: steps, pulse 1"] > 0.8
    assert found["melody: repeats, pulse 1"] == 0
    assert found["rhythm: recurs at the beat, noise"] > 0.9
    assert found["rhythm: entropy of gaps, noise"] == 0
    assert found["rhythm: longest rest, pulse 1"] < 0.1


def test_clashes_and_octaves_are_told_by_the_frames_in_which_they_sound() -> None:
    score = Score((line([60] * 16), line([61] * 8 + [72] * 8), (), ()), 240)
    found = musical_features(score)
    assert found["harmony: 1 semitones apart, pulse 1 and pulse 2"] == pytest.approx(0.5)
    assert found["harmony: 0 semitones apart, pulse 1 and pulse 2"] == pytest.approx(0.5)
    assert math.isnan(found["harmony: 1 semitones apart, pulse 1 and triangle"])


def test_what_returns_after_eight_beats_is_the_same_there() -> None:
    random = Random(1)
    phrase = [random.randrange(50, 80) for _ in range(16)]
    found = musical_features(Score((line(phrase * 4), (), (), ()), 960, BEAT_OF_30))
    other = musical_features(Score((line([random.randrange(50, 80) for _ in range(64)]), (), (), ()), 960, BEAT_OF_30))
    assert found["form: the same 8 beats later, pulse 1"] > 0.9
    assert other["form: the same 8 beats later, pulse 1"] < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_every_score_has_the_same_features_by_groups(seed: int) -> None:
    names = set(musical_features(scale(1920)))
    assert set(musical_features(random_score(seed))) == names
    assert set(musical_features(Score(((), (), (), ()), 100))) == names
    assert {name.partition(":")[0] for name in names} == set(GROUPS)
    assert 130 <= len(names) <= 200
    assert set(WATCHED) <= names


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.quality.judge.REPEATS", 1)


def sample(seed: int, count: int, told: float, side: str) -> Sample:
    """Features at random; one of melody is `told` larger."""
    random = np.random.default_rng(seed)
    names = [f"{group}: {i}" for group in GROUPS for i in range(3)]
    features = [{name: float(random.normal()) for name in names} for _ in range(count)]
    for one in features:
        one["melody: 0"] += told
        one["form: 1"] = math.nan
    return Sample(features, [f"{side}{i // 3}" for i in range(count)])


def test_the_verdict_finds_what_differs_and_only_that() -> None:
    found = judge(sample(1, 90, 3.0, "a"), sample(2, 90, 0.0, "b"), 0)
    assert found.tunes[ALL] > 0.9
    assert found.tunes["melody"] > 0.9
    assert 0.3 < found.tunes["harmony"] < 0.7
    assert 0.3 < found.songs[ALL] < 0.7
    assert found.telling[0][0] == "melody: 0"


def test_games_that_are_told_by_heart_do_not_count() -> None:
    """Every game has a number of its own: a classifier that saw it in training would know the side."""
    sides = []
    for seed in (1, 2):
        side = sample(seed, 60, 0.0, "ab"[seed - 1])
        for i, one in enumerate(side.features):
            one["texture: 2"] = float((i // 3) * 2 + seed)
        sides.append(side)
    assert judge(sides[0], sides[1], 0).tunes["texture"] < 0.75


def test_area_counts_draws_as_half() -> None:
    assert area_under_curve(np.array([1.0, 1.0]), np.array([1, 0])) == 0.5
    assert area_under_curve(np.array([2.0, 3.0, 1.0]), np.array([1, 1, 0])) == 1.0


def write_sides(folder: Path, frames: int) -> None:
    """Write ten MIDI files each into `songs`, with drums, and `tunes`, without."""
    for side, drums in (("songs", True), ("tunes", False)):
        (folder / side).mkdir()
        for i in range(10):
            score = scale(frames + 30 * i)
            channels = tuple(() if c == NO and not drums else score.channels[c] for c in range(4))
            if i % 2:
                channels = (tuple(replace(note, pitch=note.pitch + i) for note in channels[P1]), *channels[1:])
            file = folder / side / f"{i:03}_Game{i}_00_01Tune.mid"
            file.write_bytes(midi_bytes(to_nesmdb(replace(score, channels=channels))))


def test_the_command_writes_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sides(tmp_path, 480)
    out = tmp_path / "out"
    arguments = [str(tmp_path / "songs"), "--out", str(out), "--seconds", "8", "--judge"]
    assert COMMANDS["quality"]([*arguments, "--scores", str(tmp_path / "tunes")]) == 0
    assert capsys.readouterr().out.startswith("# Judge")
    figures = json.loads((out / "judge.json").read_text())
    assert (figures["tunes"]["all"], set(figures["watched"])) == (pytest.approx(0.5, abs=0.5), set(WATCHED))
    assert (out / "judge.md").read_text().count("| melody |") == 1


def test_the_command_fits_a_critic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sides(tmp_path, 1920)
    arguments = [str(tmp_path / "songs"), "--out", str(tmp_path / "out"), "--critic"]
    assert COMMANDS["quality"]([*arguments, "--scores", str(tmp_path / "tunes")]) == 0
    assert "tells 10 takes from 10 songs with an area under the curve of 1.000" in capsys.readouterr().out
    critic = load_critic(tmp_path / "out")
    assert critic
    drums = scale(1920)
    assert critic.realism(drums) > critic.realism(replace(drums, channels=(*drums.channels[:NO], ())))


def test_a_critic_needs_tunes_and_songs_that_are_long_enough(tmp_path: Path) -> None:
    write_sides(tmp_path, 480)
    arguments = [str(tmp_path / "songs"), "--out", str(tmp_path / "out"), "--critic"]
    with pytest.raises(InputError, match="At least 5 songs that last 32 s are needed, not 0"):
        COMMANDS["quality"]([*arguments, "--scores", str(tmp_path / "tunes")])
