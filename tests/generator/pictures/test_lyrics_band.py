"""The words in the film: which line is shown when, and how much of it has been sung."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generator.pictures.lyrics_band import HEIGHT, LyricsBand, lines_of
from generator.pictures.scope_film import HEIGHT as FILM_HEIGHT
from generator.pictures.scope_film import WIDTH, frames
from generator.protocol.canvas import BACKGROUND, TEXT
from tests.music import scale

LYRICS = ((60, "\nTwin"), (90, "kle "), (120, "star"), (600, "\nHow I "), (660, "won"), (690, "der"))


def bright(picture: np.ndarray) -> int:
    """The pixels of sung syllables."""
    return int((picture == TEXT).all(axis=2).sum())


def is_empty(picture: np.ndarray) -> bool:
    return bool((picture == BACKGROUND).all())


def test_a_line_appears_early_grows_brighter_and_disappears() -> None:
    band = LyricsBand(LYRICS, WIDTH)
    assert band.at(0).shape == (HEIGHT, WIDTH, 3)
    sung = [bright(band.at(frame)) for frame in (30, 60, 90, 120)]
    assert sung[0] == 0
    assert sung == sorted(set(sung))
    assert not is_empty(band.at(30))
    assert is_empty(band.at(400))
    assert not is_empty(band.at(545))


def test_lines_that_the_font_lacks_are_left_out() -> None:
    assert [line.syllables for line in lines_of(((0, "\nЗвез"), (9, "да"), (20, "\nla "), (30, "la")))][-1] == (
        "la ",
        "la",
    )
    assert is_empty(LyricsBand(((0, "\n星"),), WIDTH).at(0))


def test_a_long_line_fits() -> None:
    band = LyricsBand(((0, "\n" + "many words " * 30),), WIDTH)
    lit = np.flatnonzero((band.at(0) != BACKGROUND).any(axis=(0, 2)))
    assert lit[0] > 0
    assert lit[-1] < WIDTH - 1


def test_the_film_of_a_song_with_words_is_higher_and_shows_them() -> None:
    score = scale(60)
    sounds = np.zeros((4, 44100), np.int16)
    plain = next(frames(score, "x", sounds))
    sung = next(frames(replace(score, lyrics=((0, "\nla"),)), "x", sounds))
    assert plain.shape == (FILM_HEIGHT, WIDTH, 3)
    assert sung.shape == (FILM_HEIGHT + HEIGHT, WIDTH, 3)
    assert bright(sung[FILM_HEIGHT - 6 : -6]) > 10
