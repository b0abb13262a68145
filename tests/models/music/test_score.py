"""A score is legal on the hardware by construction: each rule is broken once."""

from dataclasses import replace

import pytest

from models.music.score import (
    CHANNELS,
    FRAMES_PER_SECOND,
    MAX_FRAMES,
    NO,
    P1,
    TR,
    Grid,
    Note,
    Score,
    ScoreError,
    fold_pitch,
)
from tests.music import random_score, scale

LONG = ((0, 15),)


def one(channel: int, *notes: Note, frames: int = 100, loop: int | None = None) -> Score:
    return Score(tuple(notes if i == channel else () for i in range(4)), frames, loop=loop)


@pytest.mark.parametrize(
    ("channel", "note", "rule"),
    [
        (P1, Note(-1, 5, 60), "from frame -1"),
        (P1, Note(5, 5, 60), "from frame 5 to 5"),
        (P1, Note(90, 101, 60), "in a score of 100"),
        (P1, Note(0, 5, 32), "pitch 32 is outside 33-108"),
        (P1, Note(0, 5, 109), "pitch 109"),
        (TR, Note(0, 5, 20), "pitch 20 is outside 21-108"),
        (NO, Note(0, 5, 0), "pitch 0 is outside 1-16"),
        (NO, Note(0, 5, 17), "pitch 17"),
        (P1, Note(0, 5, 60, ()), "volume changes at"),
        (P1, Note(0, 5, 60, ((1, 9),)), "volume changes at"),
        (P1, Note(0, 5, 60, ((0, 9), (0, 8))), "volume changes at"),
        (P1, Note(0, 5, 60, ((0, 9), (3, 8), (2, 7))), "volume changes at"),
        (P1, Note(0, 5, 60, ((0, 9), (5, 8))), "in a note of 5 frames"),
        (P1, Note(0, 5, 60, ((0, 16),)), "volume outside 0-15"),
        (P1, Note(0, 5, 60, ((0, -1),)), "volume outside 0-15"),
        (TR, Note(0, 5, 60, ((0, 14),)), "volume outside 15-15"),
        (P1, Note(0, 5, 60, LONG, ((0, 4),)), "duty outside 0-3"),
        (TR, Note(0, 5, 60, LONG, ((0, 1),)), "duty outside 0-0"),
        (NO, Note(0, 5, 6, LONG, ((0, 2),)), "duty outside 0-1"),
        (P1, Note(0, 5, 60, LONG, ((0, 1), (7, 2))), "duty changes at"),
    ],
)
def test_a_note_outside_the_channels_table_is_refused(channel: int, note: Note, rule: str) -> None:
    with pytest.raises(ScoreError, match=rule):
        one(channel, note)


def test_notes_of_a_channel_neither_overlap_nor_go_back() -> None:
    one(P1, Note(0, 5, 60), Note(5, 9, 60))
    for notes in ((Note(0, 6, 60), Note(5, 9, 60)), (Note(5, 9, 60), Note(0, 5, 60))):
        with pytest.raises(ScoreError, match="two notes at once"):
            one(P1, *notes)


def test_the_whole_score_has_limits() -> None:
    assert one(P1, frames=0).frames == 0
    assert one(P1, frames=MAX_FRAMES).seconds == 3600
    for wrong in (-1, MAX_FRAMES + 1):
        with pytest.raises(ScoreError, match="lasts 0 to"):
            one(P1, frames=wrong)
    for loop in (-1, 100):
        with pytest.raises(ScoreError, match="loop point"):
            one(P1, loop=loop)
    with pytest.raises(ScoreError, match="4 channels, this one 3"):
        Score(((), (), ()), 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"groove": ()},
        {"groove": (7, 0)},
        {"groove": (7,), "rows_a_beat": 0},
        {"groove": (7,), "upper": 0},
        {"groove": (7,), "upper": 256},
        {"groove": (126,)},
        {"groove": (5,) * 1025},
        {"groove": (100,) * 1023 + (101,)},
        {"groove": (7,), "start": -MAX_FRAMES - 1},
    ],
)
def test_a_grid_that_no_file_can_hold_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ScoreError):
        Grid(**wrong)  # type: ignore[arg-type]


def test_every_corner_of_the_table_is_legal() -> None:
    for channel, spec in enumerate(CHANNELS):
        for pitch in (spec.lowest, spec.highest):
            for volume in spec.volumes:
                for duty in spec.duties:
                    assert one(channel, Note(0, 100, pitch, ((0, volume),), ((0, duty),))).note_count == 1


def test_a_score_is_frozen_and_counts_its_notes() -> None:
    score = scale()
    with pytest.raises(AttributeError):
        score.frames = 3  # type: ignore[misc]
    assert score.seconds == 240 / FRAMES_PER_SECOND
    assert score.note_count == sum(map(len, score.channels)) == len(list(score.notes()))
    assert replace(score) == score


@pytest.mark.parametrize("seed", range(30))
def test_a_grid_finds_the_row_of_each_frame(seed: int) -> None:
    grid = random_score(seed).grid
    assert grid
    for row in range(-20, 60):
        assert grid.row_of(grid.row(row)) == row == grid.row_of(grid.row(row + 1) - 1)
    assert grid.row(0) == grid.start


def test_a_groove_has_the_given_tempo() -> None:
    assert Grid((7, 8)).bpm == 120
    assert Grid.from_beat(480).groove == (7, 8)
    for sixteenths in range(64, 800, 7):
        assert Grid.from_beat(sixteenths).beat_frames == sixteenths / 16


def test_folding_moves_by_whole_octaves_into_the_range() -> None:
    for spec in CHANNELS[:3]:
        for pitch in range(128):
            folded = fold_pitch(spec, pitch)
            assert spec.lowest <= folded <= spec.highest
            assert (folded - pitch) % 12 == 0
            assert abs(folded - pitch) < 12 + max(0, spec.lowest - pitch, pitch - spec.highest)
