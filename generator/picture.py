"""The picture of a tune: its score as a piano roll, one PNG to post beside the sound.

Pulses and triangle share one pitch axis fitted to what is used, noise has a strip of its own with the 16 periods. A
note's height and brightness follow its volume. Everything is drawn `SCALE` times too large and then reduced. What the
title and subtitle say is left to the caller.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from models.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Grid, Note, Score

WIDTH, HEIGHT = 1200, 630
"""Pixels: the shape of previews in chats and on the web."""
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

LEFT, RIGHT, ROLL_TOP, BOTTOM = 92, 1172, 136, 582
BAR_NUMBERS = 32
"""Pixels above the roll, where the score has a grid."""
NOISE_HEIGHT, NOISE_GAP = 96, 12
TITLE_SIZE, SUBTITLE_SIZE, LABEL_SIZE = 50, 31, 27
LEAST_SEMITONES = 24
"""The pitch axis shows two octaves or more."""
SECOND_MARKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
BAR_MARKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
LONGEST_TEXT = 200
"""Letters of a title that are looked at."""
_STAND_INS = dict.fromkeys("‐‑‒–—―−", "-") | {"♯": "#", "♭": "b", "Ł": "L", "ł": "l", "Ø": "O", "ø": "o"}
BLACK = {1, 3, 6, 8, 10}
"""Semitones above C of the piano's black keys."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where frames and pitches lie: a box that shows the frames from 0 on and the pitches `low` to `high`."""

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
        """The pixel at which a frame begins."""
        return self.box[0] + frame * self.frame

    def y(self, pitch: float) -> float:
        """The pixel at the middle of a pitch's row."""
        return self.box[3] - (pitch - self.low + 0.5) * self.row


