"""The film of a tune: its picture, standing still, with its sound, as the MP4 that chats play in place.

How picture and sound are made is left to `picture` and `audio`. Nothing here writes to our stdout.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from generator.sound.fluidsynth_audio import REPRODUCIBLE, RenderError

RATE = 2
"""Frames a second: the picture stands still, and players seek to whole frames."""
# H.264 with 4:2:0 and AAC are what every browser and phone plays; the index comes first so that it starts at once.
VIDEO_OPTIONS = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-tune",
    "stillimage",
    "-pix_fmt",
    "yuv420p",
    "-threads",
    "1",
)
AUDIO_OPTIONS = ("-c:a", "aac", "-b:a", "128k")
FILE_OPTIONS = ("-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4")
TIMEOUT = 120.0
"""Seconds of wall clock for one run of ffmpeg; half a minute of music takes about one of a processor."""


def write_still_film(picture: Path, sound: Path, out: Path, seconds: float) -> None:
    """Write a film of `seconds`; width and height of the picture must be even. Raises RenderError."""
    inputs = ["-loop", "1", "-framerate", str(RATE), "-i", str(picture), "-i", str(sound), "-t", f"{seconds:.3f}"]
    # -xerror: a picture that cannot be read would be tried again and again.
    start = ["ffmpeg", "-v", "error", "-xerror", "-nostdin", "-y"]
    command = [*start, *inputs, *VIDEO_OPTIONS, *AUDIO_OPTIONS, *REPRODUCIBLE, *FILE_OPTIONS, str(out)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False)
    except FileNotFoundError as error:
        raise RenderError("ffmpeg is not installed: install it (Debian: apt install ffmpeg)") from error
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"ffmpeg took longer than {TIMEOUT:.0f} s") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise RenderError(f"ffmpeg could not write {out.name}: {said}")
