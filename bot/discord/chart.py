"""The picture of a chart: a bar for each song, as long as the share of likes that is sure, a line to what is possible.

Draws what it is given; which songs these are is the store's, and the message around it is `top`'s. The generator's pen
is on the other side of the process: the bot's side draws with Pillow itself, in the same colours.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from bot.languages import NATIVE, percent, say, speaking, spoken
from bot.store import Ranked, Standing
from generator.sentences import Sentence, _, joined, ngettext

SCALE = 2
"""Everything is drawn so many times too large, for smooth edges. The measures below are pixels of the finished one."""
WIDTH = 1000
HEADER = 112
ROW = 78
FOOTER = 56
LEFT, RIGHT = 80, 960
BAR = 22
LINE = 4
HEADING_SIZE, TEXT_SIZE, SMALL_SIZE = 36.0, 27.0, 22.0
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
NO_LETTERS = _("(title below)")
"""In place of a title in a script that the font lacks."""
EXPLANATION = _("Bar: the share of likes that is sure; line: what is possible (95 %)")
BATTLES_EXPLANATION = _("Bar: how surely it is preferred to an average tune; line: what is possible (95 %)")

Colour = tuple[int, int, int]
GROUND: Colour = (17, 18, 30)
GRID: Colour = (58, 62, 92)
SURE: Colour = (86, 180, 255)
POSSIBLE: Colour = (255, 170, 20)
TEXT: Colour = (240, 241, 248)
FAINT: Colour = (166, 171, 200)


def draw(heading: str, chart: Sequence[Ranked | Standing], explanation: str = EXPLANATION) -> bytes:
    """A chart as PNG, `WIDTH` wide and as high as its songs need. Takes a tenth of a second: call it in a thread.

    Its words are in the language that is being spoken, or all in English where the font lacks a letter of theirs.
    """
    words = "".join(map(say, (heading, explanation, NO_LETTERS, *map(counted, chart))))
    with speaking(spoken() if all(map(_has_glyph, words)) else NATIVE):
        return _drawn(heading, chart, explanation)


def _drawn(heading: str, chart: Sequence[Ranked | Standing], explanation: str) -> bytes:
    """The same in the language that is being spoken."""
    height = HEADER + ROW * len(chart) + FOOTER
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), GROUND)
    pen = ImageDraw.Draw(image)
    _write(pen, (LEFT, 38), _fitted(say(heading), HEADING_SIZE, RIGHT - LEFT), HEADING_SIZE, colour=TEXT, anchor="lm")
    _write(pen, (LEFT, 80), _fitted(say(explanation), SMALL_SIZE, RIGHT - LEFT), SMALL_SIZE, anchor="lm")
    _draw_grid(pen, height - FOOTER)
    for number, one in enumerate(chart):
        _draw_row(pen, HEADER + number * ROW, one)
    data = io.BytesIO()
    image.reduce(SCALE).save(data, "PNG")
    return data.getvalue()


def counted(one: Ranked | Standing) -> Sentence:
    """A song's votes or battles in words."""
    if isinstance(one, Standing):
        return ngettext("{n} battle", "{n} battles").counted(one.strength.judgements)
    likes = ngettext("{n} like", "{n} likes").counted(one.likes)
    dislikes = ngettext("{n} dislike", "{n} dislikes").counted(one.dislikes)
    return joined(", ", likes, dislikes) if one.dislikes else likes


def _draw_grid(pen: ImageDraw.ImageDraw, bottom: float) -> None:
    """A line for each quarter, and below it how much that is."""
    for share in TICKS:
        x = _x(share)
        _box(pen, (x - 0.5, HEADER, x + 0.5, bottom), GRID)
        anchor = "lm" if share == 0 else "rm" if share == 1 else "mm"
        _write(pen, (x, bottom + 24), percent(share), SMALL_SIZE, anchor=anchor)


def _draw_row(pen: ImageDraw.ImageDraw, top: float, one: Ranked | Standing) -> None:
    """Rank, title and votes, and the bar below them."""
    votes = say(counted(one))
    _write(pen, (LEFT - 16, top + 20), str(one.rank), TEXT_SIZE, anchor="rm")
    room = RIGHT - LEFT - 40 - _width(votes, SMALL_SIZE)
    title = _fitted(one.song.title, TEXT_SIZE, room)
    _write(pen, (LEFT + 8, top + 20), title, TEXT_SIZE, colour=TEXT, anchor="lm")
    _write(pen, (RIGHT - 8, top + 20), votes, SMALL_SIZE, anchor="rm")
    bar = top + 40
    middle = bar + BAR / 2
    _box(pen, (_x(0), bar, _x(one.low), bar + BAR), SURE)
    _box(pen, (_x(one.low), middle - LINE / 2, _x(one.high), middle + LINE / 2), POSSIBLE)
    _box(pen, (_x(one.high) - LINE, bar + 3, _x(one.high), bar + BAR - 3), POSSIBLE)


def _x(share: float) -> float:
    """Where a share of likes lies."""
    return LEFT + (RIGHT - LEFT) * share


def _box(pen: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: Colour) -> None:
    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=colour)


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, *, colour: Colour = FAINT, anchor: str
) -> None:
    pen.text((at[0] * SCALE, at[1] * SCALE), text, fill=colour, font=_font(size), anchor=anchor)


def _width(text: str, size: float) -> float:
    return _font(size).getlength(text) / SCALE


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, in the large picture's pixels."""
    return ImageFont.load_default(size * SCALE)


def _fitted(text: str, size: float, room: float) -> str:
    """What the font can draw of a text, cut where it is wider than the room; the list has the whole title."""
    shown = " ".join("".join(_drawable(letter) for letter in text).split()) or say(NO_LETTERS)
    if _width(shown, size) <= room:
        return shown
    while shown and _width(f"{shown}…", size) > room:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


@cache
def _drawable(letter: str) -> str:
    """A letter, or what comes nearest to it where the font lacks it; nothing for one that has nothing near."""
    for spelling in (letter, unicodedata.normalize("NFKD", letter), letter.casefold()):
        if known := "".join(one for one in spelling if _has_glyph(one)):
            return known
    return ""


@cache
def _has_glyph(letter: str) -> bool:
    """Whether the font has a letter: what it lacks looks like a character that no font may have."""
    font = _font(TEXT_SIZE)
    return letter == " " or (letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask("\uffff")))
