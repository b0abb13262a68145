"""Drawing that the pictures of both sides share: colours, one font, rectangles and lines of text.

Pictures are drawn `SCALE` times too large and then reduced, so that edges are smooth. All measures here are pixels of
the finished picture. Needs Pillow alone; no other module of this package imports it.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageDraw, ImageFont

SCALE = 2

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

BACKGROUND: Colour = (17, 18, 30)
GRID: Colour = (58, 62, 92)
TEXT: Colour = (240, 241, 248)
FAINT_TEXT: Colour = (166, 171, 200)
ORANGE: Colour = (255, 170, 20)
BLUE: Colour = (86, 180, 255)
"""After Okabe and Ito's palette, which people with any kind of colour vision can tell apart."""

MAX_LETTERS = 200
"""Letters of a text that `printable` looks at."""
_REPLACEMENTS = dict.fromkeys("‐‑‒–—―−", "-") | {"♯": "#", "♭": "b", "Ł": "L", "ł": "l", "Ø": "O", "ø": "o"}
"""For letters that the font lacks and Unicode does not decompose."""
_TEST_SIZE = 27


def draw_rectangle(draw: ImageDraw.ImageDraw, box: Box, colour: Colour) -> None:
    """Fill a box, which is at least one pixel wide and high before the picture is reduced."""
    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=colour)


def draw_text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, *, colour: Colour, anchor: str
) -> None:
    """Draw one line of text. anchor: two letters, as Pillow has them."""
    draw.text((at[0] * SCALE, at[1] * SCALE), text, fill=colour, font=_font(size), anchor=anchor)


def text_width(text: str, size: float) -> float:
    """Return the width of a line of text."""
    return _font(size).getlength(text) / SCALE


def fit_text(text: str, size: float, width: float) -> str:
    """Return the printable form of a text, with its end replaced by an ellipsis if it is wider than `width`."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def printable(text: str) -> str:
    """Return what the font can show of a text, as one line: accents and other scripts that it lacks are left out."""
    return " ".join("".join(_nearest(letter) for letter in text[:MAX_LETTERS]).split())


@cache
def _nearest(letter: str) -> str:
    """Return a letter, or what comes nearest to it in the font: a space for control characters, maybe nothing."""
    if letter in _REPLACEMENTS:
        return _REPLACEMENTS[letter]
    if not letter.isprintable():
        return " "
    for spelling in (letter, unicodedata.normalize("NFKD", letter), letter.casefold()):
        if shown := "".join(part for part in spelling if has_glyph(part)):
            return shown
    return ""


@cache
def has_glyph(letter: str) -> bool:
    """Return whether the font has a letter: those that it lacks look like U+FFFF, which no font may have."""
    font = _font(_TEST_SIZE)
    return letter == " " or (letter.isprintable() and bytes(font.getmask(letter)) != bytes(font.getmask("\uffff")))


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a size of the finished picture."""
    return ImageFont.load_default(size * SCALE)
