"""What the pictures of the Discord side are drawn with: Pillow's own font, smooth edges, and one set of colours.

The generator's pen is on the other side of the process: the bot's side draws with Pillow itself, in the same colours.
"""

from __future__ import annotations

import io
import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from bot.languages import NATIVE, say, spoken
from generator.protocol.i18n import _

SCALE = 2
"""Everything is drawn so many times too large, for smooth edges. Measures are pixels of the finished picture."""
WIDTH = 1000
HEADING_SIZE, TEXT_SIZE, SMALL_SIZE = 36.0, 27.0, 22.0
NO_LETTERS = _("(title below)")
"""In place of a title in a script that the font lacks."""

Colour = tuple[int, int, int]
GROUND: Colour = (17, 18, 30)
GRID: Colour = (58, 62, 92)
SURE: Colour = (86, 180, 255)
POSSIBLE: Colour = (255, 170, 20)
TEXT: Colour = (240, 241, 248)
FAINT: Colour = (166, 171, 200)


class Canvas:
    """A picture to draw on, `WIDTH` wide."""

    def __init__(self, height: int) -> None:
        self._image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), GROUND)
        self._pen = ImageDraw.Draw(self._image)

    def box(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        """A filled box: left, top, right, bottom."""
        left, top, right, bottom = (round(edge * SCALE) for edge in box)
        self._pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=colour)

    def write(
        self, at: tuple[float, float], text: str, size: float, *, colour: Colour = FAINT, anchor: str = "lm"
    ) -> None:
        """A line of text. anchor: Pillow's, the middle of the left edge if left out."""
        self._pen.text((at[0] * SCALE, at[1] * SCALE), text, fill=colour, font=_font(size), anchor=anchor)

    def png(self) -> bytes:
        """The finished picture."""
        data = io.BytesIO()
        self._image.reduce(SCALE).save(data, "PNG")
        return data.getvalue()


def legible(*texts: str) -> str:
    """The language that is being spoken, or English where the font lacks a letter of what is to be said."""
    return spoken() if all(map(drawable, "".join(map(say, texts)))) else NATIVE


def width(text: str, size: float) -> float:
    """How wide a text is."""
    return _font(size).getlength(text) / SCALE


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, in the large picture's pixels."""
    return ImageFont.load_default(size * SCALE)


def fitted(text: str, size: float, room: float) -> str:
    """What the font can draw of a text, cut where it is wider than the room; the list has the whole title."""
    shown = " ".join("".join(_drawable(letter) for letter in text).split()) or say(NO_LETTERS)
    if width(shown, size) <= room:
        return shown
    while shown and width(f"{shown}…", size) > room:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


@cache
def _drawable(letter: str) -> str:
    """A letter, or what comes nearest to it where the font lacks it; nothing for one that has nothing near."""
    for spelling in (letter, unicodedata.normalize("NFKD", letter), letter.casefold()):
        if known := "".join(one for one in spelling if drawable(one)):
            return known
    return ""


@cache
def drawable(letter: str) -> bool:
    """Whether the font has a letter: what it lacks looks like a character that no font may have."""
    font = _font(TEXT_SIZE)
    return letter == " " or (letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask("\uffff")))
