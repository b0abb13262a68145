"""The key of a score by its pitch classes."""

import pytest

from models.key import CLEAR, find_key, pitch_class_frames
from models.score import NO, P1, Note, Score
from models.vocabulary import KEYS

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def in_key(tonic: int, steps: tuple[int, ...]) -> Score:
    """The scale up and back to a long tonic and fifth."""
    degrees = [*steps, 12, 7, 0, 0, steps[2], 7]
    notes = tuple(Note(10 * i, 10 * i + 10, 48 + tonic + step) for i, step in enumerate(degrees))
    return Score((notes, (), (), ()), 200)


@pytest.mark.parametrize("tonic", range(12))
def test_scales_are_heard_in_their_key(tonic: int) -> None:
    for offset, steps in ((0, MAJOR), (12, MINOR)):
        key, clear = find_key(in_key(tonic, steps))
        assert key == KEYS[offset + tonic]
        assert clear > CLEAR


def test_noise_and_silence_have_no_key() -> None:
    assert find_key(Score(((), (), (), ()), 10)) == ("C", 0.0)
    assert find_key(Score(((), (), (), (Note(0, 5, 3),)), 10)) == ("C", 0.0)


def test_pitch_classes_are_weighed_by_how_long_they_sound() -> None:
    notes: list[tuple[Note, ...]] = [(), (), (), ()]
    notes[P1], notes[NO] = (Note(0, 30, 60), Note(30, 40, 74)), (Note(0, 90, 5),)
    assert pitch_class_frames(Score(tuple(notes), 90)) == [30, 0, 10, *[0] * 9]
