"""The piano roll: rows of keys, grid lines, and notes whose height and brightness follow their volume.

`generator.pictures.tune_picture` and `generator.pictures.scope_film` decide where a roll is and what is around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw

from generator.pictures.colours import BLACK_KEYS, WHITE_KEYS
from generator.protocol.canvas import Box, Colour, draw_rectangle
from models.music.score import P1, P2, TR, Grid, Note, Score

THINNEST = 5.0
"""Pixels: the smallest height of a note, which is still a line if the picture is shown at a third of its width."""
LEAST_SEMITONES = 24
"""The pitch axis shows at least two octaves."""
BLACK = {1, 3, 6, 8, 10}
"""Semitones above C of the piano's black keys."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps frames from 0 to `frames`, and pitches from `low` to `high`, to the pixels of a box."""

    box: Box
    frames: int
    low: int
    high: int

    @property
    def row(self) -> float:
        """Pixels a pitch."""
        return (self.box[3] - self.box[1]) / (self.high - self.low + 1)

    @property
    def frame(self) -> float:
        """Pixels a frame."""
        return (self.box[2] - self.box[0]) / self.frames

    def x(self, frame: float) -> float:
        """Return the pixel at which a frame starts."""
        return self.box[0] + frame * self.frame

    def y(self, pitch: float) -> float:
        """Return the pixel at the middle of a pitch's row."""
        return self.box[3] - (pitch - self.low + 0.5) * self.row


def pitch_range(score: Score) -> tuple[int, int]:
    """Return the lowest and highest pitch that a roll shows: those of the tune, and at least two octaves."""
    pitches = [note.pitch for channel in (P1, P2, TR) for note in score.channels[channel]] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    missing = max(0, LEAST_SEMITONES - (high - low + 1))
    return low - missing // 2, high + missing - missing // 2


def draw_keys(draw: ImageDraw.ImageDraw, axis: Axis) -> None:
    """Draw the rows of the pitches, black keys darker."""
    left, _, right, _ = axis.box
    for pitch in range(axis.low, axis.high + 1):
        colour = BLACK_KEYS if pitch % 12 in BLACK else WHITE_KEYS
        draw_rectangle(draw, (left, axis.y(pitch) - axis.row / 2, right, axis.y(pitch) + axis.row / 2), colour)


def counts(grid: Grid, frames: int) -> Iterator[tuple[int, int, int]]:
    """Yield (bar, count, frame) of the notes that the meter counts: quarters in 4/4, eighths in 7/8.

    Both count from 0. Bars before bar 1 have negative numbers.
    """
    first, last = (grid.row_of(frame) // grid.rows_a_bar for frame in (0, max(0, frames - 1)))
    for bar in range(first, last + 1):
        for count in range(grid.upper):
            frame = grid.row(bar * grid.rows_a_bar + count * grid.rows_a_bar // grid.upper)
            if 0 <= frame < frames:
                yield bar, count, frame


def draw_grid_line(draw: ImageDraw.ImageDraw, axes: Iterable[Axis], frame: float, colour: Colour, width: float) -> None:
    """Draw a vertical line at a frame through every axis."""
    for axis in axes:
        x = axis.x(frame)
        draw_rectangle(draw, (x - width / 2, axis.box[1], x + width / 2, axis.box[3]), colour)


def draw_notes(image: Image.Image, axis: Axis, notes: Iterable[Note], colour: Colour) -> Image.Image:
    """Return the image with one channel's notes added. Overlapping channels get lighter, so that none is hidden."""
    layer = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(layer)
    for note in notes:
        y = axis.y(note.pitch)
        times = [offset for offset, _ in note.volume] + [note.length]
        for (begin, end), (_, volume) in zip(pairwise(times), note.volume, strict=True):
            if volume:
                left, right, half = axis.x(note.start + begin), axis.x(note.start + end), _half(axis, volume)
                box = (left, y - half, max(right, left + 1.5), y + half)
                draw_rectangle(draw, box, _shade(colour, 0.45 + 0.55 * _strength(volume)))
        _draw_onset(draw, axis, note, colour)
    return ImageChops.lighter(image, layer)


def _draw_onset(draw: ImageDraw.ImageDraw, axis: Axis, note: Note, colour: Colour) -> None:
    """Draw a bright edge at a note's start if there is room, so that repeated notes stay apart."""
    volume = note.volume[0][1]
    if volume and note.length * axis.frame >= 6:
        x, y, half = axis.x(note.start), axis.y(note.pitch), _half(axis, volume)
        edge = (colour[0] + 255) // 2, (colour[1] + 255) // 2, (colour[2] + 255) // 2
        draw_rectangle(draw, (x, y - half, x + 2, y + half), edge)


def _strength(volume: int) -> float:
    """Return how strongly a volume shows, 0 to 1: soft notes show more than in proportion (Stevens's law)."""
    return float((volume / 15) ** 0.6)


def _half(axis: Axis, volume: int) -> float:
    """Return half the height of a note in pixels; at full volume a note is a little higher than its row."""
    return max(THINNEST / 2, axis.row * (0.2 + 0.4 * _strength(volume)))


def _shade(colour: Colour, strength: float) -> Colour:
    """Return a colour between black and itself."""
    return round(colour[0] * strength), round(colour[1] * strength), round(colour[2] * strength)
