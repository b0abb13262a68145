"""The picture of a chart, pixel by pixel: the lengths of bars and lines, and titles of all kinds."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.discord.charts.chart_picture import BAR, FOOTER, HEADER, LEFT, RIGHT, ROW, draw, vote_counts
from bot.discord.core.canvas import POSSIBLE, SURE, WIDTH
from bot.store import Ranked
from bot.store.charts import wilson
from generator.protocol.canvas import BACKGROUND, Colour
from tests.bot.kept import new_entry, song_of


def ranked(rank: int, likes: int, dislikes: int = 0, title: str = "Tune") -> Ranked:
    return Ranked(rank, song_of(new_entry(rank), title=title), likes, dislikes, *wilson(likes, dislikes))


def picture(*chart: Ranked) -> Image.Image:
    with Image.open(io.BytesIO(draw("Top tunes", chart))) as image:
        assert (image.format, image.size) == ("PNG", (WIDTH, HEADER + ROW * len(chart) + FOOTER))
        return image.convert("RGB")


def extent(image: Image.Image, y: int, colour: Colour) -> tuple[float, float]:
    """Return the first and the last share at which a row of pixels has a colour."""
    columns = [x for x in range(WIDTH) if image.getpixel((x, y)) == colour]
    return (columns[0] - LEFT) / (RIGHT - LEFT), (columns[-1] + 1 - LEFT) / (RIGHT - LEFT)


def test_bars_end_at_the_lower_bound_and_lines_at_the_upper() -> None:
    chart = [ranked(1, 40, 2), ranked(2, 60, 40), ranked(3, 1), ranked(4, 1, 30)]
    image = picture(*chart)
    for number, entry in enumerate(chart):
        middle = HEADER + number * ROW + 40 + BAR // 2
        assert extent(image, middle, SURE) == pytest.approx((0.0, entry.low), abs=0.002)
        assert extent(image, middle, POSSIBLE) == pytest.approx((entry.low, entry.high), abs=0.002)


@pytest.mark.parametrize(
    "title", ["", "ドラゴンの城", "Größe – Łódź ♯♭", "مرحبا", "🎵🎮", "a\nb\tc\x00d", "\ud800", "W" * 500, "%s {0} <b>"]
)
def test_every_title_is_drawn_and_leaves_room_for_the_votes(title: str) -> None:
    image, empty = picture(ranked(1, 120, 30, title)), picture(ranked(1, 120, 30, "."))
    votes = (RIGHT - 210, HEADER, WIDTH, HEADER + 36)
    assert image.crop(votes).tobytes() == empty.crop(votes).tobytes()
    titles = (LEFT + 2, HEADER, LEFT + 200, HEADER + 36)
    assert image.crop(titles).tobytes() != empty.crop(titles).tobytes()
    assert image.getpixel((WIDTH - 4, HEADER + 20)) == BACKGROUND


@pytest.mark.parametrize(
    ("likes", "dislikes", "words"), [(1, 0, "1 like"), (2, 1, "2 likes, 1 dislike"), (3, 2, "3 likes, 2 dislikes")]
)
def test_vote_counts_as_text(likes: int, dislikes: int, words: str) -> None:
    assert vote_counts(ranked(1, likes, dislikes)) == words
