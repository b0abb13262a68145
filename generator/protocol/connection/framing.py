"""Length-prefixed JSON: the frames that the bot and a generator process exchange over stdin and stdout.

A frame is four bytes of length (big-endian), then that many bytes of UTF-8: one JSON object. The process reads and
writes binary streams; the bot reads and writes asyncio's. What the objects mean is left to
`generator.protocol.results`.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from typing import BinaryIO

from generator.protocol.errors import FaultError

MAX_FRAME_BYTES = 1024 * 1024
"""The longest frame. Files are passed as paths, so no valid frame comes near this."""

_LENGTH = struct.Struct(">I")


class FramingError(FaultError):
    """The other side sent bytes that are no frame, or ended in the middle of one."""


def encode_frame(text: str) -> bytes:
    """Return a JSON text as a frame. Raise FramingError if it is too long."""
    data = text.encode()
    if len(data) > MAX_FRAME_BYTES:
        raise FramingError(f"a frame of {len(data)} bytes is longer than {MAX_FRAME_BYTES}")
    return _LENGTH.pack(len(data)) + data


def write_frame(stream: BinaryIO, text: str) -> None:
    """Write one frame and flush it. End the process if the bot that reads the stream is gone."""
    try:
        stream.write(encode_frame(text))
        stream.flush()
    except BrokenPipeError:
        os._exit(0)


def read_frame(stream: BinaryIO) -> str | None:
    """Return the next frame's JSON text, or None at the end of the stream. Raise FramingError if it is damaged."""
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


def read_frames_then_exit(stream: BinaryIO, handle: Callable[[str], None]) -> None:
    """Call `handle` with each frame's text, then end the process. Runs in a thread of the generator process.

    When the stream ends, which also happens when the bot is killed, the process ends at once, even during a job
    (by `os._exit`, because a job may occupy the main thread for minutes). So no generator outlives its bot and writes
    files that the next generator writes too.
    """
    try:
        while (text := read_frame(stream)) is not None:
            handle(text)
    finally:
        os._exit(0)


async def send_frame(writer: asyncio.StreamWriter, text: str) -> None:
    """Write one frame and wait until the stream has taken it."""
    writer.write(encode_frame(text))
    await writer.drain()


async def receive_frame(reader: asyncio.StreamReader) -> str | None:
    """Return the next frame's JSON text, or None at the end of the stream. Raise FramingError if it is damaged."""
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
    """Return a frame's length. Raise FramingError above the limit, which any printed text would exceed."""
    size: int = _LENGTH.unpack(head)[0]
    if size > MAX_FRAME_BYTES:
        raise FramingError(f"a frame of {size} bytes is longer than {MAX_FRAME_BYTES}: is that a frame at all?")
    return size


def _text(data: bytes) -> str:
    """Return the bytes as text. Raise FramingError if they are not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise FramingError("a frame is not UTF-8") from error
