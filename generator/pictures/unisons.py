"""The two pulses of a piano roll. Where both play the same pitch, their colours alternate in stripes.

Everywhere else channels that overlap get lighter, which for the two pulses would give nearly the colour of the noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image, ImageChops, ImageDraw

from generator.pictures.colours import CHANNEL_COLOURS
from generator.pictures.piano_roll import Axis, draw_notes
from generator.protocol.canvas import draw_rectangle
from models.music.score import P1, P2, Note

STRIPE = 5.0
"""Pixels of one colour. A short passage has two stripes."""

WHITE = (255, 255, 255)

Passage = tuple[int, int, int]
"""(first frame, frame after the last, pitch)."""


def unison_passages(first: Sequence[Note], second: Sequence[Note]) -> Iterator[Passage]:
    """Yield the passages in which two channels play the same pitch. Neither may have overlapping notes."""
    i = j = 0
    while i < len(first) and j < len(second):
        one, other = first[i], second[j]
        start, end = max(one.start, other.start), min(one.end, other.end)
        if start < end and one.pitch == other.pitch:
            yield start, end, one.pitch
        if one.end <= other.end:
            i += 1
        else:
            j += 1


def draw_pulses(image: Image.Image, axis: Axis, first: Sequence[Note], second: Sequence[Note]) -> Image.Image:
    """Return the image with the notes of both pulses added."""
    passages = list(unison_passages(first, second))
    both = draw_notes(draw_notes(image, axis, first, CHANNEL_COLOURS[P1]), axis, second, CHANNEL_COLOURS[P2])
    if not passages:
        return both
    for channel, notes in ((P1, first), (P2, second)):
        stripes = Image.new("RGB", image.size)
        draw = ImageDraw.Draw(stripes)
        for passage in passages:
            _draw_stripes(draw, axis, passage, channel)
        alone = draw_notes(Image.new("RGB", image.size), axis, notes, CHANNEL_COLOURS[channel])
        both.paste(ImageChops.lighter(image, alone), mask=stripes.convert("L"))
    return both


def _draw_stripes(draw: ImageDraw.ImageDraw, axis: Axis, passage: Passage, channel: int) -> None:
    """Draw every other stripe of a passage, those of pulse 1 or of pulse 2."""
    start, end, pitch = passage
    left, right = axis.x(start), axis.x(end)
    width = min(STRIPE, (right - left) / 2)
    top, bottom = axis.y(pitch) - axis.row, axis.y(pitch) + axis.row
    count = round((right - left) / width)
    for number in range(channel, count, 2):
        edge = right if number == count - 1 else left + (number + 1) * width
        draw_rectangle(draw, (left + number * width, top, edge, bottom), WHITE)
