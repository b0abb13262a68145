import asyncio
import io
import os
import struct
import subprocess
import sys

import pytest

from generator.protocol.connection.framing import (
    MAX_FRAME_BYTES,
    FramingError,
    encode_frame,
    read_frame,
    receive_frame,
    write_frame,
)

DAMAGED = [
    pytest.param(b"\x00\x00", id="the length cut"),
    pytest.param(b"\x00\x00\x00\x05{}", id="the text cut"),
    pytest.param(b"Loading weights...", id="a print on stdout"),
    pytest.param(struct.pack(">I", MAX_FRAME_BYTES + 1), id="too long"),
    pytest.param(b"\x00\x00\x00\x02\xff\xfe", id="no UTF-8"),
]


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def test_frames_come_back_as_they_were_written() -> None:
    stream = io.BytesIO()
    texts = ['{"type": "ready"}', '{"title": "Bowser’s Täune"}', "{}"]
    for text in texts:
        write_frame(stream, text)
    stream.seek(0)
    assert [read_frame(stream) for _ in range(4)] == [*texts, None]


async def test_the_bots_side_reads_the_same_bytes() -> None:
    reader = reader_of(encode_frame('{"a": "é"}') + encode_frame("{}"))
    assert [await receive_frame(reader) for _ in range(3)] == ['{"a": "é"}', "{}", None]


def test_the_bytes_of_a_frame() -> None:
    assert encode_frame("{}") == bytes.fromhex("00000002 7b7d")


@pytest.mark.parametrize("data", DAMAGED)
async def test_damage_is_reported_on_both_sides(data: bytes) -> None:
    with pytest.raises(FramingError):
        read_frame(io.BytesIO(data))
    with pytest.raises(FramingError):
        await receive_frame(reader_of(data))


def test_a_text_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(FramingError, match="longer than"):
        encode_frame("x" * (MAX_FRAME_BYTES + 1))


def test_a_process_whose_reader_is_gone_ends_silently() -> None:
    script = """
import sys
from generator.protocol.connection.framing import write_frame
write_frame(sys.stdout.buffer, '{}')
sys.exit(7)
"""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run((sys.executable, "-c", script), stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")
