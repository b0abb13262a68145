"""Who hears which language on Discord.

What one person alone sees is in the language of that person's Discord. What a channel sees is in the server's: the one
that is set with `/chiptune settings language`, else the one that the server has set with Discord. Outside of servers
it is the person's, too.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.command_names import LOCALES
from bot.languages import NATIVE, speak
from bot.scope import Scope


def supported_locale(locale: discord.Locale | None) -> str:
    """The language of ours for one of Discord's; English for those that we do not know."""
    return LOCALES.get(locale, NATIVE) if locale else NATIVE


def set_locale(interaction: discord.Interaction[Any]) -> None:
    """From now on say everything to the one who asks."""
    speak(supported_locale(interaction.locale))


async def channel_locale(interaction: discord.Interaction[ChiptuneClient]) -> str:
    """The language of all who see the channel of an interaction."""
    if interaction.guild_id is None:
        return supported_locale(interaction.locale)
    held = await interaction.client.store.servers.settings(Scope.server(interaction.guild_id))
    return held.language or supported_locale(interaction.guild_locale)


async def server_locale(client: ChiptuneClient, scope: Scope | None) -> str:
    """The language of a server that nobody asks anything in just now."""
    held = await client.store.servers.settings(scope)
    guild = client.get_guild(scope.server_id) if scope and scope.server_id else None
    return held.language or supported_locale(guild.preferred_locale if guild else None)
