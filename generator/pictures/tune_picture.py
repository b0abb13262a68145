"""The picture of a tune: its score as a piano roll, one PNG to post beside the sound.

Pulses and triangle share one pitch axis fitted to what is used, noise has a strip of its own with the 16 periods. A
note's height and brightness follow its volume. Everything is drawn `SCALE` times too large and then reduced. The roll
itself is `generator.pictures.piano_roll`'s; what the title and subtitle say is left to the caller.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from generator.pen import (
    BAR_LINE,
    BEAT_LINE,
    BLACK_KEYS,
    COLOURS,
    FAINT_TEXT,
    GROUND,
    LABEL_SIZE,
    LOOP,
    OCTAVE_LINE,
    SCALE,
    TEXT,
    fitted,
    rectangle,
    text_width,
    write,
)
from generator.pictures.piano_roll import Axis, beats, draw_keys, grid_lines, pitch_range, with_notes
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Grid, Score

WIDTH, HEIGHT = 1200, 630
"""Pixels: the shape of previews in chats and on the web."""
LEFT, RIGHT, ROLL_TOP, BOTTOM = 92, 1172, 136, 582
BAR_NUMBERS = 32
"""Pixels above the roll, where the score has a grid."""
NOISE_HEIGHT, NOISE_GAP = 96, 12
TITLE_SIZE, SUBTITLE_SIZE = 50, 31
SECOND_MARKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
BAR_MARKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def draw(score: Score, path: Path, title: str = "", subtitle: str = "") -> None:
    """Write the score's picture as a PNG of 1200 x 630 pixels; raises OSError where the path cannot be written."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), GROUND)
    pen = ImageDraw.Draw(image)
    roll, noise = _axes(score)
    _draw_header(pen, score, title, subtitle)
    draw_keys(pen, roll)
    if noise:
        rectangle(pen, noise.box, BLACK_KEYS)
        write(pen, (LEFT - 12, (noise.box[1] + noise.box[3]) / 2), "noise", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm")
    axes = [roll, noise] if noise else [roll]
    if score.grid:
        _draw_grid(pen, score.grid, axes)
    _draw_octaves(pen, roll)
    _draw_seconds(pen, axes[-1])
    notes = Image.new("RGB", image.size)
    for channel in (P1, P2, TR):
        notes = with_notes(notes, roll, score.channels[channel], COLOURS[channel])
    if noise:
        notes = with_notes(notes, noise, score.channels[NO], COLOURS[NO])
    image.paste(notes, mask=notes.convert("L").point([0] + [255] * 255))
    if score.loop is not None:
        _draw_loop(pen, score.loop, axes)
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(path, "PNG", optimize=True)


def _axes(score: Score) -> tuple[Axis, Axis | None]:
    """The axis of the pitched channels, and that of the noise where there is any."""
    low, high = pitch_range(score)
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
    write(pen, (left, 46), fitted(title, TITLE_SIZE, RIGHT - left), TITLE_SIZE, colour=TEXT, anchor="lm")
    x = float(RIGHT)
    for channel in reversed(range(len(CHANNELS))):
        if not score.channels[channel]:
            continue
        name = CHANNELS[channel].title
        x -= text_width(name, LABEL_SIZE)
        write(pen, (x, 102), name, LABEL_SIZE, colour=COLOURS[channel], anchor="lm")
        x -= 30
        rectangle(pen, (x, 92, x + 20, 112), COLOURS[channel])
        x -= 24
    write(pen, (left, 102), fitted(subtitle, SUBTITLE_SIZE, x - left), SUBTITLE_SIZE, colour=FAINT_TEXT, anchor="lm")


def _draw_octaves(pen: ImageDraw.ImageDraw, axis: Axis) -> None:
    """A line below each C and its name, C4 being MIDI note 60."""
    left, top, right, _ = axis.box
    for pitch in range(axis.low, axis.high + 1):
        if pitch % 12 == 0:
            y = axis.y(pitch) + axis.row / 2
            rectangle(pen, (left, y - 0.75, right, y + 0.75), OCTAVE_LINE)
            y = max(axis.y(pitch), top + LABEL_SIZE / 2)
            write(pen, (left - 12, y), f"C{pitch // 12 - 1}", LABEL_SIZE, colour=FAINT_TEXT, anchor="rm")


NARROWEST_BAR = 36
"""Pixels of a last, broken bar that are still marked and numbered; the rest would run out of the picture."""


def _draw_grid(pen: ImageDraw.ImageDraw, grid: Grid, axes: list[Axis]) -> None:
    """Bar lines with their numbers above, and beat lines where there is room."""
    axis = axes[0]
    beat = axis.frame * grid.beat_frames
    bar = beat * grid.beats_a_bar
    every = next((n for n in BAR_MARKS if n * bar >= 72), BAR_MARKS[-1])
    for number, frame in beats(grid, axis.frames):
        bars, rest = divmod(number, grid.beats_a_bar)
        if rest == 0 and bars % every == 0 and (axis.frames - frame) * axis.frame >= NARROWEST_BAR:
            grid_lines(pen, axes, frame, BAR_LINE, 1.5)
            write(pen, (axis.x(frame) + 3, axis.box[1] - 8), str(bars + 1), LABEL_SIZE, colour=FAINT_TEXT, anchor="ls")
        elif rest == 0 and bar >= 9:
            grid_lines(pen, axes, frame, BAR_LINE, 1)
        elif beat >= 9:
            grid_lines(pen, axes, frame, BEAT_LINE, 1)


def _draw_seconds(pen: ImageDraw.ImageDraw, axis: Axis) -> None:
    """Time marks below the lowest axis."""
    second = axis.frame * FRAMES_PER_SECOND
    every = next((s for s in SECOND_MARKS if s * second >= 120), SECOND_MARKS[-1])
    bottom = axis.box[3]
    for i in range(int(axis.frames / FRAMES_PER_SECOND / every + 1e-9) + 1):
        x = axis.box[0] + i * every * second
        rectangle(pen, (x - 0.75, bottom, x + 0.75, bottom + 7), FAINT_TEXT)
        clock = _clock(i * every)
        x = min(x, WIDTH - 8 - text_width(clock, LABEL_SIZE) / 2)
        write(pen, (x, bottom + 25), clock, LABEL_SIZE, colour=FAINT_TEXT, anchor="mm")


def _clock(seconds: float) -> str:
    """A time as minutes and seconds, with tenths where there are any."""
    minutes, rest = divmod(round(seconds * 10), 600)
    tenths = f".{rest % 10}" if rest % 10 else ""
    return f"{minutes}:{rest // 10:02d}{tenths}"


def _draw_loop(pen: ImageDraw.ImageDraw, frame: int, axes: list[Axis]) -> None:
    """The loop point: a line and a flag that points to what is played again."""
    grid_lines(pen, axes, frame, LOOP, 2)
    x, y = axes[0].x(frame), axes[0].box[1]
    corners = [(x, y), (x + 15, y + 9), (x, y + 18)]
    pen.polygon([(a * SCALE, b * SCALE) for a, b in corners], fill=LOOP)
