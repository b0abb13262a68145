"""Applies a server's settings to requests made there: the channel for tunes, and the default scene, length and sound.

The settings are declared in `bot.store.server_settings`. The backlog enforces the limits of open requests.
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

WRONG_CHANNEL = _("This server has a channel for tunes: please ask in <#{channel}>.")
DEFAULTS_USED = _("Server defaults: {usual}")


async def check_tune_channel(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Raise InputError if the server has set another channel for tunes. Threads of that channel are allowed.

    If the channel was deleted, the restriction no longer applies.
    """
    channel = (await _settings(interaction)).channel_id
    if channel is None or interaction.guild_id is None:
        return
    here = {str(interaction.channel_id), str(getattr(interaction.channel, "parent_id", None))}
    guild = interaction.client.get_guild(interaction.guild_id)
    deleted = guild is not None and not guild.unavailable and guild.get_channel(int(channel)) is None
    if channel not in here and not deleted:
        raise InputError(WRONG_CHANNEL.format(channel=channel))


async def with_server_defaults(
    interaction: discord.Interaction[ChiptuneClient], request: Request, sound: str | None
) -> tuple[Request, str]:
    """Fill in the server's scene, length and sound where a request for a new tune specifies none.

    sound: the sound that the user chose, or None. Return the request and a line that names the defaults used, or "".
    """
    settings = await _settings(interaction)
    defaults: dict[str, str | float] = {}
    if settings.scene and request.scene is None:
        defaults["scene"] = settings.scene
    if settings.seconds and request.seconds is None and request.bars is None:
        defaults["seconds"] = settings.seconds
    if sound is None and settings.sound:
        defaults["sound"] = settings.sound
    chosen = {"sound": sound} if sound else {}
    filled = Request.from_dict({**request.to_dict(), **chosen, **defaults})
    if not defaults:
        return filled, ""
    with speaking(await locale.channel_locale(interaction)):
        facts = joined(", ", *(option_text(name, value) for name, value in defaults.items()))
        return filled, f"-# {say(DEFAULTS_USED, usual=facts)}"


async def default_sound(interaction: discord.Interaction[ChiptuneClient]) -> str:
    """Return the sound of tunes in the server that specify none."""
    return (await _settings(interaction)).sound or SOUNDS[0]


async def _settings(interaction: discord.Interaction[ChiptuneClient]) -> ServerSettings:
    """Return the settings of the server, or the defaults outside servers."""
    return await interaction.client.store.servers.settings(
        Scope.server(interaction.guild_id) if interaction.guild_id else None
    )
