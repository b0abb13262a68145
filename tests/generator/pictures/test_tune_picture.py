"""The picture, by its pixels: where notes lie, how strongly they show, and that nothing makes it fail."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from generator.pictures.colours import CHANNEL_COLOURS, LOOP
from generator.pictures.tune_picture import (
    BOTTOM,
    HEIGHT,
    LEFT,
    NOISE_HEIGHT,
    RIGHT,
    ROLL_TOP,
    WIDTH,
    write_tune_picture,
)
from models.music.score import NO, P1, P2, TR, Grid, Note, Score

Pixels = NDArray[np.int64]
"""Shape (height, width, 3)."""


def picture(score: Score, folder: Path, title: str = "", subtitle: str = "") -> Pixels:
    path = folder / "tune.png"
    write_tune_picture(score, path, title, subtitle)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size == (WIDTH, HEIGHT)
        return np.asarray(image.convert("RGB")).astype(np.int64)


def score(channel: int, *notes: Note, frames: int = 600, grid: Grid | None = None, loop: int | None = None) -> Score:
    return Score(tuple(notes if i == channel else () for i in range(4)), frames, grid, "", loop)


def like(pixels: Pixels, colour: tuple[int, int, int], tolerance: int = 12) -> NDArray[np.bool_]:
    """Where the pixels have a colour, below the header."""
    found: NDArray[np.bool_] = np.abs(pixels - np.array(colour)).max(axis=2) <= tolerance
    found[:ROLL_TOP] = False
    return found


def extent(found: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what was found."""
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("channel", [P1, P2, TR, NO])
def test_a_note_lies_at_its_time_in_its_channels_colour(tmp_path: Path, channel: int) -> None:
    pixels = picture(score(channel, Note(150, 450, 12 if channel == NO else 60)), tmp_path)
    left, _, right, _ = extent(like(pixels, CHANNEL_COLOURS[channel]))
    quarter = (RIGHT - LEFT) / 4
    assert left == pytest.approx(LEFT + quarter, abs=3)
    assert right == pytest.approx(RIGHT - quarter, abs=1)
    for other in set(range(4)) - {channel}:
        assert not like(pixels, CHANNEL_COLOURS[other]).any()


def test_higher_notes_lie_higher(tmp_path: Path) -> None:
    pixels = picture(score(P1, Note(0, 300, 60), Note(300, 600, 72)), tmp_path)
    found = like(pixels, CHANNEL_COLOURS[P1])
    middle = (LEFT + RIGHT) // 2
    low, high = found.copy(), found.copy()
    low[:, middle:] = False
    high[:, :middle] = False
    _, top_low, _, bottom_low = extent(low)
    _, top_high, _, bottom_high = extent(high)
    assert bottom_high < top_low
    # 12 rows of at least 24 in the whole roll
    assert (top_low + bottom_low - top_high - bottom_high) / 2 == pytest.approx((BOTTOM - ROLL_TOP) * 12 / 24, rel=0.05)


def test_all_pitches_fit_and_noise_has_a_strip_of_its_own(tmp_path: Path) -> None:
    pulse = tuple(Note(20 * i, 20 * i + 20, pitch) for i, pitch in enumerate(range(33, 109, 5)))
    noise = tuple(Note(20 * i, 20 * i + 20, 1 + i) for i in range(16))
    pixels = picture(Score((pulse, (), (), noise), 320), tmp_path)
    _, top, _, bottom = extent(like(pixels, CHANNEL_COLOURS[P1]))
    _, noise_top, _, noise_bottom = extent(like(pixels, CHANNEL_COLOURS[NO]))
    assert top >= ROLL_TOP
    assert bottom < BOTTOM - NOISE_HEIGHT <= noise_top
    assert noise_bottom <= BOTTOM
    rows = [int(np.argmax(like(pixels, CHANNEL_COLOURS[NO])[:, LEFT + 67 * i + 30])) for i in range(16)]
    assert rows == sorted(rows, reverse=True)


def test_a_softer_note_is_lower_and_darker(tmp_path: Path) -> None:
    pixels = picture(score(P1, Note(0, 600, 60, ((0, 15), (150, 7), (300, 2), (450, 0)))), tmp_path)
    columns = [pixels[ROLL_TOP:BOTTOM, LEFT + 140 + 270 * i] for i in range(4)]
    warm = [column[:, 0] - column[:, 2] for column in columns]
    heights = [int((shade > 20).sum()) for shade in warm]
    assert heights[0] > heights[1] > heights[2] > heights[3] == 0
    assert warm[0].max() > warm[1].max() > warm[2].max()


def test_bars_and_the_loop_point_are_at_their_frames(tmp_path: Path) -> None:
    plain = picture(score(P1, Note(0, 10, 60)), tmp_path)
    pixels = picture(score(P1, Note(0, 10, 60), grid=Grid((5,), start=-40), loop=300), tmp_path)
    x = LEFT + (RIGHT - LEFT) // 2
    assert like(pixels, LOOP)[:, x - 2 : x + 3].any()
    assert not like(plain, LOOP).any()
    row = pixels[BOTTOM - 60, LEFT + 30 : RIGHT].sum(axis=1)
    lines = np.flatnonzero(row > row.min() + 100) + LEFT + 30
    expected = [LEFT + (RIGHT - LEFT) * frame / 600 for frame in range(40, 600, 80)]
    assert all(np.abs(lines - at).min() <= 1.5 for at in expected)


def test_the_legend_names_the_channels_that_play(tmp_path: Path) -> None:
    header = picture(score(TR, Note(0, 10, 60)), tmp_path)[:ROLL_TOP]
    present = [bool((np.abs(header - np.array(colour)).max(axis=2) < 6).any()) for colour in CHANNEL_COLOURS]
    assert present == [False, False, True, False]


@pytest.mark.parametrize(
    "title",
    [
        "",
        "A title",
        "ドラゴンの城",
        "Größe – Łódź ♯♭",
        "مرحبا",
        "🎵🎮",
        "a\nb\tc\x00d",
        "\ud800",
        "long " * 500,
        "%s {0} <b>",
    ],
)
def test_any_title_is_drawn(tmp_path: Path, title: str) -> None:
    picture(score(P1, Note(0, 10, 60)), tmp_path, title, title)


def test_a_title_is_visible_and_stays_in_the_picture(tmp_path: Path) -> None:
    empty = picture(score(P1, Note(0, 10, 60)), tmp_path)
    titled = picture(score(P1, Note(0, 10, 60)), tmp_path, "W" * 200, "W" * 200)
    assert (titled[:80] != empty[:80]).any()
    assert (titled[80:ROLL_TOP] != empty[80:ROLL_TOP]).any()
    assert (titled[ROLL_TOP:] == empty[ROLL_TOP:]).all()
    assert (titled[:, RIGHT + 5 :] == empty[:, RIGHT + 5 :]).all()


@pytest.mark.parametrize("frames", [0, 1, 59, 36_000, 216_000])
@pytest.mark.parametrize("grid", [None, Grid((7, 8)), Grid((1,), start=-7, rows_a_beat=1, upper=1)])
def test_a_score_of_any_length_is_drawn(tmp_path: Path, frames: int, grid: Grid | None) -> None:
    notes = tuple(Note(t, t + 1, 33 + t // 20 % 76) for t in range(0, frames, 20))
    pixels = picture(score(P2, *notes, frames=frames, grid=grid), tmp_path)
    assert like(pixels, CHANNEL_COLOURS[P2], 60).any() == bool(frames)


def test_the_same_score_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_tune_picture(score(P1, Note(0, 10, 60)), tmp_path / name, "Title")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
