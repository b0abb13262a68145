"""A film of a tune: an oscilloscope for each channel above a scrolling piano roll, small enough to post.

The frames are drawn here and piped to ffmpeg, which encodes them as H.264 and AAC. The sound comes from
`generator.sound.stems`, the roll from `generator.pictures.piano_roll`, the scopes from
`generator.pictures.oscilloscope`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generator.pictures.colours import BAR_LINE, BEAT_LINE, BLACK_KEYS, CHANNEL_COLOURS, OCTAVE_LINE
from generator.pictures.lyrics_band import HEIGHT as LYRICS_HEIGHT
from generator.pictures.lyrics_band import LyricsBand
from generator.pictures.oscilloscope import palette, trace, trigger
from generator.pictures.piano_roll import Axis, counts, draw_grid_line, draw_keys, draw_notes, pitch_range
from generator.pictures.unisons import draw_pulses
from generator.protocol.canvas import (
    BACKGROUND,
    FAINT_TEXT,
    SCALE,
    TEXT,
    Colour,
    draw_rectangle,
    draw_text,
    fit_text,
    text_width,
)
from generator.protocol.names import SOUNDS
from generator.protocol.system.confinement import FILM_LIMITS, confined
from generator.sound.fluidsynth_audio import SAMPLE_RATE, RenderError, write_samples
from generator.sound.stems import render_stems
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Score

WIDTH, HEIGHT, FPS = 960, 540, 30
HEADER = 50
SCOPE_TOP, SCOPE_BOTTOM, SCOPE_GAP = 56, 180, 12
ROLL_TOP, ROLL_BOTTOM, NOISE_TOP, NOISE_BOTTOM = 192, 440, 450, 518
PROGRESS = 6
"""Pixels: the height of the progress bar at the bottom."""
PLAYHEAD = 320
"""Pixels from the left edge to the moment that is playing."""
STEP = 5
"""Pixels that the roll moves a frame: a whole number, so that nothing shimmers."""
TILE_FRAMES = WIDTH * FRAMES_PER_SECOND // (STEP * FPS)
"""Frames of the score in one picture's width."""
WINDOW = 882
"""Samples that a scope shows: 20 ms."""
REACH = 800
"""Samples on either side in which the trigger searches: a whole period of the lowest notes that tunes have."""
HIGHEST = 0.86
"""The share of a scope's height that its loudest moment takes."""

MOST_BYTES = 7_200_000
"""The size that bit rates are chosen for, up to about eight minutes; Discord accepts 10 MB."""
SOUND_BITS, FEWEST_BITS, MOST_BITS = 96_000, 24_000, 480_000
"""Bits a second of the sound, and the least and the most of the picture."""
TIMEOUT = 1200
"""Seconds of processor time for ffmpeg. Ten minutes of music take a tenth of it."""

Picture = NDArray[np.uint8]
"""Shape (height, width, 3)."""


def write_scope_film(
    score: Score,
    title: str,
    path: Path,
    sound: str = SOUNDS[0],
    report: Callable[[float], None] = lambda _: None,
) -> None:
    """Write the tune, played once, as MP4.

    sound: what plays it. report: is called with the share that is drawn, 0 to 1, once a second of music. Raise
    FaultError if a program fails.
    """
    channel_sounds = render_stems(score, sound)
    with tempfile.TemporaryDirectory() as folder:
        mix, log = Path(folder) / "mix.wav", Path(folder) / "ffmpeg.log"
        write_samples(channel_sounds.sum(axis=0, dtype=np.int16), SAMPLE_RATE, mix)
        with log.open("wb") as errors:
            try:
                command = confined(_command(mix, path, score), FILM_LIMITS)
                ffmpeg = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
            except FileNotFoundError as error:
                raise RenderError("ffmpeg is not installed: install it (Debian: apt install ffmpeg)") from error
            with ffmpeg:
                _feed(ffmpeg, _reported(frames(score, title, channel_sounds), score.seconds, report))
        if ffmpeg.returncode:
            output = " ".join(log.read_text(errors="replace").split())[-300:]
            raise RenderError(f"ffmpeg could not write {path.name}: {output}")


