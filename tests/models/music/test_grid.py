"""The row clock: its rows, and whether it is detected in songs that were made on one."""

from fractions import Fraction

import pytest

from models.music.grid import ROWS, RowClock, clock_of, find_clock
from models.music.score import TR, Grid, Note, Score
from tests.music import random_score, song_on

CLOCKS = [
    RowClock(480),
    RowClock(480, ntsc=True),
    RowClock(384, lead=7, first=-1),
    RowClock(448, phase=2),
    RowClock(16 * 32, ntsc=True, lead=20, phase=1, first=-1),
    RowClock(455),
    RowClock(401, ntsc=True, lead=3, first=-1),
    RowClock(533, phase=3),
    RowClock(600, ntsc=True),
]


@pytest.mark.parametrize("clock", CLOCKS)
def test_each_frame_lies_in_the_row_that_contains_it(clock: RowClock) -> None:
    for row in range(-30, 4000, 7):
        assert clock.row(row) < clock.row(row + 1)
        assert clock.row_of(clock.row(row)) == row == clock.row_of(clock.row(row + 1) - 1)


def test_the_consoles_frames_are_a_little_shorter() -> None:
    minutes = 4 * 120 * 2
    assert RowClock(480).row(minutes) == 7200
    assert RowClock(480, ntsc=True).row(minutes) == 7200 - 12


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("seed", range(3))
def test_tempo_and_phase_of_a_song_are_found(clock: RowClock, seed: int) -> None:
    song = song_on(clock, 96, seed)
    found = find_clock(song)
    assert found.beat_frames == pytest.approx(clock.beat_frames, abs=0.04)
    rows = [(note.start, found.row_of(note.start)) for _, note in song.notes()]
    assert sum(found.row(row) == start for start, row in rows) >= 0.9 * len(rows)
    beats = [found.row_of(note.start + 1) for note in song.channels[TR]]
    assert sum(row % ROWS == 0 for row in beats) >= 0.9 * len(beats)


def test_few_notes_or_none_give_the_default_tempo() -> None:
    assert find_clock(Score(((), (), (), ()), 100)) == RowClock(480)
    one = Score(((Note(40, 50, 60),), (), (), ()), 100)
    found = find_clock(one)
    assert found.beat_frames == 30
    assert found.row_of(40) % ROWS == 0
    assert found.row(found.row_of(40)) == 40


def test_more_onsets_than_are_taken_at_once_give_the_same_clock() -> None:
    clock = RowClock(480)
    assert find_clock(song_on(clock, 1000)).sixteenths == find_clock(song_on(clock, 60)).sixteenths == 480


@pytest.mark.parametrize("seed", range(40))
def test_a_known_grid_is_counted_as_it_is_or_in_halves_and_doubles(seed: int) -> None:
    grid = random_score(seed).grid
    assert grid
    clock = clock_of(grid, 256, 767)
    assert 256 <= clock.sixteenths <= 767
    ratio = clock.beat_frames / grid.beat_frames
    assert min(abs(ratio - factor) for factor in (0.25, 0.5, 1, 2, 4)) < 0.01
    assert clock.row(0) <= 0 < clock.row(ROWS)


@pytest.mark.parametrize("nearest", [False, True])
def test_grid_and_clock_are_each_others_inverse(nearest: bool) -> None:
    for sixteenths in range(256, 768, 5):
        for start in (-45, -1, 0, 13):
            grid = Grid.from_frames(Fraction(sixteenths, 16), start, nearest=nearest)
            clock = clock_of(grid, 256, 767)
            back = clock.to_grid()
            assert back.groove == grid.groove
            assert [back.row(i) for i in range(64)] == [grid.row(i) for i in range(64)]
