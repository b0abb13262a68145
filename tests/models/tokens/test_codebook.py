"""A codebook that is learnt from songs holds the sounds that they play."""

from random import Random

from models.music.score import NO, P1, Note, Score
from models.tokens.codebook import learn_codebook
from models.tokens.sounds import DUTY_FRAMES, ENVELOPE_FRAMES, SHAPES
from tests.music import random_score

ENVELOPES = [((0, 12), (4, 6), (9, 3)), ((0, 15),), ((0, 2), (3, 9))]
COURSES = [((0, 1),), ((0, 3), (2, 0)), ((0, 0), (4, 2))]


def song(seed: int) -> Score:
    """Pulses with three envelopes, noise with the first of them, and duty curves, most often the first."""
    random = Random(seed)
    starts = range(0, 30 * 60, 60)
    pulse = [
        Note(at, at + 50, 60, random.choice(ENVELOPES), random.choice([COURSES[1], *COURSES[1:], COURSES[0]]))
        for at in starts
    ]
    noise = [Note(at, at + 20, 4, ENVELOPES[0]) for at in starts]
    return Score((tuple(pulse), (), (), tuple(noise)), 30 * 60)


def test_few_envelopes_are_all_found_exactly() -> None:
    book = learn_codebook(map(song, range(10)), seed=0)
    assert book is not None
    curves = [[max((at, v) for at, v in e if at <= i)[1] for i in range(ENVELOPE_FRAMES)] for e in ENVELOPES]
    assert sorted(set(map(tuple, book.pulse.astype(int).tolist()))) == sorted(map(tuple, curves))
    assert set(map(tuple, book.noise.astype(int).tolist())) == {tuple(curves[0])}


def test_duties_are_those_that_stay_then_the_changing_ones_by_how_often_they_are_played() -> None:
    book = learn_codebook(map(song, range(10)), seed=0)
    assert book is not None
    rows = book.duty.astype(int).tolist()
    assert rows[:4] == [[duty] * DUTY_FRAMES for duty in range(4)]
    assert rows[4:6] == [[3, 3, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2, 2, 2]]
    assert rows[6:] == [[0] * DUTY_FRAMES] * (SHAPES["duty"][0] - 6)


def test_the_same_songs_give_the_same_codebook() -> None:
    scores = [random_score(seed) for seed in range(12)]
    one, again, other = (learn_codebook(scores, seed) for seed in (1, 1, 2))
    assert one
    assert again
    assert other
    assert all((getattr(one, name) == getattr(again, name)).all() for name in SHAPES)
    assert (one.pulse != other.pulse).any()


def test_a_codebook_of_many_sounds_fits_better_than_any_one_of_them() -> None:
    scores = [random_score(seed) for seed in range(12)]
    book = learn_codebook(scores, 0)
    assert book is not None
    assert len({tuple(row) for row in book.pulse.tolist()}) > SHAPES["pulse"][0] // 2
    first = [note.volume[0][1] for score in scores for note in score.channels[P1]]
    assert {round(row[0]) for row in book.pulse.tolist()} >= set(first)


def test_songs_without_sounds_teach_none() -> None:
    assert learn_codebook([], 0) is None
    assert learn_codebook([Score(((), (), (Note(0, 5, 60),), ()), 60)], 0) is None
    only_noise = learn_codebook([Score(((), (), (), (Note(0, 5, 4, ((0, 9),)),)), 60)], 0)
    assert only_noise is not None
    assert only_noise.envelopes(NO)[0].tolist() == [9] * ENVELOPE_FRAMES
    assert only_noise.pulse.min() == 15
