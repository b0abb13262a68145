"""A film of a tune: its picture as a still image with its sound, as an MP4 that chats play in place.

The picture comes from `tune_picture`, the sound from `generator.sound`. Nothing here writes to our stdout.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from generator.protocol.system.confinement import TOOL_LIMITS, confined
from generator.sound.fluidsynth_audio import REPRODUCIBLE, RenderError

RATE = 1
"""Frames a second. The picture does not move, and players seek to whole frames."""
# Every browser and phone plays H.264 with 4:2:0 and AAC; the index comes first so that playing starts at once.
# The picture is decoded and converted once, then repeated.
VIDEO_OPTIONS = (
    "-vf",
    "format=yuv420p,loop=-1:1",
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
# The coder "fast" takes half as long as the default one, and its error is 1 dB smaller on chip sounds.
AUDIO_OPTIONS = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "128k")
FILE_OPTIONS = ("-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "mp4")
TIMEOUT = 120.0
"""Seconds of wall-clock time for one run of ffmpeg. Half a minute of music takes about one second of one processor."""


def write_still_film(picture: Path, sound: Path, out: Path, seconds: float) -> None:
    """Write a film of `seconds`. Width and height of the picture must be even. Raise RenderError if ffmpeg fails."""
    inputs = ["-framerate", str(RATE), "-i", str(picture), "-i", str(sound), "-t", f"{seconds:.3f}"]
    # Without -xerror, ffmpeg would retry a picture that it cannot read for ever.
    start = ["ffmpeg", "-v", "error", "-xerror", "-nostdin", "-y"]
    command = [*start, *inputs, *VIDEO_OPTIONS, *AUDIO_OPTIONS, *REPRODUCIBLE, *FILE_OPTIONS, str(out)]
    try:
        process = subprocess.run(confined(command, TOOL_LIMITS), capture_output=True, timeout=TIMEOUT, check=False)
    except FileNotFoundError as error:
        raise RenderError("ffmpeg is not installed: install it (Debian: apt install ffmpeg)") from error
    except subprocess.TimeoutExpired as error:
        raise RenderError(f"ffmpeg took longer than {TIMEOUT:.0f} s") from error
    if process.returncode:
        output = " ".join(process.stderr.decode(errors="replace").split())[-300:]
        raise RenderError(f"ffmpeg could not write {out.name}: {output}")
