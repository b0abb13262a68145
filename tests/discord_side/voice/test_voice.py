"""A tune as packets of 20 ms, by the real ffmpeg and libopus; and what is said where something is missing.

Further than that it cannot be followed here: what comes after is encrypted with Discord's own side.
"""

from __future__ import annotations

import array
import itertools
import shutil
from pathlib import Path

import discord
import pytest
from discord.opus import Decoder

from bot.discord.voice.connection import TuneSource, check_voice_support
from generator.protocol.errors import InputError
from tests.discord_side.voice.voices import ogg

SECONDS = 1.0


def packets(path: Path) -> list[bytes]:
    """All that hold sound; the library hands on the two headers of the stream, too, which no decoder takes for it."""
    source = TuneSource(str(path))
    try:
        first, second, *found = iter(source.read, b"")
        assert (first[:8], second[:8]) == (b"OpusHead", b"OpusTags")
        return found
    finally:
        source.cleanup()


def test_a_tune_is_packets_of_20_ms_that_sound_like_it(tmp_path: Path) -> None:
    found = packets(ogg(tmp_path / "tune.ogg", SECONDS))
    assert SECONDS / 0.020 <= len(found) <= SECONDS / 0.020 + 3, "as long as the tune, and the encoder's look ahead"
    decoder = Decoder()  # type: ignore[no-untyped-call]
    pcm = [decoder.decode(packet, fec=False) for packet in found]
    assert {len(frame) for frame in pcm} == {Decoder.FRAME_SIZE}
    assert Decoder.FRAME_LENGTH == 20
    left = array.array("h", b"".join(pcm))[::2]
    middle = left[len(left) // 4 : len(left) // 4 + 48_000 // 2]
    crossings = sum(before < 0 <= after for before, after in itertools.pairwise(middle))
    assert abs(crossings - 220) <= 1, "440 Hz for half a second"


def test_what_is_no_sound_has_no_packets_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "tune.ogg").write_bytes(b"OggS" + bytes(400))
    source = TuneSource(str(tmp_path / "tune.ogg"))
    source._process.wait()
    assert source.read() == b""
    assert source._current_error is not None, "what the player's thread hands on"
    source.cleanup()


async def test_what_is_installed_here_can_play() -> None:
    assert discord.voice_client.has_nacl
    await check_voice_support()


@pytest.mark.parametrize(
    ("script", "said"),
    [(None, "lacks ffmpeg,"), ("#!/bin/sh\nexit 1\n", "lacks ffmpeg's libopus")],
    ids=["no ffmpeg", "an ffmpeg without libopus"],
)
async def test_what_is_missing_is_named(tmp_path: Path, script: str | None, said: str) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    if script:
        ffmpeg.write_text(script)
        ffmpeg.chmod(0o755)
    with pytest.raises(InputError, match=said):
        await check_voice_support(str(ffmpeg))
    assert shutil.which("ffmpeg")
