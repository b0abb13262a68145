"""The picture of a tune: its piano roll with title and subtitle, as a PNG to post beside the sound.

Pulses and triangle share one pitch axis that fits their range; noise has a strip of its own with the 16 periods. The
roll itself is drawn by `generator.pictures.piano_roll`; the caller chooses title and subtitle.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from generator.pictures.colours import BAR_LINE, BEAT_LINE, BLACK_KEYS, CHANNEL_COLOURS, LOOP, OCTAVE_LINE
from generator.pictures.piano_roll import Axis, counts, draw_grid_line, draw_keys, draw_notes, pitch_range
from generator.pictures.unisons import draw_pulses
from generator.protocol.canvas import (
    BACKGROUND,
    FAINT_TEXT,
    SCALE,
    TEXT,
    draw_rectangle,
    draw_text,
    fit_text,
    text_width,
)
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Grid, Score

WIDTH, HEIGHT = 1200, 630
"""Pixels: the shape of previews in chats and on the web."""
LEFT, RIGHT, ROLL_TOP, BOTTOM = 92, 1172, 136, 582
BAR_NUMBERS = 32
"""Pixels above the roll if the score has a grid."""
NOISE_HEIGHT, NOISE_GAP = 96, 12
LABEL_SIZE = 27
TITLE_SIZE, SUBTITLE_SIZE = 50, 31
SECOND_MARKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
BAR_MARKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def write_tune_picture(score: Score, path: Path, title: str = "", subtitle: str = "") -> None:
    """Write the score's picture as a PNG of 1200 x 630 pixels. Raise OSError if the path cannot be written."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), BACKGROUND)
    draw = ImageDraw.Draw(image)
    roll, noise = _axes(score)
    _draw_header(draw, score, title, subtitle)
    draw_keys(draw, roll)
    if noise:
        draw_rectangle(draw, noise.box, BLACK_KEYS)
        draw_text(
            draw, (LEFT - 12, (noise.box[1] + noise.box[3]) / 2), "noise", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm"
        )
    axes = [roll, noise] if noise else [roll]
    if score.grid:
        _draw_grid(draw, score.grid, axes)
    _draw_octaves(draw, roll)
    _draw_seconds(draw, axes[-1])
    notes = draw_pulses(Image.new("RGB", image.size), roll, score.channels[P1], score.channels[P2])
    notes = draw_notes(notes, roll, score.channels[TR], CHANNEL_COLOURS[TR])
    if noise:
        notes = draw_notes(notes, noise, score.channels[NO], CHANNEL_COLOURS[NO])
    image.paste(notes, mask=notes.convert("L").point([0] + [255] * 255))
    if score.loop is not None:
        _draw_loop(draw, score.loop, axes)
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(
        path, "PNG"
    )  # optimize=True takes four times as long and saves 7 %


def _axes(score: Score) -> tuple[Axis, Axis | None]:
    """Return the axis of the pitched channels, and that of the noise if there is any."""
    low, high = pitch_range(score)
    frames = max(score.frames, 1)
    top = ROLL_TOP + BAR_NUMBERS if score.grid else ROLL_TOP
    if not score.channels[NO]:
        return Axis((LEFT, top, RIGHT, BOTTOM), frames, low, high), None
    middle = BOTTOM - NOISE_HEIGHT
    noise = Axis((LEFT, middle, RIGHT, BOTTOM), frames, CHANNELS[NO].lowest, CHANNELS[NO].highest)
    return Axis((LEFT, top, RIGHT, middle - NOISE_GAP), frames, low, high), noise


