"""Length-prefixed JSON: how the bot and a generator process talk over stdin and stdout.

A frame is four bytes of length (big-endian), then that many bytes of UTF-8: one JSON object. Both sides use this
module; the process side reads and writes plain binary streams, the bot's side asyncio's. What the objects mean is
left to `generator.protocol`.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from typing import BinaryIO

from generator.protocol.errors import FaultError

MAX_FRAME_BYTES = 1024 * 1024
"""The longest frame. Files travel as paths, so that no honest frame comes near it."""

_LENGTH = struct.Struct(">I")


class FramingError(FaultError):
    """The other side sent something that is no frame, or ended in the middle of one."""


def encode(text: str) -> bytes:
    """One JSON text as a frame; raises FramingError where it is too long."""
    data = text.encode()
    if len(data) > MAX_FRAME_BYTES:
        raise FramingError(f"a frame of {len(data)} bytes is longer than {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(data)) + data


def write_frame(stream: BinaryIO, text: str) -> None:
    """Write one frame and flush it; where the bot is gone that reads it, the process ends as in `read_to_the_end`."""
    try:
        stream.write(encode(text))
        stream.flush()
    except BrokenPipeError:
        os._exit(0)


def read_frame(stream: BinaryIO) -> str | None:
    """The next frame's JSON text, None at the end of the stream; raises FramingError."""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise FramingError("the stream ended inside a frame's length")
    size = _length(head)
    data = stream.read(size)
    if len(data) < size:
        raise FramingError("the stream ended inside a frame")
    return _text(data)


def read_to_the_end(stream: BinaryIO, hand_on: Callable[[str], None]) -> None:
    """Hand on frames, then end the process; for a thread of the process side's own.

    When the stream ends, which also happens when the bot is killed, the whole process ends at once, even in the
    middle of a job (`os._exit`, because a job may hold the main thread for minutes). So no generator outlives its
    bot, and none goes on writing files that the next one writes too.
    """
    try:
        while (text := read_frame(stream)) is not None:
            hand_on(text)
    finally:
        os._exit(0)


async def send_frame(writer: asyncio.StreamWriter, text: str) -> None:
    """Write one frame and wait until it is on its way."""
    writer.write(encode(text))
    await writer.drain()


async def receive_frame(reader: asyncio.StreamReader) -> str | None:
    """The next frame's JSON text, None at the end of the stream; raises FramingError."""
    try:
        head = await reader.readexactly(_LENGTH.size)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise FramingError("the stream ended inside a frame's length") from error
    try:
        return _text(await reader.readexactly(_length(head)))
    except asyncio.IncompleteReadError as error:
        raise FramingError("the stream ended inside a frame") from error


def _length(head: bytes) -> int:
    """A frame's length; raises FramingError where it is over the limit, as any text read as a length is."""
    size: int = _LENGTH.unpack(head)[0]
    if size > MAX_FRAME_BYTES:
        raise FramingError(f"a frame of {size} bytes is longer than {MAX_FRAME_BYTES}: is that a frame at all?")
    return size


def _text(data: bytes) -> str:
    """The bytes as text; raises FramingError where they are no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FramingError("a frame is not UTF-8") from error
