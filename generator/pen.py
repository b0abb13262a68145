"""What pictures are drawn with: the colours, boxes and lines of text, `SCALE` times too large for smooth edges."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageDraw, ImageFont

SCALE = 2

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the finished picture."""

COLOURS: tuple[Colour, ...] = ((255, 170, 20), (86, 180, 255), (30, 205, 150), (214, 160, 205))
"""Pulse 1, pulse 2, triangle, noise: after Okabe and Ito's palette for every kind of colour vision."""
GROUND: Colour = (17, 18, 30)
WHITE_KEYS: Colour = (28, 30, 48)
BLACK_KEYS: Colour = (22, 24, 39)
BEAT_LINE: Colour = (41, 44, 68)
OCTAVE_LINE: Colour = (58, 62, 92)
BAR_LINE: Colour = (78, 83, 122)
TEXT: Colour = (240, 241, 248)
FAINT_TEXT: Colour = (166, 171, 200)
LOOP: Colour = (240, 228, 66)
LONGEST_TEXT = 200
"""Letters of a title that are looked at."""
_STAND_INS = dict.fromkeys("‐‑‒–—―−", "-") | {"♯": "#", "♭": "b", "Ł": "L", "ł": "l", "Ø": "O", "ø": "o"}
LABEL_SIZE = 27


def rectangle(pen: ImageDraw.ImageDraw, box: Box, colour: Colour) -> None:
    """A filled box; at least one pixel of the large picture."""
    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=colour)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, in the large picture's pixels."""
    return ImageFont.load_default(size * SCALE)


def write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, *, colour: Colour, anchor: str
) -> None:
    """One line of text; the anchor is Pillow's."""
    pen.text((at[0] * SCALE, at[1] * SCALE), _plain(text), fill=colour, font=_font(size), anchor=anchor)


def text_width(text: str, size: float) -> float:
    """Pixels that a line takes."""
    return _font(size).getlength(_plain(text)) / SCALE


def _plain(text: str) -> str:
    """One line of what the font can draw: accents and ligatures resolved where it lacks them, the rest left out."""
    return " ".join("".join(_drawable(letter) for letter in text[:LONGEST_TEXT]).split())


@cache
def _drawable(letter: str) -> str:
    """A letter, or what stands for it in the font; a space for what cannot be printed."""
    if letter in _STAND_INS:
        return _STAND_INS[letter]
    if not letter.isprintable():
        return " "
    for spelling in (letter, unicodedata.normalize("NFKD", letter), letter.casefold()):
        known = "".join(c for c in spelling if _has_glyph(c))
        if known:
            return known
    return ""


def _has_glyph(letter: str) -> bool:
    """Whether Pillow's own font has a letter: what it lacks looks like a character that no font may have."""
    font = ImageFont.load_default(LABEL_SIZE)
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


def fitted(text: str, size: float, room: float) -> str:
    """The text, cut at its end where it is wider than the room."""
    text = _plain(text)
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