def _feed(ffmpeg: subprocess.Popen[bytes], pictures: Iterator[Picture]) -> None:
    """Pipe the pictures to ffmpeg. If it ends early, its exit code tells why, not the broken pipe."""
    if ffmpeg.stdin is None:
        return
    try:
        for picture in pictures:
            ffmpeg.stdin.write(picture.tobytes())
        ffmpeg.stdin.close()
    except BrokenPipeError:
        return


def _reported(pictures: Iterator[Picture], seconds: float, report: Callable[[float], None]) -> Iterator[Picture]:
    """Yield the pictures, and report the share of them once a second."""
    for i, picture in enumerate(pictures):
        if i % FPS == 0:
            report(min(1.0, i / FPS / max(seconds, 1)))
        yield picture


def _command(sound: Path, path: Path, score: Score) -> list[str]:
    """Return ffmpeg's command line; it reads raw pictures from its standard input."""
    seconds, height = score.seconds, height_of(score)
    room = int(MOST_BYTES * 8 / max(seconds, 1)) - SOUND_BITS
    bits = min(MOST_BITS, max(FEWEST_BITS, room))
    pictures = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{height}", "-r", str(FPS), "-i", "-"]
    video = ["-c:v", "libx264", "-preset", "superfast", "-crf", "23", "-maxrate", str(bits), "-bufsize", str(2 * bits)]
    colours = ["-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709", "-color_primaries", "bt709"]
    whole = ["-color_trc", "bt709", "-pix_fmt", "yuv420p", "-g", str(5 * FPS), "-movflags", "+faststart"]
    audio = ["-c:a", "aac", "-b:a", str(SOUND_BITS), "-map_metadata", "-1", "-timelimit", str(TIMEOUT)]
    start = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    return [*start, *pictures, "-i", str(sound), *video, *colours, *whole, *audio, "-f", "mp4", str(path)]


