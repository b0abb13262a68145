"""Which tunes fade: those that are cut, and neither loop nor come to a close."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.sound.fade import LONGEST_FADE, SHORTEST_FADE, fade_seconds
from models.music.score import Grid, Note, Score


def steps(*starts: int, frames: int = 900) -> Score:
    notes = tuple(Note(start, start + 10, 60) for start in starts)
    return Score((notes, (), (), ()), frames, Grid((7, 8)))


@pytest.mark.parametrize(
    ("score", "seconds"),
    [
        (steps(0, 870), SHORTEST_FADE),  # its last note begins as the last beat does
        (steps(0, 871), LONGEST_FADE),
        (replace(steps(0, 871), loop=0), SHORTEST_FADE),
        (steps(0, 100, frames=120), 0.5),  # a short one fades over its last quarter
        (replace(steps(0, 871), grid=None), LONGEST_FADE),
        (steps(), SHORTEST_FADE),
        (Score(((), (), (), (Note(0, 1, 5),)), 1), SHORTEST_FADE),
    ],
)
def test_only_tunes_that_are_cut_off_fade(score: Score, seconds: float) -> None:
    assert fade_seconds(score) == seconds
