"""Draws a taste: for each feature of a tune a bar towards the liked side, with its 95 % confidence interval.

`taste` puts the picture into a message.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.core.canvas import (
    HEADING_SIZE,
    POSSIBLE,
    SMALL_SIZE,
    SURE,
    WIDTH,
    Canvas,
    legible_language,
)
from bot.languages import say, using_language
from bot.votes.regression import chance
from bot.votes.taste_descriptions import WORDS
from bot.votes.taste_model import Preference
from generator.protocol.canvas import FAINT_TEXT, GRID, TEXT, Colour, fit_text
from generator.protocol.i18n import Sentence, _

HEADER = 112
ROW = 46
FOOTER = 56
LEFT, RIGHT = 290, 710
"""The area of the bars, in pixels; the names of the two sides stand to its left and right."""
EDGE = 20
BAR = 20
LINE = 4
AXIS_HALVES = (10, 20, 30, 40, 50)
"""Possible lengths of half the axis, in percentage points. No chance can differ from 50 % by more than the last."""
EXPLANATION = _("Bar: how much more often tunes with more of it are liked; line: possible range (95 %)")
TICK_LABEL = Sentence("{points:+g} %")
"""The label of a tick of the axis."""
UNSURE: Colour = (70, 92, 130)
"""The colour of bars whose interval includes zero."""


def draw(heading: str, preferences: Sequence[Preference]) -> bytes:
    """Return a taste as PNG, `WIDTH` pixels wide and as high as its features need.

    The text is in the current language, or in English if the font lacks one of its characters. Drawing takes a tenth
    of a second: call this in a thread.
    """
    words = [WORDS[preference.feature] for preference in preferences]
    sides = [side for word in words for side in (word.less, word.more)]
    with using_language(legible_language(heading, EXPLANATION, *sides)):
        return _draw_taste(heading, preferences)


def _draw_taste(heading: str, preferences: Sequence[Preference]) -> bytes:
    """Return the taste as PNG, in the current language."""
    height = HEADER + ROW * len(preferences) + FOOTER
    canvas = Canvas(height)
    room = WIDTH - 2 * EDGE
    canvas.text((EDGE, 38), fit_text(say(heading), HEADING_SIZE, room), HEADING_SIZE, colour=TEXT)
    canvas.text((EDGE, 80), fit_text(say(EXPLANATION), SMALL_SIZE, room), SMALL_SIZE)
    half = axis_half(preferences)
    for step in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = axis_x(step * half, half)
        canvas.rectangle((x - 0.5, HEADER, x + 0.5, height - FOOTER), GRID)
        label = say(TICK_LABEL, points=step * half) if step else "0"
        canvas.text((x, height - FOOTER + 24), label, SMALL_SIZE, anchor="mm")
    for number, preference in enumerate(preferences):
        _draw_row(canvas, HEADER + ROW * number, preference, half)
    return canvas.png()


def percentage_points(logit: float) -> float:
    """Return by how many percentage points a logit moves an even chance of a like."""
    return 100 * (chance(logit) - 0.5)


def axis_half(preferences: Sequence[Preference]) -> int:
    """Return half the length of the shortest axis that holds all intervals, in percentage points."""
    edges = [edge for preference in preferences for edge in (preference.low, preference.high)]
    longest = max((abs(percentage_points(edge)) for edge in edges), default=0.0)
    return next(half for half in AXIS_HALVES if half >= longest)


def axis_x(value: float, half: int) -> float:
    """Return the x coordinate of a value on the axis, in pixels. value, half: percentage points."""
    return (LEFT + RIGHT) / 2 + value / half * (RIGHT - LEFT) / 2


def _draw_row(canvas: Canvas, top: float, preference: Preference, half: int) -> None:
    """Draw a feature: the names of its two sides, and the bar between them."""
    words, middle = WORDS[preference.feature], top + ROW / 2
    sure = preference.low > 0 or preference.high < 0
    liked, other = (TEXT if sure else FAINT_TEXT), FAINT_TEXT
    room = LEFT - EDGE - 16
    less, more = (other, liked) if preference.weight > 0 else (liked, other)
    canvas.text((LEFT - 16, middle), fit_text(say(words.less), SMALL_SIZE, room), SMALL_SIZE, colour=less, anchor="rm")
    canvas.text((RIGHT + 16, middle), fit_text(say(words.more), SMALL_SIZE, room), SMALL_SIZE, colour=more)
    left, right = sorted((axis_x(0, half), axis_x(percentage_points(preference.weight), half)))
    canvas.rectangle((left, middle - BAR / 2, right, middle + BAR / 2), SURE if sure else UNSURE)
    low, high = (axis_x(percentage_points(edge), half) for edge in (preference.low, preference.high))
    canvas.rectangle((low, middle - LINE / 2, high, middle + LINE / 2), POSSIBLE)
