"""A voice connection that ends where Discord's encryption would begin: what is sent is kept, packet by packet.

All else is the library's own: the connection's place in its server, the thread that plays, its pace.
"""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import discord

from bot.discord.voice.connection import Channel


class Heard(discord.VoiceClient):
    """A connection that is there at once. packets: what was sent. going: while it is not set, nothing is."""

    packets: list[bytes]
    going: threading.Event

    async def connect(self, **_: object) -> None:
        self.packets = []
        self.going = threading.Event()
        self.going.set()

    def is_connected(self) -> bool:
        return True

    async def disconnect(self, *, force: bool = False) -> None:
        self.stop()
        self.going.set()
        self.cleanup()

    def send_audio_packet(self, data: bytes, *, encode: bool = True) -> None:
        assert not encode, "ffmpeg has encoded it"
        self.going.wait()
        self.packets.append(data)

    @property
    def ws(self) -> Heard:  # type: ignore[override]
        return self

    async def speak(self, _: object) -> None:
        """Nobody to be told."""


async def hear(channel: Channel) -> Heard:
    """Join a channel without a handshake."""
    return await channel.connect(cls=Heard)


async def hear_later(channel: Channel) -> Heard:
    """The same, but that nothing is heard until `going` is set."""
    heard = await hear(channel)
    heard.going.clear()
    return heard


def ogg(path: Path, seconds: float) -> Path:
    """A file of sound as the generator makes it: Vorbis, 44,100 Hz, one channel."""
    sine = f"sine=frequency=440:sample_rate=44100:duration={seconds}"
    command = ("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", sine, "-c:a", "libvorbis", "-y", str(path))
    subprocess.run(command, check=True)
    return path
