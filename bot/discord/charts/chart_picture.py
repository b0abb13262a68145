"""Draws a chart: for each song a bar up to the lower bound of its score, and a line on to the upper bound.

The entries come from the store; `top` puts the picture into a message.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.core.canvas import (
    HEADING_SIZE,
    NO_LETTERS,
    POSSIBLE,
    SMALL_SIZE,
    SURE,
    TEXT_SIZE,
    Canvas,
    fit_title,
    legible_language,
)
from bot.languages import percent, say, using_language
from bot.store import Ranked, Standing
from generator.protocol.canvas import GRID, TEXT, fit_text, text_width
from generator.protocol.i18n import Sentence, _, joined, ngettext

HEADER = 112
ROW = 78
FOOTER = 56
LEFT, RIGHT = 80, 960
BAR = 22
LINE = 4
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
EXPLANATION = _("Bar: certain share of likes; line: possible share (95 %)")
BATTLES_EXPLANATION = _("Bar: certain share of wins against an average tune; line: possible share (95 %)")


def draw(heading: str, chart: Sequence[Ranked | Standing], explanation: str = EXPLANATION) -> bytes:
    """Return a chart as PNG, `WIDTH` pixels wide and as high as its entries need.

    The text is in the current language, or in English if the font lacks one of its characters. Drawing takes a tenth
    of a second: call this in a thread.
    """
    with using_language(legible_language(heading, explanation, NO_LETTERS, *map(vote_counts, chart))):
        return _draw_chart(heading, chart, explanation)


def _draw_chart(heading: str, chart: Sequence[Ranked | Standing], explanation: str) -> bytes:
    """Return the chart as PNG, in the current language."""
    height = HEADER + ROW * len(chart) + FOOTER
    canvas = Canvas(height)
    canvas.text((LEFT, 38), fit_text(say(heading), HEADING_SIZE, RIGHT - LEFT), HEADING_SIZE, colour=TEXT)
    canvas.text((LEFT, 80), fit_text(say(explanation), SMALL_SIZE, RIGHT - LEFT), SMALL_SIZE)
    _draw_grid(canvas, height - FOOTER)
    for number, entry in enumerate(chart):
        _draw_row(canvas, HEADER + number * ROW, entry)
    return canvas.png()


def vote_counts(entry: Ranked | Standing) -> Sentence:
    """Return how many votes or battles an entry has, such as "3 likes, 1 dislike"."""
    if isinstance(entry, Standing):
        return ngettext("{n} battle", "{n} battles").counted(entry.strength.judgements)
    likes = ngettext("{n} like", "{n} likes").counted(entry.likes)
    dislikes = ngettext("{n} dislike", "{n} dislikes").counted(entry.dislikes)
    return joined(", ", likes, dislikes) if entry.dislikes else likes


def _draw_grid(canvas: Canvas, bottom: float) -> None:
    """Draw a vertical line at each quarter, with its percentage below."""
    for share in TICKS:
        x = _x(share)
        canvas.rectangle((x - 0.5, HEADER, x + 0.5, bottom), GRID)
        anchor = "lm" if share == 0 else "rm" if share == 1 else "mm"
        canvas.text((x, bottom + 24), percent(share), SMALL_SIZE, anchor=anchor)


def _draw_row(canvas: Canvas, top: float, entry: Ranked | Standing) -> None:
    """Draw an entry: rank, title and votes, and its bar below them."""
    votes = say(vote_counts(entry))
    canvas.text((LEFT - 16, top + 20), str(entry.rank), TEXT_SIZE, anchor="rm")
    room = RIGHT - LEFT - 40 - text_width(votes, SMALL_SIZE)
    title = fit_title(entry.song.title, TEXT_SIZE, room)
    canvas.text((LEFT + 8, top + 20), title, TEXT_SIZE, colour=TEXT)
    canvas.text((RIGHT - 8, top + 20), votes, SMALL_SIZE, anchor="rm")
    bar = top + 40
    middle = bar + BAR / 2
    canvas.rectangle((_x(0), bar, _x(entry.low), bar + BAR), SURE)
    canvas.rectangle((_x(entry.low), middle - LINE / 2, _x(entry.high), middle + LINE / 2), POSSIBLE)
    canvas.rectangle((_x(entry.high) - LINE, bar + 3, _x(entry.high), bar + BAR - 3), POSSIBLE)


def _x(share: float) -> float:
    """Return the x coordinate of a share, in pixels."""
    return LEFT + (RIGHT - LEFT) * share