def frames(score: Score, title: str, sounds: NDArray[np.int16]) -> Iterator[Picture]:
    """Yield the pictures. Each overwrites the one before. sounds: shape (channels, samples)."""
    picture = _background(title, height_of(score))
    empty = picture[SCOPE_TOP:SCOPE_BOTTOM].copy()
    peaks = np.abs(sounds.astype(np.float32)).max(axis=1, initial=1)
    waves = sounds.astype(np.float32) / peaks[:, None] * HIGHEST
    shades = [palette(BLACK_KEYS, colour) for colour in CHANNEL_COLOURS]

    @lru_cache(maxsize=3)
    def tile(number: int) -> Picture:
        return _roll_tile(score, number)

    words = LyricsBand(score.lyrics, WIDTH) if score.lyrics else None
    count = -(-score.frames * FPS // FRAMES_PER_SECOND)
    for i in range(count):
        picture[SCOPE_TOP:SCOPE_BOTTOM] = empty
        for channel, wave in enumerate(waves):
            left, right = _panel(channel)
            middle = trigger(wave, round((i + 0.5) * SAMPLE_RATE / FPS), REACH)
            shades_covered = trace(wave, middle, WINDOW, SCOPE_BOTTOM - SCOPE_TOP, right - left)
            covered = shades_covered > 0
            picture[SCOPE_TOP:SCOPE_BOTTOM, left:right][covered] = shades[channel][shades_covered[covered]]
        number, column = divmod(i * STEP - PLAYHEAD, WIDTH)
        roll = picture[ROLL_TOP:NOISE_BOTTOM]
        roll[:, : WIDTH - column] = tile(number)[:, column:]
        roll[:, WIDTH - column :] = tile(number + 1)[:, :column]
        roll[:, :PLAYHEAD] -= roll[:, :PLAYHEAD] // 3
        roll[:, PLAYHEAD - 1 : PLAYHEAD + 1] = TEXT
        if words:
            picture[HEIGHT - PROGRESS : -PROGRESS] = words.at(i * FRAMES_PER_SECOND // FPS)
        picture[-PROGRESS:, : round(WIDTH * (i + 1) / count)] = FAINT_TEXT
        yield picture


def _panel(channel: int) -> tuple[int, int]:
    """Return the left and right edge of a channel's scope."""
    width = (WIDTH - (len(CHANNELS) + 1) * SCOPE_GAP) // len(CHANNELS)
    left = SCOPE_GAP + channel * (width + SCOPE_GAP)
    return left, left + width


def height_of(score: Score) -> int:
    """Return the height of a tune's pictures: more if words are sung to it."""
    return HEIGHT + (LYRICS_HEIGHT if score.lyrics else 0)


def _background(title: str, height: int) -> Picture:
    """Return everything that does not move."""
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACKGROUND)
    draw = ImageDraw.Draw(image)
    x = float(WIDTH - SCOPE_GAP)
    for channel in reversed(range(len(CHANNELS))):
        name = CHANNELS[channel].title
        x -= text_width(name, 19)
        draw_text(draw, (x, HEADER / 2 + 2), name, 19, colour=CHANNEL_COLOURS[channel], anchor="lm")
        x -= 22
        draw_rectangle(draw, (x, HEADER / 2 - 5, x + 14, HEADER / 2 + 9), CHANNEL_COLOURS[channel])
        x -= 18
        left, right = _panel(channel)
        draw_rectangle(draw, (left, SCOPE_TOP, right, SCOPE_BOTTOM), BLACK_KEYS)
        draw_rectangle(
            draw, (left, (SCOPE_TOP + SCOPE_BOTTOM - 1) / 2, right, (SCOPE_TOP + SCOPE_BOTTOM + 1) / 2), BEAT_LINE
        )
    draw_text(draw, (SCOPE_GAP, HEADER / 2), fit_text(title, 30, x - 2 * SCOPE_GAP), 30, colour=TEXT, anchor="lm")
    draw_rectangle(draw, (0, height - PROGRESS, WIDTH, height), BLACK_KEYS)
    return _reduce(image)


def _roll_tile(score: Score, number: int) -> Picture:
    """Return a part of the roll, one picture wide, from `number` times `TILE_FRAMES` on."""
    first = number * TILE_FRAMES
    image = Image.new("RGB", (WIDTH * SCALE, (NOISE_BOTTOM - ROLL_TOP) * SCALE), BACKGROUND)
    draw = ImageDraw.Draw(image)
    pixels = WIDTH / TILE_FRAMES
    left, right = -first * pixels, (max(score.frames, 1) - first) * pixels
    low, high = pitch_range(score)
    roll = Axis((left, 0, right, ROLL_BOTTOM - ROLL_TOP), max(score.frames, 1), low, high)
    noise_box = (left, NOISE_TOP - ROLL_TOP, right, NOISE_BOTTOM - ROLL_TOP)
    noise = Axis(noise_box, roll.frames, CHANNELS[NO].lowest, CHANNELS[NO].highest)
    draw_keys(draw, replace(roll, box=(0, roll.box[1], WIDTH, roll.box[3])))  # also before the tune's start
    draw_rectangle(draw, (0, noise.box[1], WIDTH, noise.box[3]), BLACK_KEYS)
    for pitch in range(low, high + 1):
        if pitch % 12 == 0:
            y = roll.y(pitch) + roll.row / 2
            draw_rectangle(draw, (0, y - 0.5, WIDTH, y + 0.5), OCTAVE_LINE)
    if score.grid:
        for _, count, frame in counts(score.grid, score.frames):
            if first <= frame < first + TILE_FRAMES:
                colour: Colour = BAR_LINE if count == 0 else BEAT_LINE
                draw_grid_line(draw, (roll, noise), frame, colour, 1)
    near = [
        [note for note in line if note.end >= first and note.start <= first + TILE_FRAMES] for line in score.channels
    ]
    notes = draw_pulses(Image.new("RGB", image.size), roll, near[P1], near[P2])
    for channel, axis in ((TR, roll), (NO, noise)):
        notes = draw_notes(notes, axis, near[channel], CHANNEL_COLOURS[channel])
    image.paste(notes, mask=notes.convert("L").point([0] + [255] * 255))
    return _reduce(image)


def _reduce(image: Image.Image) -> Picture:
    """Return a large picture in its final size, as an array that can be written to."""
    return np.array(image.resize((image.width // SCALE, image.height // SCALE), Image.Resampling.BOX))