def draw(score: Score, path: Path, title: str = "", subtitle: str = "") -> None:
    """Write the score's picture as a PNG of 1200 x 630 pixels; raises OSError where the path cannot be written."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), GROUND)
    pen = ImageDraw.Draw(image)
    roll, noise = _axes(score)
    _draw_header(pen, score, title, subtitle)
    _draw_keys(pen, roll)
    if noise:
        _rectangle(pen, noise.box, BLACK_KEYS)
        _text(pen, (LEFT - 12, (noise.box[1] + noise.box[3]) / 2), "noise", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm")
    axes = [roll, noise] if noise else [roll]
    if score.grid:
        _draw_grid(pen, score.grid, axes)
    _draw_octaves(pen, roll)
    _draw_seconds(pen, axes[-1])
    notes = Image.new("RGB", image.size)
    for channel in (P1, P2, TR):
        notes = _with_notes(notes, roll, score.channels[channel], COLOURS[channel])
    if noise:
        notes = _with_notes(notes, noise, score.channels[NO], COLOURS[NO])
    image.paste(notes, mask=notes.convert("L").point([0] + [255] * 255))
    if score.loop is not None:
        _draw_loop(pen, score.loop, axes)
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(path, "PNG", optimize=True)


def _axes(score: Score) -> tuple[Axis, Axis | None]:
    """The axis of the pitched channels, and that of the noise where there is any."""
    pitches = [note.pitch for channel in (P1, P2, TR) for note in score.channels[channel]] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    missing = max(0, LEAST_SEMITONES - (high - low + 1))
    low, high = low - missing // 2, high + missing - missing // 2
    frames = max(score.frames, 1)
    top = ROLL_TOP + BAR_NUMBERS if score.grid else ROLL_TOP
    if not score.channels[NO]:
        return Axis((LEFT, top, RIGHT, BOTTOM), frames, low, high), None
    middle = BOTTOM - NOISE_HEIGHT
    noise = Axis((LEFT, middle, RIGHT, BOTTOM), frames, CHANNELS[NO].lowest, CHANNELS[NO].highest)
    return Axis((LEFT, top, RIGHT, middle - NOISE_GAP), frames, low, high), noise


def _draw_header(pen: ImageDraw.ImageDraw, score: Score, title: str, subtitle: str) -> None:
    """Title, subtitle, and a legend of the channels that play."""
    left = 28
    _text(pen, (left, 46), _fitted(title, TITLE_SIZE, RIGHT - left), TITLE_SIZE, colour=TEXT, anchor="lm")
    x = float(RIGHT)
    for channel in reversed(range(len(CHANNELS))):
        if not score.channels[channel]:
            continue
        name = CHANNELS[channel].title
        x -= _width(name, LABEL_SIZE)
        _text(pen, (x, 102), name, LABEL_SIZE, colour=COLOURS[channel], anchor="lm")
        x -= 30
        _rectangle(pen, (x, 92, x + 20, 112), COLOURS[channel])
        x -= 24
    _text(pen, (left, 102), _fitted(subtitle, SUBTITLE_SIZE, x - left), SUBTITLE_SIZE, colour=FAINT_TEXT, anchor="lm")


def _draw_keys(pen: ImageDraw.ImageDraw, axis: Axis) -> None:
    """The rows of the pitches, black keys darker."""
    left, _, right, _ = axis.box
    for pitch in range(axis.low, axis.high + 1):
        colour = BLACK_KEYS if pitch % 12 in BLACK else WHITE_KEYS
        _rectangle(pen, (left, axis.y(pitch) - axis.row / 2, right, axis.y(pitch) + axis.row / 2), colour)


def _draw_octaves(pen: ImageDraw.ImageDraw, axis: Axis) -> None:
    """A line below each C and its name, C4 being MIDI note 60."""
    left, top, right, _ = axis.box
    for pitch in range(axis.low, axis.high + 1):
        if pitch % 12 == 0:
            y = axis.y(pitch) + axis.row / 2
            _rectangle(pen, (left, y - 0.75, right, y + 0.75), OCTAVE_LINE)
            y = max(axis.y(pitch), top + LABEL_SIZE / 2)
            _text(pen, (left - 12, y), f"C{pitch // 12 - 1}", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm")


NARROWEST_BAR = 36
"""Pixels of a last, broken bar that are still marked and numbered; the rest would run out of the picture."""


def _draw_grid(pen: ImageDraw.ImageDraw, grid: Grid, axes: list[Axis]) -> None:
    """Bar lines with their numbers above, and beat lines where there is room."""
    axis = axes[0]
    beat = axis.frame * grid.beat_frames
    bar = beat * grid.beats_a_bar
    every = next((n for n in BAR_MARKS if n * bar >= 72), BAR_MARKS[-1])
    for number, frame in _beats(grid, axis.frames):
        bars, rest = divmod(number, grid.beats_a_bar)
        if rest == 0 and bars % every == 0 and (axis.frames - frame) * axis.frame >= NARROWEST_BAR:
            _lines(pen, axes, frame, BAR_LINE, 1.5)
            _text(pen, (axis.x(frame) + 3, axis.box[1] - 8), str(bars + 1), LABEL_SIZE, colour=FAINT_TEXT, anchor="ls")
        elif rest == 0 and bar >= 9:
            _lines(pen, axes, frame, BAR_LINE, 1)
        elif beat >= 9:
            _lines(pen, axes, frame, BEAT_LINE, 1)


def _beats(grid: Grid, frames: int) -> Iterator[tuple[int, int]]:
    """(number, frame) of the beats from bar 1 on that lie in the score; those before it have numbers below 0."""
    row = grid.row_of(0)
    number = -(-row // grid.rows_a_beat)
    while (frame := grid.row(number * grid.rows_a_beat)) < frames:
        if frame >= 0:
            yield number, frame
        number += 1


def _lines(pen: ImageDraw.ImageDraw, axes: Iterable[Axis], frame: float, colour: Colour, width: float) -> None:
    """A vertical line at a frame through every axis."""
    for axis in axes:
        x = axis.x(frame)
        _rectangle(pen, (x - width / 2, axis.box[1], x + width / 2, axis.box[3]), colour)


def _draw_seconds(pen: ImageDraw.ImageDraw, axis: Axis) -> None:
    """Time marks below the lowest axis."""
    second = axis.frame * FRAMES_PER_SECOND
    every = next((s for s in SECOND_MARKS if s * second >= 120), SECOND_MARKS[-1])
    bottom = axis.box[3]
    for i in range(int(axis.frames / FRAMES_PER_SECOND / every + 1e-9) + 1):
        x = axis.box[0] + i * every * second
        _rectangle(pen, (x - 0.75, bottom, x + 0.75, bottom + 7), FAINT_TEXT)
        text = _clock(i * every)
        x = min(x, WIDTH - 8 - _width(text, LABEL_SIZE) / 2)
        _text(pen, (x, bottom + 25), text, LABEL_SIZE, colour=FAINT_TEXT, anchor="mm")


def _clock(seconds: float) -> str:
    """A time as minutes and seconds, with tenths where there are any."""
    minutes, rest = divmod(round(seconds * 10), 600)
    tenths = f".{rest % 10}" if rest % 10 else ""
    return f"{minutes}:{rest // 10:02d}{tenths}"


def _draw_loop(pen: ImageDraw.ImageDraw, frame: int, axes: list[Axis]) -> None:
    """The loop point: a line and a flag that points to what is played again."""
    _lines(pen, axes, frame, LOOP, 2)
    x, y = axes[0].x(frame), axes[0].box[1]
    corners = [(x, y), (x + 15, y + 9), (x, y + 18)]
    pen.polygon([(a * SCALE, b * SCALE) for a, b in corners], fill=LOOP)


def _with_notes(image: Image.Image, axis: Axis, notes: Iterable[Note], colour: Colour) -> Image.Image:
    """The notes so far with one channel's; channels that meet lighten each other, so that none is hidden."""
    layer = Image.new("RGB", image.size)
    pen = ImageDraw.Draw(layer)
    for note in notes:
        y = axis.y(note.pitch)
        times = [offset for offset, _ in note.volume] + [note.length]
        for (begin, end), (_, volume) in zip(pairwise(times), note.volume, strict=True):
            if volume:
                left, right, half = axis.x(note.start + begin), axis.x(note.start + end), _half(axis, volume)
                box = (left, y - half, max(right, left + 1.5), y + half)
                _rectangle(pen, box, _shade(colour, 0.35 + 0.65 * _strength(volume)))
        _draw_onset(pen, axis, note, colour)
    return ImageChops.lighter(image, layer)


