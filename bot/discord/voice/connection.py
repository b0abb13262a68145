"""Joins voice channels, checks what that requires, and streams a tune as packets of 20 ms.

ffmpeg encodes the packets (in Opus, the only format that Discord accepts) in its own process, so playing costs the bot
almost nothing and the bot needs no libopus. What is played when is left to `jukebox`.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Awaitable, Callable
from subprocess import DEVNULL, PIPE
from typing import Any

import discord
from discord.voice_client import has_nacl
from discord.voice_state import has_dave

from generator.protocol.errors import InputError
from generator.protocol.i18n import _

log = logging.getLogger(__name__)

JOIN_SECONDS = 20.0
PROBE_SECONDS = 10.0
BIT_RATE = 96
"""Kilobits per second: allowed in every voice channel, and plenty for four simple waves."""
QUIET_OPTIONS = "-nostdin -protocol_whitelist file,pipe"
NO_VOICE = _("Playing does not work here: the bot’s machine lacks {what}, which its operators can install.")
NO_ANSWER = _("The voice channel could not be joined: Discord did not let the bot in. Please try again in a moment.")
NOT_IN_SERVER = _("The bot itself is not in this server, so it cannot join a voice channel.")
NOT_IN_CHANNEL = _("Join a voice channel first: the tune is played where you are.")
NO_PERMISSION = _("The bot lacks the permission {what} in <#{channel}>: a moderator can grant it.")
STAGE = _("On a stage, only invited speakers are heard: join a voice channel instead.")
NO_ROOM = _("<#{channel}> is full.")

Channel = discord.VoiceChannel
Connection = discord.VoiceClient
Connect = Callable[[Channel], Awaitable[Connection]]
"""Joins a channel; raises InputError if that is impossible."""


def user_channel(interaction: discord.Interaction[Any]) -> Channel:
    """Return the user's voice channel. Raise InputError if there is none or the bot may not play in it."""
    guild, user = interaction.client.get_guild(interaction.guild_id or 0), interaction.user
    if guild is None:
        raise InputError(NOT_IN_SERVER)
    if not isinstance(user, discord.Member) or user.voice is None or user.voice.channel is None:
        raise InputError(NOT_IN_CHANNEL)
    channel = user.voice.channel
    if not isinstance(channel, discord.VoiceChannel):
        raise InputError(STAGE)
    allowed = channel.permissions_for(guild.me)
    needed = {
        _("to see the channel"): allowed.view_channel,
        _("to connect"): allowed.connect,
        _("to speak"): allowed.speak,
    }
    if missing := [what for what, granted in needed.items() if not granted]:
        raise InputError(NO_PERMISSION.format(what=tuple(missing), channel=channel.id))
    full = channel.user_limit and len(channel.voice_states) >= channel.user_limit and not allowed.move_members
    if full and guild.me.id not in channel.voice_states:
        raise InputError(NO_ROOM.format(channel=channel.id))
    return channel


async def join(channel: Channel) -> Connection:
    """Join a channel, deafened: the bot receives no sound. Raise InputError if that is impossible."""
    await check_voice_support()
    try:
        return await channel.connect(timeout=JOIN_SECONDS, reconnect=True, self_deaf=True)
    except (TimeoutError, discord.ClientException, discord.ConnectionClosed) as error:
        log.error("voice channel %s could not be joined: %s", channel.id, type(error).__name__)
        raise InputError(NO_ANSWER) from error


class TuneSource(discord.FFmpegOpusAudio):
    """A tune as packets of 20 ms. Raises discord.ClientException if ffmpeg cannot be started."""

    def __init__(self, path: str) -> None:
        super().__init__(path, bitrate=BIT_RATE, before_options=QUIET_OPTIONS)

    def cleanup(self) -> None:
        """End ffmpeg and close its pipe, which the library leaves open."""
        pipe = getattr(self, "_stdout", None)  # missing if ffmpeg could not be started
        super().cleanup()
        if pipe:
            pipe.close()


async def check_voice_support(ffmpeg: str = "ffmpeg") -> None:
    """Raise InputError if the machine lacks what playing requires: a Python package, ffmpeg, or its libopus."""
    missing = [name for name, installed in _packages().items() if not installed]
    if missing:
        raise InputError(NO_VOICE.format(what=missing[0]))
    command = shlex.split("-hide_banner -loglevel error -f lavfi -i anullsrc -t 0.1 -c:a libopus -f null -")
    try:
        process = await asyncio.create_subprocess_exec(ffmpeg, *command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    except OSError as error:
        raise InputError(NO_VOICE.format(what="ffmpeg")) from error
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            errors = (await process.communicate())[1]
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise InputError(NO_VOICE.format(what=_("a working ffmpeg"))) from error
    if process.returncode:
        log.error("ffmpeg cannot encode Opus: %s", errors.decode(errors="replace").strip())
        raise InputError(NO_VOICE.format(what=_("ffmpeg's libopus")))


def _packages() -> dict[str, bool]:
    """Return the packages of discord.py's extra `voice`, and whether each is installed."""
    return {"PyNaCl": has_nacl, "davey": has_dave}
