"""The picture of a taste: a bar for each feature, to the side that is liked, with the interval that holds 95 %.

Draws what it is given, with `pen`; the message around it is `taste`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.core.canvas import (
    FAINT,
    GRID,
    HEADING_SIZE,
    POSSIBLE,
    SMALL_SIZE,
    SURE,
    TEXT,
    WIDTH,
    Canvas,
    Colour,
    fitted,
    legible,
)
from bot.languages import say, speaking
from bot.votes.regression import chance
from bot.votes.taste_in_use import WORDS
from bot.votes.taste_model import Leaning
from generator.protocol.i18n import Sentence, _

HEADER = 112
ROW = 46
FOOTER = 56
LEFT, RIGHT = 290, 710
"""The field of the bars; on either side stands what is liked there."""
EDGE = 20
BAR = 20
LINE = 4
AXIS_HALVES = (10, 20, 30, 40, 50)
"""What half of the axis may be, in points of a hundred; no chance moves by more than the last."""
EXPLANATION = _("Bar: how much more often a tune with more of it is liked; line: what is possible (95 %)")
TICK_LABEL = Sentence("{points:+g} %")
"""Of the axis."""
UNSURE: Colour = (70, 92, 130)
"""Of bars whose line crosses the middle."""


def draw(heading: str, leanings: Sequence[Leaning]) -> bytes:
    """A taste as PNG, as high as its features need. Takes a tenth of a second: call it in a thread.

    Its words are in the language that is being spoken, or all in English where the font lacks a letter of theirs.
    """
    sides = [side for one in leanings for side in (WORDS[one.feature].less, WORDS[one.feature].more)]
    with speaking(legible(heading, EXPLANATION, *sides)):
        return _draw_taste(heading, leanings)


def _draw_taste(heading: str, leanings: Sequence[Leaning]) -> bytes:
    """The same in the language that is being spoken."""
    height = HEADER + ROW * len(leanings) + FOOTER
    sheet = Canvas(height)
    room = WIDTH - 2 * EDGE
    sheet.write((EDGE, 38), fitted(say(heading), HEADING_SIZE, room), HEADING_SIZE, colour=TEXT)
    sheet.write((EDGE, 80), fitted(say(EXPLANATION), SMALL_SIZE, room), SMALL_SIZE)
    half = axis_half(leanings)
    for step in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = axis_x(step * half, half)
        sheet.box((x - 0.5, HEADER, x + 0.5, height - FOOTER), GRID)
        mark = say(TICK_LABEL, points=step * half) if step else "0"
        sheet.write((x, height - FOOTER + 24), mark, SMALL_SIZE, anchor="mm")
    for number, one in enumerate(leanings):
        _draw_row(sheet, HEADER + ROW * number, one, half)
    return sheet.png()


def percentage_points(logit: float) -> float:
    """How many points of a hundred a logit moves the chance of a like that is even without it."""
    return 100 * (chance(logit) - 0.5)


def axis_half(leanings: Sequence[Leaning]) -> int:
    """The smallest half of an axis that holds all lines."""
    most = max((abs(percentage_points(edge)) for one in leanings for edge in (one.low, one.high)), default=0.0)
    return next(half for half in AXIS_HALVES if half >= most)


def axis_x(value: float, half: int) -> float:
    """Where some points lie on an axis."""
    return (LEFT + RIGHT) / 2 + value / half * (RIGHT - LEFT) / 2


def _draw_row(sheet: Canvas, top: float, one: Leaning, half: int) -> None:
    """What less and more are called, on their sides, and the bar between."""
    words, middle = WORDS[one.feature], top + ROW / 2
    sure = one.low > 0 or one.high < 0
    liked, other = (TEXT if sure else FAINT), FAINT
    room = LEFT - EDGE - 16
    less, more = (other, liked) if one.weight > 0 else (liked, other)
    sheet.write((LEFT - 16, middle), fitted(say(words.less), SMALL_SIZE, room), SMALL_SIZE, colour=less, anchor="rm")
    sheet.write((RIGHT + 16, middle), fitted(say(words.more), SMALL_SIZE, room), SMALL_SIZE, colour=more)
    left, right = sorted((axis_x(0, half), axis_x(percentage_points(one.weight), half)))
    sheet.box((left, middle - BAR / 2, right, middle + BAR / 2), SURE if sure else UNSURE)
    low, high = (axis_x(percentage_points(edge), half) for edge in (one.low, one.high))
    sheet.box((low, middle - LINE / 2, high, middle + LINE / 2), POSSIBLE)