def _draw_onset(pen: ImageDraw.ImageDraw, axis: Axis, note: Note, colour: Colour) -> None:
    """A bright edge where a note begins, if there is room: notes of one pitch stay apart."""
    volume = note.volume[0][1]
    if volume and note.length * axis.frame >= 6:
        x, y, half = axis.x(note.start), axis.y(note.pitch), _half(axis, volume)
        edge = (colour[0] + 255) // 2, (colour[1] + 255) // 2, (colour[2] + 255) // 2
        _rectangle(pen, (x, y - half, x + 2, y + half), edge)


def _strength(volume: int) -> float:
    """How strongly a volume shows, 0 to 1: soft ones more than in proportion, as they are heard (Stevens's law)."""
    return float((volume / 15) ** 0.6)


def _half(axis: Axis, volume: int) -> float:
    """Half the height of a note, in pixels: at full volume a little more than its row."""
    return max(1.5, axis.row * (0.2 + 0.4 * _strength(volume)))


def _shade(colour: Colour, strength: float) -> Colour:
    """A colour between black and itself."""
    return round(colour[0] * strength), round(colour[1] * strength), round(colour[2] * strength)


def _rectangle(pen: ImageDraw.ImageDraw, box: Box, colour: Colour) -> None:
    """A filled box; at least one pixel of the large picture."""
    left, top, right, bottom = (round(edge * SCALE) for edge in box)
    pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=colour)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, in the large picture's pixels."""
    return ImageFont.load_default(size * SCALE)


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, *, colour: Colour, anchor: str
) -> None:
    """One line of text; the anchor is Pillow's."""
    pen.text((at[0] * SCALE, at[1] * SCALE), _plain(text), fill=colour, font=_font(size), anchor=anchor)


def _width(text: str, size: float) -> float:
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


def _fitted(text: str, size: float, room: float) -> str:
    """The text, cut at its end where it is wider than the room."""
    text = _plain(text)
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
