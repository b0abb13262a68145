"""The grid that onsets suggest: half, plain or double tempo, three or four beats a bar, and where bars start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.music.beats import BEAT_MULTIPLES, find_grid
from models.music.grid import find_clock
from models.music.score import Grid, Note, Score
from tests.music import BEAT_OF_30, moved, scale

TUNE = (60, 64, 67, 65, 64, 62, 60, 62, 64, 65, 67, 69, 67, 64, 62, 59)
KICK, SNARE, HAT = 2, 9, 15


def band(bpm: int, meter: int = 4, rows: int = 2, bars: int = 24) -> Score:
    """Kick on 1 (and on 3 of 4), snare between, hats and melody in `rows` notes a beat, a bass note every half bar.

    The melody's first note of a bar is a beat long, its bars come again after four.
    """
    beat = 3600 / bpm
    frames = round(bars * meter * beat)
    melody, bass, noise = [], [], []
    for bar in range(bars):
        for i in range(meter * rows):
            start, after = (round((bar * meter + (i + n) / rows) * beat) for n in (0, 1))
            number, on_beat = divmod(i, rows)
            strong = number % 2 == 0 if meter == 4 else number == 0
            noise.append(Note(start, after, (KICK if strong else SNARE) if on_beat == 0 else HAT))
            if i == 0 or i >= rows:
                end = round((bar * meter + 1) * beat) if i == 0 else after
                melody.append(Note(start, end, TUNE[(bar % 4 * 5 + i) % len(TUNE)]))
        for half in range(2 if meter == 4 else 1):
            start = round((bar * meter + 2 * half) * beat)
            bass.append(Note(start, start + round(beat), 36 + (bar % 4 * 5 + half * 7) % 12))
    return Score((tuple(melody), (), tuple(bass), tuple(noise)), frames)


EIGHTHS = [(bpm, 2) for bpm in (70, 84, 100, 120, 140, 170, 200)]
SIXTEENTHS = [(bpm, 4) for bpm in (84, 100, 120, 140)]
"""Slower or faster, sixteenths cannot be distinguished from the eighths of another tempo."""


@pytest.mark.parametrize(("bpm", "rows"), EIGHTHS + SIXTEENTHS)
@pytest.mark.parametrize("later", [0, 37])
def test_a_band_is_counted_as_its_drummer_counts(bpm: int, rows: int, later: int) -> None:
    grid = find_grid(moved(band(bpm, rows=rows), later))
    assert grid.bpm == pytest.approx(bpm, rel=0.01)
    assert grid.upper == 4
    bar = 4 * grid.beat_frames
    assert (grid.start - later + bar / 2) % bar - bar / 2 == pytest.approx(0, abs=2)
    assert -grid.beat_frames / 8 <= grid.start < bar


@pytest.mark.parametrize("bpm", [100, 120, 150])
def test_a_waltz_has_three_beats(bpm: int) -> None:
    grid = find_grid(band(bpm, meter=3))
    assert (grid.upper, grid.start) == (3, 0)
    assert grid.bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("beats", [1, 3])
def test_an_upbeat_is_no_bar(beats: int) -> None:
    upbeat = tuple(Note(i * 15, i * 15 + 10, 67) for i in range(2 * beats))
    song = moved(band(120), beats * 30)
    grid = find_grid(replace(song, channels=(upbeat + song.channels[0], *song.channels[1:])))
    assert (grid.start, grid.upper, grid.bpm) == (beats * 30, 4, 120)


def test_the_tempo_may_lie_outside_the_row_clocks_octave_which_stays_as_it_is() -> None:
    for bpm, multiple in ((70, 2.0), (200, 1 / 2), (120, 1.0)):
        clock = find_clock(band(bpm))
        assert 20 <= clock.beat_frames < 40
        assert clock.beat_frames * multiple == pytest.approx(3600 / bpm, rel=0.01)
        assert multiple in BEAT_MULTIPLES


def test_the_scores_own_grid_is_not_looked_at() -> None:
    song = band(120)
    assert find_grid(replace(song, grid=Grid((11,), 7))) == find_grid(song)


def test_few_notes_or_none_give_the_default_tempo() -> None:
    assert find_grid(Score(((), (), (), ()), 100)) == BEAT_OF_30
    assert find_grid(Score(((Note(0, 50, 60),), (), (), ()), 100)) == BEAT_OF_30


@pytest.mark.parametrize("channel", range(4))
def test_any_channel_alone_is_enough(channel: int) -> None:
    song = scale(1920)
    alone = tuple(notes if i == channel else () for i, notes in enumerate(song.channels))
    grid = find_grid(Score(alone, song.frames))
    assert min(abs(grid.bpm / bpm - 1) for bpm in (60, 120, 240)) < 0.01
