"""A score as an NSF file (version 1), which NSF players and the console itself can play.

The file holds a header, the player (`player.asm`) and the register writes of `registers`, packed into banks.

Facts: NESdev wiki, "NSF".
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

from generator.apu.assembler import Assembled, assemble
from generator.apu.registers import RegisterStream, Write, register_stream
from generator.protocol.errors import FaultError
from models.music.score import Score

BANK = 0x1000
"""Bytes of a bank."""
WINDOW = 0x9000
"""The address at which the player sees the current bank of data."""
MOST_BANKS = 256
"""Bank numbers are one byte. 256 banks are 1 MB, which holds hours of an average tune."""

JUMP, PAUSE = 0x20, 0x80
"""Commands of the data, as `player.asm` reads them."""
LONGEST_PAUSE = 128
"""Frames that one pause command can last."""
JUMP_BYTES = 4

CONSOLE_TICK = 16_666
"""Microseconds between two calls of the player, as in the header of almost every NSF. Players take it to mean the
console's own frame rate, 60.0988 Hz."""
SCORE_TICK = 16_667
"""The score's frame rate, 60 Hz, within 20 millionths: for sound that must be as long as the score."""

ARTIST = "Chiptune Bot"


class NsfError(FaultError):
    """The tune does not fit into an NSF file."""


def to_nsf(score: Score, tick: int = CONSOLE_TICK, copyright_line: str = "") -> bytes:
    """Return an NSF file with the score as its only song.

    tick: microseconds between two calls of the player. A score with a loop point repeats for ever; one without stays
    silent after its end. Raise NsfError if the score does not fit.
    """
    assembled = player()
    banks = [assembled.code.ljust(BANK, b"\0"), *_Packer().pack(register_stream(score))]
    if len(banks) > MOST_BANKS:
        raise NsfError(f"the tune needs {len(banks)} banks; an NSF file has {MOST_BANKS} at most")
    header = struct.pack(
        "<5sBBBHHH32s32s32sH8sHBB4s",
        b"NESM\x1a",
        1,  # version
        1,  # songs
        1,  # first song
        assembled.origin,
        assembled.names["init"],
        assembled.names["play"],
        _text(score.title),
        _text(ARTIST),
        _text(copyright_line),
        tick,
        bytes((0, 1, 0, 0, 0, 0, 0, 0)),  # banks mapped from $8000 on: the player, then the data
        0,  # microseconds a frame on PAL consoles, which are not supported
        0,  # NTSC only
        0,  # no expansion sound chip
        b"",
    )
    return header + b"".join(banks)


@cache
def player() -> Assembled:
    """Return the assembled player."""
    return assemble(Path(__file__).with_name("player.asm").read_text())


def _text(text: str) -> bytes:
    """Return a text field of the header: at most 31 bytes of ASCII, the only encoding that all players share."""
    return text.encode("ascii", "replace")[:31]


class _Packer:
    """Packs commands into banks. No command crosses a bank's end; each bank ends with a jump to the next."""

    def __init__(self) -> None:
        self._banks = [bytearray()]

    def pack(self, stream: RegisterStream) -> list[bytes]:
        """Return the banks of a stream."""
        loop: tuple[int, int] | None = None
        pause = 0
        for frame, writes in enumerate(stream.frames):
            if frame == stream.loop or (writes and pause):
                self._pause(pause)
                pause = 0
            if frame == stream.loop:
                loop = self._place(0)
            self._write(writes)
            pause += 1
        self._pause(pause)
        self._write((*stream.end, *stream.back))
        if loop is None:
            loop = self._place(1 + JUMP_BYTES)
            self._pause(LONGEST_PAUSE)
        self._jump(loop)
        return [bytes(bank).ljust(BANK, b"\0") for bank in self._banks]

    def _write(self, writes: tuple[Write, ...]) -> None:
        for register, value in writes:
            self._add(bytes((register, value)))

    def _pause(self, frames: int) -> None:
        while frames > 0:
            step = min(frames, LONGEST_PAUSE)
            self._add(bytes((PAUSE + step - 1,)))
            frames -= step

    def _jump(self, place: tuple[int, int]) -> None:
        bank, address = place
        self._banks[-1] += struct.pack("<BBH", JUMP, bank, address)

    def _place(self, size: int) -> tuple[int, int]:
        """Return where a command of this size goes, as (bank, address); start a new bank if it does not fit."""
        if len(self._banks[-1]) + size + JUMP_BYTES > BANK:
            self._jump((len(self._banks) + 1, WINDOW))
            self._banks.append(bytearray())
        return len(self._banks), WINDOW + len(self._banks[-1])

    def _add(self, command: bytes) -> None:
        self._place(len(command))
        self._banks[-1] += command
