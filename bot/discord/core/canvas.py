"""A canvas for the pictures of the Discord side, and the check that the font can show a language's letters."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from bot.languages import NATIVE, current_language, say
from generator.protocol.canvas import (
    BACKGROUND,
    BLUE,
    FAINT_TEXT,
    ORANGE,
    SCALE,
    Box,
    Colour,
    draw_rectangle,
    draw_text,
    fit_text,
    has_glyph,
    printable,
)
from generator.protocol.i18n import _

WIDTH = 1000
HEADING_SIZE, TEXT_SIZE, SMALL_SIZE = 36.0, 27.0, 22.0
SURE: Colour = BLUE
POSSIBLE: Colour = ORANGE
NO_LETTERS = _("(title below)")
"""Drawn instead of a title in a script that the font lacks."""


class Canvas:
    """A picture to draw on, `WIDTH` pixels wide."""

    def __init__(self, height: int) -> None:
        self._image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACKGROUND)
        self._draw = ImageDraw.Draw(self._image)

    def rectangle(self, box: Box, colour: Colour) -> None:
        """Fill a box."""
        draw_rectangle(self._draw, box, colour)

    def text(
        self, at: tuple[float, float], text: str, size: float, *, colour: Colour = FAINT_TEXT, anchor: str = "lm"
    ) -> None:
        """Draw one line of text. anchor: Pillow's; the default is the middle of the left edge."""
        draw_text(self._draw, at, text, size, colour=colour, anchor=anchor)

    def png(self) -> bytes:
        """Return the finished picture as a PNG file."""
        data = io.BytesIO()
        self._image.reduce(SCALE).save(data, "PNG")
        return data.getvalue()


def legible_language(*texts: str) -> str:
    """Return the language in use, or English if the font lacks a letter of these texts in that language."""
    return current_language() if all(map(has_glyph, "".join(map(say, texts)))) else NATIVE


def fit_title(title: str, size: float, width: float) -> str:
    """Return what the font can show of a title within `width`; the message has the whole title."""
    return fit_text(printable(title) or say(NO_LETTERS), size, width)
