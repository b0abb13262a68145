"""The picture of a chart: a bar for each song, as long as the share of likes that is sure, a line to what is possible.

Draws what it is given, with `pen`; which songs these are is the store's, and the message around it is `top`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.core.canvas import (
    GRID,
    HEADING_SIZE,
    NO_LETTERS,
    POSSIBLE,
    SMALL_SIZE,
    SURE,
    TEXT,
    TEXT_SIZE,
    Canvas,
    fitted,
    legible,
    width,
)
from bot.languages import percent, say, speaking
from bot.store import Ranked, Standing
from generator.protocol.i18n import Sentence, _, joined, ngettext

HEADER = 112
ROW = 78
FOOTER = 56
LEFT, RIGHT = 80, 960
BAR = 22
LINE = 4
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
EXPLANATION = _("Bar: the share of likes that is sure; line: what is possible (95 %)")
BATTLES_EXPLANATION = _("Bar: how surely it is preferred to an average tune; line: what is possible (95 %)")


def draw(heading: str, chart: Sequence[Ranked | Standing], explanation: str = EXPLANATION) -> bytes:
    """A chart as PNG, `WIDTH` wide and as high as its songs need. Takes a tenth of a second: call it in a thread.

    Its words are in the language that is being spoken, or all in English where the font lacks a letter of theirs.
    """
    with speaking(legible(heading, explanation, NO_LETTERS, *map(vote_counts, chart))):
        return _draw_chart(heading, chart, explanation)


def _draw_chart(heading: str, chart: Sequence[Ranked | Standing], explanation: str) -> bytes:
    """The same in the language that is being spoken."""
    height = HEADER + ROW * len(chart) + FOOTER
    sheet = Canvas(height)
    sheet.write((LEFT, 38), fitted(say(heading), HEADING_SIZE, RIGHT - LEFT), HEADING_SIZE, colour=TEXT)
    sheet.write((LEFT, 80), fitted(say(explanation), SMALL_SIZE, RIGHT - LEFT), SMALL_SIZE)
    _draw_grid(sheet, height - FOOTER)
    for number, one in enumerate(chart):
        _draw_row(sheet, HEADER + number * ROW, one)
    return sheet.png()


def vote_counts(one: Ranked | Standing) -> Sentence:
    """A song's votes or battles in words."""
    if isinstance(one, Standing):
        return ngettext("{n} battle", "{n} battles").counted(one.strength.judgements)
    likes = ngettext("{n} like", "{n} likes").counted(one.likes)
    dislikes = ngettext("{n} dislike", "{n} dislikes").counted(one.dislikes)
    return joined(", ", likes, dislikes) if one.dislikes else likes


def _draw_grid(sheet: Canvas, bottom: float) -> None:
    """A line for each quarter, and below it how much that is."""
    for share in TICKS:
        x = _x(share)
        sheet.box((x - 0.5, HEADER, x + 0.5, bottom), GRID)
        anchor = "lm" if share == 0 else "rm" if share == 1 else "mm"
        sheet.write((x, bottom + 24), percent(share), SMALL_SIZE, anchor=anchor)


def _draw_row(sheet: Canvas, top: float, one: Ranked | Standing) -> None:
    """Rank, title and votes, and the bar below them."""
    votes = say(vote_counts(one))
    sheet.write((LEFT - 16, top + 20), str(one.rank), TEXT_SIZE, anchor="rm")
    room = RIGHT - LEFT - 40 - width(votes, SMALL_SIZE)
    title = fitted(one.song.title, TEXT_SIZE, room)
    sheet.write((LEFT + 8, top + 20), title, TEXT_SIZE, colour=TEXT)
    sheet.write((RIGHT - 8, top + 20), votes, SMALL_SIZE, anchor="rm")
    bar = top + 40
    middle = bar + BAR / 2
    sheet.box((_x(0), bar, _x(one.low), bar + BAR), SURE)
    sheet.box((_x(one.low), middle - LINE / 2, _x(one.high), middle + LINE / 2), POSSIBLE)
    sheet.box((_x(one.high) - LINE, bar + 3, _x(one.high), bar + BAR - 3), POSSIBLE)


def _x(share: float) -> float:
    """Where a share of likes lies."""
    return LEFT + (RIGHT - LEFT) * share
