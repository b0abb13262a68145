"""The faults that a listener would hear in a tune."""

from dataclasses import replace

import pytest

from generator.composing.faults import find_faults
from models.music.score import NO, Note, Score
from tests.music import scale

SCALE = scale(600)


def with_p1(*notes: Note) -> Score:
    return replace(SCALE, channels=(notes, *SCALE.channels[1:]))


def repeated(times: int) -> list[Note]:
    return [Note(4 * i, 4 * i + 3, 60) for i in range(times)]


def test_a_sound_tune_has_no_faults() -> None:
    assert find_faults(SCALE) == []
    assert find_faults(with_p1(*repeated(23), Note(100, 160, 62))) == []
    drums = (*(Note(4 * i, 4 * i + 3, 5) for i in range(40)), Note(200, 204, 6))
    assert find_faults(replace(SCALE, channels=(*SCALE.channels[:NO], drums))) == []


@pytest.mark.parametrize(
    ("score", "fault"),
    [
        (Score(((), (), (), ()), 600), "silent"),
        (Score(((), (), (), SCALE.channels[NO]), 600), "pulse 1 hardly plays"),
        (replace(SCALE, channels=(*SCALE.channels[:2], (), SCALE.channels[NO])), "triangle hardly plays"),
        (Score(((Note(0, 9, 60), Note(400, 600, 60)), (), (), ()), 600), "long gaps"),
        (Score(((Note(90, 200, 60),), (), (), ()), 200), "long gaps"),
        (replace(SCALE, frames=800), "ends in silence"),
        (with_p1(*(Note(t, t + 9, 60) for t in range(0, 90, 10))), "pulse 1 stuck on one pitch"),
        (with_p1(Note(0, 481, 60)), "pulse 1 holds a note"),
        (with_p1(*repeated(24), Note(100, 104, 62)), "pulse 1 is caught in one pitch"),
    ],
)
def test_faults_are_found(score: Score, fault: str) -> None:
    assert fault in find_faults(score)
