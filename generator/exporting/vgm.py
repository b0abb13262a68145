"""A score as a VGM file (version 1.61): register writes, waits in samples, and tags.

A VGM's clock is 44,100 Hz and a frame of the score is exactly 735 samples, so nothing drifts. The register writes come
from `apu.registers`.

Facts: the VGM specification 1.61 and the GD3 specification 1.00 (vgmrips wiki).
"""

from __future__ import annotations

import struct

from generator.apu.nsf import ARTIST
from generator.apu.registers import Write, register_stream
from generator.apu.tuning import CPU_CLOCK
from models.music.score import FRAMES_PER_SECOND, Score

SAMPLE_RATE = 44_100
FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
"""Samples a frame: 735."""

VERSION, GD3_VERSION = 0x161, 0x100
HEADER = 0x100
"""Bytes before the data."""
END_AT, VERSION_AT, TAGS_AT, SAMPLES_AT, LOOP_AT, RATE_AT, DATA_AT, CLOCK_AT = 4, 8, 0x14, 0x18, 0x1C, 0x24, 0x34, 0x84
"""Offsets of the header's fields. Those that point to a place count from their own."""

WRITE, WAIT, WAIT_FRAME, END = 0xB4, 0x61, 0x62, 0x66
"""Commands: a write to the NES APU, a wait of so many samples, a wait of 735 samples, the end."""
MOST_FRAMES = 0xFFFF // FRAME
"""Frames that one wait can last."""


def to_vgm(score: Score) -> bytes:
    """Return a score as an uncompressed VGM file."""
    stream = register_stream(score)
    data = bytearray()
    pause, loop_at = 0, 0
    for frame, writes in enumerate(stream.frames):
        if writes or frame == stream.loop:
            data += _wait_commands(pause)
            pause = 0
        if frame == stream.loop:
            loop_at = HEADER + len(data)
        data += _write_commands(writes)
        pause += 1
    data += _wait_commands(pause) + _write_commands((*stream.end, *stream.back)) + bytes((END,))
    tags = _tags(score.title)
    header = bytearray(HEADER)
    header[0:4] = b"Vgm "
    for at, value in (
        (END_AT, HEADER + len(data) + len(tags) - END_AT),
        (VERSION_AT, VERSION),
        (TAGS_AT, HEADER + len(data) - TAGS_AT),
        (SAMPLES_AT, score.frames * FRAME),
        (RATE_AT, FRAMES_PER_SECOND),
        (DATA_AT, HEADER - DATA_AT),
        (CLOCK_AT, CPU_CLOCK),
    ):
        struct.pack_into("<I", header, at, value)
    if stream.loop is not None:
        struct.pack_into("<II", header, LOOP_AT, loop_at - LOOP_AT, (score.frames - stream.loop) * FRAME)
    return bytes(header + data + tags)


def _write_commands(writes: tuple[Write, ...]) -> bytes:
    """Return the commands that make these writes."""
    return b"".join(bytes((WRITE, register, value)) for register, value in writes)


def _wait_commands(frames: int) -> bytes:
    """Return the commands that wait for so many frames."""
    full, rest = divmod(frames, MOST_FRAMES)
    short = bytes((WAIT_FRAME,)) * rest if rest <= 2 else struct.pack("<BH", WAIT, rest * FRAME)
    return struct.pack("<BH", WAIT, MOST_FRAMES * FRAME) * full + short


def _tags(title: str) -> bytes:
    """Return the GD3 tags: title, game, system and author, each in English and Japanese; date, converter and notes."""
    texts = (title, "", "", "", "Nintendo Entertainment System", "", ARTIST, "", "", ARTIST, "")
    text = "".join(f"{value}\0" for value in texts).encode("utf-16-le")
    return b"Gd3 " + struct.pack("<II", GD3_VERSION, len(text)) + text
