"""NSF and VGM: their headers, and the same register writes in both, read by readers of the formats alone."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from generator.apu.nsf import CONSOLE_TICK, player, to_nsf
from generator.apu.registers import Write, register_stream
from generator.exporting.vgm import to_vgm
from models.music.score import CHANNELS, Note, Score
from tests.music import random_score, scale

Frames = list[list[Write]]


def read_nsf(data: bytes, frames: int) -> Frames:
    """The writes that the player makes in each of the first frames."""
    found: Frames = []
    at, pause = 0x80 + 0x1000, 0
    while len(found) < frames:
        made: list[Write] = []
        while not pause:
            command = data[at]
            if command < 0x20:
                made.append((command, data[at + 1]))
                at += 2
            elif command == 0x20:
                bank, address = struct.unpack_from("<BH", data, at + 1)
                at = 0x80 + 0x1000 * bank + address - 0x9000
            else:
                assert command >= 0x80
                pause = command - 0x7F
                at += 1
        found.append(made)
        pause -= 1
    return found


def read_vgm(data: bytes) -> tuple[Frames, int, int | None]:
    """The writes of each frame, the samples waited, and the frame of the loop point."""
    at = 0x34 + struct.unpack_from("<I", data, 0x34)[0]
    loop = struct.unpack_from("<I", data, 0x1C)[0]
    loop_at = 0x1C + loop if loop else None
    found: Frames = [[]]
    samples, loop_frame = 0, None
    while True:
        if at == loop_at:
            loop_frame = samples // 735
        command = data[at]
        if command == 0x66:
            return found, samples, loop_frame
        if command == 0xB4:
            found[-1].append((data[at + 1], data[at + 2]))
            at += 3
            continue
        wait = struct.unpack_from("<H", data, at + 1)[0] if command == 0x61 else 735
        assert command in (0x61, 0x62)
        assert wait % 735 == 0
        samples += wait
        found += [[] for _ in range(wait // 735)]
        at += 3 if command == 0x61 else 1


def test_the_header_of_an_nsf() -> None:
    data = to_nsf(replace(scale(), title="A title that is longer than the field for it"))
    assert data[:8] == b"NESM\x1a\x01\x01\x01"
    load, init, play = struct.unpack_from("<HHH", data, 8)
    assert (load, init, play) == (0x8000, player().names["init"], player().names["play"])
    assert data[0x0E:0x2E] == b"A title that is longer than the\0"
    assert data[0x2E:0x4E].rstrip(b"\0") == b"Chiptune Bot"
    assert struct.unpack_from("<H", data, 0x6E) == (CONSOLE_TICK,)
    assert data[0x70:0x78] == bytes((0, 1, 0, 0, 0, 0, 0, 0))
    assert (len(data) - 0x80) % 0x1000 == 0


@pytest.mark.parametrize("seed", range(6))
def test_both_formats_have_the_writes_of_the_score(seed: int) -> None:
    score = replace(random_score(seed), loop=None)
    made = register_stream(score)
    expected = [list(frame) for frame in (*made.frames, made.end)]
    assert read_nsf(to_nsf(score), score.frames + 300) == expected + [[]] * 299
    writes, samples, loop = read_vgm(to_vgm(score))
    assert (writes, samples, loop) == (expected, score.frames * 735, None)


@pytest.mark.parametrize("loop", [0, 17, 100])
def test_both_formats_loop(loop: int) -> None:
    score = replace(scale(), loop=loop)
    made = register_stream(score)
    frames = read_nsf(to_nsf(score), 2 * score.frames - loop)
    assert frames[: score.frames] == [list(frame) for frame in made.frames]
    assert frames[score.frames] == [*made.back, *made.frames[loop]]
    assert frames[score.frames + 1 :] == [list(frame) for frame in made.frames[loop + 1 :]]
    data = to_vgm(score)
    writes, samples, at = read_vgm(data)
    assert (writes[-1], samples, at) == (list(made.back), score.frames * 735, loop)
    assert struct.unpack_from("<I", data, 0x20) == ((score.frames - loop) * 735,)


def test_three_busy_minutes_fit_and_cross_banks() -> None:
    frames = 3 * 60 * 60
    lines = []
    for spec in CHANNELS:
        span = spec.highest - spec.lowest + 1
        volumes = (15, 15) if spec.name == "tr" else (9, 15)
        notes = (Note(i, i + 1, spec.lowest + i * 5 % span, ((0, volumes[i % 2]),)) for i in range(frames))
        lines.append(tuple(notes))
    score = Score(tuple(lines), frames)
    data = to_nsf(score)
    assert len(data) < 256 * 0x1000
    assert read_nsf(data, frames) == [list(frame) for frame in register_stream(score).frames]


def test_the_tags_of_a_vgm() -> None:
    data = to_vgm(replace(scale(), title="Größe"))
    assert data[:4] == b"Vgm "
    end, version = struct.unpack_from("<II", data, 4)
    assert (end + 4, version) == (len(data), 0x161)
    assert struct.unpack_from("<I", data, 0x84) == (1_789_773,)
    at = 0x14 + struct.unpack_from("<I", data, 0x14)[0]
    assert data[at : at + 4] == b"Gd3 "
    length = struct.unpack_from("<I", data, at + 8)[0]
    texts = data[at + 12 :].decode("utf-16-le").split("\0")
    assert at + 12 + length == len(data)
    assert len(texts) == 12
    assert (texts[0], texts[4], texts[6]) == ("Größe", "Nintendo Entertainment System", "Chiptune Bot")
