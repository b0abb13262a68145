"""What a server's settings mean for those who ask there: the channel for tunes, the usual scene, length and sound.

How settings are made is `settings`'s, how many requests may be open is the backlog's.
"""

from __future__ import annotations

import discord

from bot.discord.core import locale
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue.request_text import option_text
from bot.languages import say, speaking
from bot.scope import Scope
from bot.store import ServerSettings
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined
from generator.protocol.names import SOUNDS
from generator.protocol.requests import Request

WRONG_CHANNEL = _("Tunes have a channel of their own in this server: please ask in <#{channel}>.")
DEFAULTS_USED = _("As usual in this server: {usual}")


async def check_tune_channel(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Raise InputError where the server has set another channel for tunes; its threads are that channel, too.

    A channel that is gone binds nobody.
    """
    channel = (await _settings(interaction)).channel_id
    if channel is None or interaction.guild_id is None:
        return
    here = {str(interaction.channel_id), str(getattr(interaction.channel, "parent_id", None))}
    guild = interaction.client.get_guild(interaction.guild_id)
    gone = guild is not None and not guild.unavailable and guild.get_channel(int(channel)) is None
    if channel not in here and not gone:
        raise InputError(WRONG_CHANNEL.format(channel=channel))


async def with_server_defaults(
    interaction: discord.Interaction[ChiptuneClient], request: Request, sound: str | None
) -> tuple[Request, str]:
    """A new tune's request with the server's scene, length and sound where none was asked for, and a line that says so.

    sound: what was asked for, None: nothing.
    """
    held = await _settings(interaction)
    usual: dict[str, str | float] = {}
    if held.scene and request.scene is None:
        usual["scene"] = held.scene
    if held.seconds and request.seconds is None and request.bars is None:
        usual["seconds"] = held.seconds
    if sound is None and held.sound:
        usual["sound"] = held.sound
    given = {"sound": sound} if sound else {}
    wanted = Request.from_dict({**request.to_dict(), **given, **usual})
    if not usual:
        return wanted, ""
    with speaking(await locale.channel_locale(interaction)):
        said = joined(", ", *(option_text(name, value) for name, value in usual.items()))
        return wanted, f"-# {say(DEFAULTS_USED, usual=said)}"


async def default_sound(interaction: discord.Interaction[ChiptuneClient]) -> str:
    """What plays tunes in the server where nothing else is asked for."""
    return (await _settings(interaction)).sound or SOUNDS[0]


async def _settings(interaction: discord.Interaction[ChiptuneClient]) -> ServerSettings:
    """The server's, the defaults outside of one."""
    return await interaction.client.store.servers.settings(
        Scope.server(interaction.guild_id) if interaction.guild_id else None
    )
