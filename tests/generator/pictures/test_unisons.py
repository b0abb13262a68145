"""Unisons of the pulses: both colours are seen, and neither the noise's nor a mixture."""

from pathlib import Path

import numpy as np
import pytest

from generator.pictures.colours import CHANNEL_COLOURS
from generator.pictures.scope_film import ROLL_BOTTOM, ROLL_TOP, frames
from generator.pictures.unisons import unison_passages
from models.music.score import NO, P1, P2, Note, Score
from tests.generator.pictures.test_tune_picture import like, picture

LOUD = ((0, 15),)


def both(*notes: Note) -> Score:
    """Both pulses play the same notes."""
    return Score((notes, notes, (), ()), 600)


@pytest.mark.parametrize("length", [6, 15, 300])
def test_a_unison_shows_both_colours_in_equal_parts(tmp_path: Path, length: int) -> None:
    pixels = picture(both(Note(120, 120 + length, 60, LOUD)), tmp_path)
    one, other = (int(like(pixels, CHANNEL_COLOURS[channel], 40).sum()) for channel in (P1, P2))
    assert one > 0
    assert 0.4 < other / one < 2.5  # the brighter edge at the start is not counted
    assert not like(pixels, CHANNEL_COLOURS[NO], 40).any()


def test_a_film_shows_both_colours_too() -> None:
    film = frames(both(Note(30, 400, 60, LOUD)), "Unison", np.zeros((4, 600 * 735), np.int16))
    *_, pixels = (picture.astype(np.int64) for _, picture in zip(range(60), film, strict=False))
    roll = pixels[ROLL_TOP:ROLL_BOTTOM]
    seen = [int((np.abs(roll - np.array(colour)).max(axis=2) < 40).sum()) for colour in CHANNEL_COLOURS]
    assert min(seen[P1], seen[P2]) > 100
    assert seen[NO] == 0


def test_only_what_sounds_at_once_on_one_pitch_is_a_unison() -> None:
    first = (Note(0, 10, 60), Note(10, 20, 62), Note(30, 40, 64))
    second = (Note(5, 15, 60), Note(15, 18, 62), Note(18, 35, 64))
    assert list(unison_passages(first, second)) == [(5, 10, 60), (15, 18, 62), (30, 35, 64)]