def _draw_header(draw: ImageDraw.ImageDraw, score: Score, title: str, subtitle: str) -> None:
    """Draw title, subtitle, and a legend of the channels that play."""
    left = 28
    draw_text(draw, (left, 46), fit_text(title, TITLE_SIZE, RIGHT - left), TITLE_SIZE, colour=TEXT, anchor="lm")
    x = float(RIGHT)
    for channel in reversed(range(len(CHANNELS))):
        if not score.channels[channel]:
            continue
        name = CHANNELS[channel].title
        x -= text_width(name, LABEL_SIZE)
        draw_text(draw, (x, 102), name, LABEL_SIZE, colour=CHANNEL_COLOURS[channel], anchor="lm")
        x -= 30
        draw_rectangle(draw, (x, 92, x + 20, 112), CHANNEL_COLOURS[channel])
        x -= 24
    draw_text(
        draw, (left, 102), fit_text(subtitle, SUBTITLE_SIZE, x - left), SUBTITLE_SIZE, colour=FAINT_TEXT, anchor="lm"
    )


def _draw_octaves(draw: ImageDraw.ImageDraw, axis: Axis) -> None:
    """Draw a line below each C, with its name; C4 is MIDI note 60."""
    left, top, right, _ = axis.box
    for pitch in range(axis.low, axis.high + 1):
        if pitch % 12 == 0:
            y = axis.y(pitch) + axis.row / 2
            draw_rectangle(draw, (left, y - 0.75, right, y + 0.75), OCTAVE_LINE)
            y = max(axis.y(pitch), top + LABEL_SIZE / 2)
            draw_text(draw, (left - 12, y), f"C{pitch // 12 - 1}", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm")


NARROWEST_BAR = 36
"""Pixels of an incomplete last bar that is still marked and numbered; numbers of narrower ones would leave the
picture."""


def _draw_grid(draw: ImageDraw.ImageDraw, grid: Grid, axes: list[Axis]) -> None:
    """Draw bar lines with their numbers above, and beat lines if there is room."""
    axis = axes[0]
    bar = axis.frame * grid.bar_frames
    interval = next((n for n in BAR_MARKS if n * bar >= 72), BAR_MARKS[-1])
    for bars, count, frame in counts(grid, axis.frames):
        if count == 0 and bars % interval == 0 and (axis.frames - frame) * axis.frame >= NARROWEST_BAR:
            draw_grid_line(draw, axes, frame, BAR_LINE, 1.5)
            draw_text(
                draw, (axis.x(frame) + 3, axis.box[1] - 8), str(bars + 1), LABEL_SIZE, colour=FAINT_TEXT, anchor="ls"
            )
        elif count == 0 and bar >= 9:
            draw_grid_line(draw, axes, frame, BAR_LINE, 1)
        elif bar / grid.upper >= 9:
            draw_grid_line(draw, axes, frame, BEAT_LINE, 1)


def _draw_seconds(draw: ImageDraw.ImageDraw, axis: Axis) -> None:
    """Draw time marks below the lowest axis."""
    second = axis.frame * FRAMES_PER_SECOND
    interval = next((s for s in SECOND_MARKS if s * second >= 120), SECOND_MARKS[-1])
    bottom = axis.box[3]
    for i in range(int(axis.frames / FRAMES_PER_SECOND / interval + 1e-9) + 1):
        x = axis.box[0] + i * interval * second
        draw_rectangle(draw, (x - 0.75, bottom, x + 0.75, bottom + 7), FAINT_TEXT)
        clock = _clock(i * interval)
        x = min(x, WIDTH - 8 - text_width(clock, LABEL_SIZE) / 2)
        draw_text(draw, (x, bottom + 25), clock, LABEL_SIZE, colour=FAINT_TEXT, anchor="mm")


def _clock(seconds: float) -> str:
    """Return a time as minutes and seconds, with tenths if there are any."""
    minutes, rest = divmod(round(seconds * 10), 600)
    tenths = f".{rest % 10}" if rest % 10 else ""
    return f"{minutes}:{rest // 10:02d}{tenths}"


def _draw_loop(draw: ImageDraw.ImageDraw, frame: int, axes: list[Axis]) -> None:
    """Draw the loop point: a line, and a flag that points to the part that repeats."""
    draw_grid_line(draw, axes, frame, LOOP, 2)
    x, y = axes[0].x(frame), axes[0].box[1]
    corners = [(x, y), (x + 15, y + 9), (x, y + 18)]
    draw.polygon([(a * SCALE, b * SCALE) for a, b in corners], fill=LOOP)
