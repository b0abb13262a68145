"""What is measured on a score for a taste, on music whose values are known by heart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.composing.taste_features import MEASURES, measure_features, melody_pitch, off_the_beat
from generator.protocol.tastes import FEATURES
from models.music.score import Grid, Note, Score
from tests.music import random_score, scale


def test_the_contract_s_features_are_measured_and_no_others() -> None:
    assert tuple(MEASURES) == FEATURES


def test_the_features_of_a_scale() -> None:
    found = measure_features(scale(240))
    assert found["tempo"] == 120
    assert found["notes"] == pytest.approx((16 + 8 + 8 + 16) / 4)
    assert found["drums"] == 4
    assert found["harmony"] == 1
    assert found["bass"] == pytest.approx(25 / 30, abs=1e-4)
    assert found["minor"] == 0
    assert found["syncopation"] == 0
    assert found["melody"] == pytest.approx((60 + 62 + 64 + 65 + 67 + 69 + 71 + 72) / 8, abs=0.01)
    assert 0 < found["volume"] < 15


def test_notes_off_the_half_beats_are_counted_and_a_frame_s_delay_is_not_off() -> None:
    grid = Grid((8,))  # half a beat is 16 frames
    starts = (0, 17, 32, 40, 56)
    score = Score((tuple(Note(at, at + 4, 60) for at in starts), (), (), (Note(8, 10, 3),)), 64, grid)
    assert off_the_beat(score) == pytest.approx(2 / 5)


def test_what_a_score_has_nothing_for_is_left_out() -> None:
    silent = Score(((), (), (), ()), 60)
    assert melody_pitch(silent) is None
    assert not {"tempo", "melody", "syncopation"} & set(measure_features(silent))
    assert set(measure_features(replace(scale(), grid=None))) == set(FEATURES) - {"tempo", "syncopation"}


@pytest.mark.parametrize("seed", range(8))
def test_any_score_is_measured_in_finite_numbers(seed: int) -> None:
    found = measure_features(random_score(seed))
    assert set(found) <= set(FEATURES)
    assert all(abs(value) < 1e4 for value in found.values())
