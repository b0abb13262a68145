"""A score as an NSF file (version 1), which players and the console itself play: header, player, and data in banks.

The register writes are `registers`' matter, the player is `player.asm`. Facts: NESdev wiki, "NSF".
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

from generator.apu.assembler import Assembled, assemble
from generator.apu.registers import Stream, Write, stream
from generator.protocol.errors import FaultError
from models.music.score import Score

BANK = 0x1000
"""Bytes a bank."""
WINDOW = 0x9000
"""Where the player sees the bank with the data."""
MOST_BANKS = 256
"""Numbers of banks are one byte: 1 MB in all, hours of a usual tune."""

JUMP, PAUSE = 0x20, 0x80
"""Commands of the data, as `player.asm` says."""
LONGEST_PAUSE = 128
"""Frames that one command pauses at the most."""
JUMP_SIZE = 4

CONSOLE_TICK = 16_666
"""Microseconds between two calls of the player, as the header of nearly every NSF says: players take it for the
console's own frame, of 60.0988 a second."""
SCORE_TICK = 16_667
"""The score's own frame, of 60 a second, within 20 millionths: for sound that is to last as long as the score."""

ARTIST = "Chiptune Bot"


class NsfError(FaultError):
    """A tune that does not fit into an NSF."""


def to_nsf(score: Score, tick: int = CONSOLE_TICK, copyright_line: str = "") -> bytes:
    """The bytes of an NSF file with the score as its one song; raises NsfError.

    A score with a loop point goes on for ever, one without stays silent at its end. tick: microseconds a frame.
    """
    code = player()
    banks = [code.code.ljust(BANK, b"\0"), *_Packer().pack(stream(score))]
    if len(banks) > MOST_BANKS:
        raise NsfError(f"the tune takes {len(banks)} banks of data, {MOST_BANKS} is the most")
    header = struct.pack(
        "<5sBBBHHH32s32s32sH8sHBB4s",
        b"NESM\x1a",
        1,  # version
        1,  # songs
        1,  # the first of them
        code.origin,
        code.names["init"],
        code.names["play"],
        _text(score.title),
        _text(ARTIST),
        _text(copyright_line),
        tick,
        bytes((0, 1, 0, 0, 0, 0, 0, 0)),  # banks shown from $8000 on: the player, the data
        0,  # microseconds a frame on PAL consoles, which we do not claim to fit
        0,  # NTSC only
        0,  # no other sound chip
        b"",
    )
    return header + b"".join(banks)


@cache
def player() -> Assembled:
    """The player, assembled."""
    return assemble(Path(__file__).with_name("player.asm").read_text())


def _text(text: str) -> bytes:
    """A field of the header: at most 31 bytes, in ASCII, for that is all that players agree on."""
    return text.encode("ascii", "replace")[:31]


class _Packer:
    """Commands in banks, each whole in its bank, which ends with a jump to the next."""

    def __init__(self) -> None:
        self._banks = [bytearray()]

    def pack(self, writes: Stream) -> list[bytes]:
        """A stream as banks."""
        loop: tuple[int, int] | None = None
        pause = 0
        for frame, made in enumerate(writes.frames):
            if frame == writes.loop or (made and pause):
                self._pause(pause)
                pause = 0
            if frame == writes.loop:
                loop = self._place(0)
            self._write(made)
            pause += 1
        self._pause(pause)
        self._write((*writes.end, *writes.back))
        if loop is None:
            loop = self._place(1 + JUMP_SIZE)
            self._pause(LONGEST_PAUSE)
        self._jump(loop)
        return [bytes(bank).ljust(BANK, b"\0") for bank in self._banks]

    def _write(self, made: tuple[Write, ...]) -> None:
        for register, value in made:
            self._add(bytes((register, value)))

    def _pause(self, frames: int) -> None:
        while frames > 0:
            now = min(frames, LONGEST_PAUSE)
            self._add(bytes((PAUSE + now - 1,)))
            frames -= now

    def _jump(self, place: tuple[int, int]) -> None:
        bank, address = place
        self._banks[-1] += struct.pack("<BBH", JUMP, bank, address)

    def _place(self, size: int) -> tuple[int, int]:
        """Where a command of this size goes: (bank, address)."""
        if len(self._banks[-1]) + size + JUMP_SIZE > BANK:
            self._jump((len(self._banks) + 1, WINDOW))
            self._banks.append(bytearray())
        return len(self._banks), WINDOW + len(self._banks[-1])

    def _add(self, command: bytes) -> None:
        self._place(len(command))
        self._banks[-1] += command
