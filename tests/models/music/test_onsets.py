"""The onsets of a score: how they recur, how far apart they are, where they fall, and what is repeated."""

from __future__ import annotations

import numpy as np
import pytest

from models.music.onsets import STROKE_FRAMES, Onsets, OnsetSeries
from models.music.score import Note, Score


def every(frames: int, count: int = 40) -> OnsetSeries:
    return OnsetSeries(np.arange(count, dtype=np.float64) * frames)


def test_onsets_at_every_period_recur_and_onsets_between_cancel_them() -> None:
    assert every(30).recurring(30) == pytest.approx(1)
    assert every(30).recurring(15) == pytest.approx(1)
    assert every(30).recurring(60) == pytest.approx(0, abs=1e-9)
    loud = OnsetSeries(np.arange(0.0, 1200.0, 30.0), np.tile([3.0, 1.0], 20))
    assert loud.recurring(60) == pytest.approx(0.5)


def test_hardly_any_onsets_recur_at_nothing() -> None:
    assert every(30, 3).recurring(30) == 0
    assert every(30, 5).spacing(30) == 0
    assert OnsetSeries(np.array([])).share(np.array([0.0]), 30, 2).tolist() == [0]


def test_spacing_is_in_octaves_of_the_beat() -> None:
    assert every(60).spacing(30) == pytest.approx(1)
    assert every(15).spacing(30) == pytest.approx(-1)


def test_shares_are_of_the_weight_near_a_start() -> None:
    onsets = OnsetSeries(np.array([0.0, 10, 60, 118, 119.0]), np.array([1.0, 1, 2, 3, 3]))
    assert onsets.share(np.array([0.0, 10.0, 30.0]), 60, 2).tolist() == [0.9, 0.1, 0]


def test_a_snare_after_a_kick_is_of_its_stroke() -> None:
    noise = (Note(0, STROKE_FRAMES, 2), Note(STROKE_FRAMES, 20, 9), Note(30, 40, 9), Note(60, 70, 15))
    assert Onsets(Score(((), (), (), noise), 80)).snare.frames.tolist() == [0, 30]


def test_a_bass_that_stays_does_not_change_nor_does_its_octave() -> None:
    bass = tuple(Note(at * 30, at * 30 + 20, pitch) for at, pitch in enumerate((40, 40, 52, 45, 45, 40)))
    assert Onsets(Score(((), (), bass, ()), 200)).bass_changes.frames.tolist() == [90, 150]


def test_notes_repeat_in_pitch_and_time_within_a_frame() -> None:
    melody = tuple(Note(at, at + 5, pitch) for at, pitch in ((0, 60), (30, 62), (61, 60), (90, 64)))
    noise = (Note(30, 35, 4), Note(90, 95, 4))
    heard = Onsets(Score((melody, (), (), noise), 100))
    assert heard.repeated(60) == pytest.approx(2 / 6)
    assert heard.repeated(40) == 0
    assert Onsets(Score(((), (), (), ()), 10)).repeated(60) == 0
