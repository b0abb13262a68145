"""The key of a score."""

import pytest
from music21 import note, stream

from generator.analysis.keys import find_key, pitch_class_frames
from generator.composing.compose import transpose
from generator.protocol.names import KEYS, parse_key
from models.music.score import NO, P1, Note, Score
from tests.music import random_score, scale

SCALE = scale(600)


@pytest.mark.parametrize("up", range(-6, 7))
def test_the_key_moves_with_the_notes(up: int) -> None:
    key, clear = find_key(transpose(SCALE, up))
    assert key == KEYS[up % 12]
    assert clear > 0.7


def test_every_key_found_can_be_requested() -> None:
    for seed in range(15):
        key, clear = find_key(random_score(seed))
        assert parse_key(key) == key in KEYS
        assert -1 <= clear <= 1
    assert find_key(Score(((), (), (), (Note(0, 9, 3),)), 10)) == ("C", 0.0)


def test_the_key_is_the_one_that_music21_finds() -> None:
    for seed in range(12):
        score = random_score(seed)
        melody = stream.Stream()
        for pitch_class, frames in enumerate(pitch_class_frames(score)):
            if frames:
                melody.append(note.Note(60 + pitch_class, quarterLength=frames / 60))
        found = melody.analyze("key")
        key, clear = find_key(score)
        assert key == parse_key(found.tonic.name.replace("-", "b") + ("m" if found.mode == "minor" else ""))
        assert clear == pytest.approx(found.correlationCoefficient, abs=1e-3)


def test_pitch_classes_are_weighed_by_how_long_they_sound() -> None:
    notes: list[tuple[Note, ...]] = [(), (), (), ()]
    notes[P1], notes[NO] = (Note(0, 30, 60), Note(30, 40, 74)), (Note(0, 90, 5),)
    assert pitch_class_frames(Score(tuple(notes), 90)) == [30, 0, 10, *[0] * 9]
