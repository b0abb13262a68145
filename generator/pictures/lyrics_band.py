"""The words of a tune as a film shows them: the present line, with the sung syllables brighter than the others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generator.protocol.canvas import BACKGROUND, FAINT_TEXT, SCALE, TEXT, draw_text, printable, text_width
from models.music.score import FRAMES_PER_SECOND, Lyric

HEIGHT = 44
"""Pixels, an even number as films need it."""
SIZE = 24
EARLY = FRAMES_PER_SECOND
"""Frames before its first syllable at which a line appears, unless the one before is still sung."""
LINGER = 3 * FRAMES_PER_SECOND
"""Frames for which a line stays after its last syllable."""


@dataclass(frozen=True, slots=True)
class Line:
    """Syllables that are shown together. starts: their frames."""

    starts: tuple[int, ...]
    syllables: tuple[str, ...]


def lines_of(lyrics: Sequence[Lyric]) -> list[Line]:
    """Return the lines that the font can show."""
    lines: list[list[tuple[int, str]]] = []
    for frame, text in lyrics:
        if text.startswith("\n") or not lines:
            lines.append([])
        words = text.strip("\n")
        shown = printable(f"|{words}|")[1:-1]  # with the spaces around it
        if shown:
            lines[-1].append((frame, shown))
    return [Line(tuple(frame for frame, _ in line), tuple(text for _, text in line)) for line in lines if line]


class LyricsBand:
    """Draws the words of one tune, `width` pixels wide."""

    def __init__(self, lyrics: Sequence[Lyric], width: int) -> None:
        self._lines = lines_of(lyrics)
        self._begins = [line.starts[0] for line in self._lines]
        self._width = width
        self._drawn = lru_cache(maxsize=2)(self._draw)

    def at(self, frame: int) -> NDArray[np.uint8]:
        """Return the band at a frame of the score, shape (HEIGHT, width, 3)."""
        number = bisect_right(self._begins, frame) - 1
        following = number + 1
        waits = number < 0 or frame > self._lines[number].starts[-1] + EARLY
        if following < len(self._lines) and waits and frame >= self._begins[following] - EARLY:
            number = following
        if number < 0 or frame > self._lines[number].starts[-1] + LINGER:
            return self._drawn(-1, 0)
        return self._drawn(number, bisect_right(self._lines[number].starts, frame))

    def _draw(self, number: int, sung: int) -> NDArray[np.uint8]:
        """Return a line, of which some syllables have been sung. number: of the line, -1 for none."""
        image = Image.new("RGB", (self._width * SCALE, HEIGHT * SCALE), BACKGROUND)
        if number >= 0:
            draw = ImageDraw.Draw(image)
            syllables = self._lines[number].syllables
            whole = "".join(syllables)
            size = min(SIZE, int(SIZE * 0.96 * self._width / max(1.0, text_width(whole, SIZE))))
            left = (self._width - text_width(whole, size)) / 2
            for text, colour in ((whole, FAINT_TEXT), ("".join(syllables[:sung]), TEXT)):
                draw_text(draw, (left, HEIGHT / 2), text, size, colour=colour, anchor="lm")
        return np.array(image.resize((self._width, HEIGHT), Image.Resampling.BOX))
