"""Chooses the language of what the bot says on Discord.

What only one user sees is in the language of their Discord client. What a whole channel sees is in the server's
language: the one set with `/chiptune settings language`, or else the one that the server has set with Discord. Outside
servers, it is the user's.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.command_names import LOCALES
from bot.languages import NATIVE, set_language
from bot.scope import Scope


def supported_locale(locale: discord.Locale | None) -> str:
    """Return the supported language for one of Discord's, or English if there is none."""
    return LOCALES.get(locale, NATIVE) if locale else NATIVE


def set_locale(interaction: discord.Interaction[Any]) -> None:
    """Say everything in the user's language from now on, in this task."""
    set_language(supported_locale(interaction.locale))


async def channel_locale(interaction: discord.Interaction[ChiptuneClient]) -> str:
    """Return the language for all who see the channel of an interaction."""
    if interaction.guild_id is None:
        return supported_locale(interaction.locale)
    settings = await interaction.client.store.servers.settings(Scope.server(interaction.guild_id))
    return settings.language or supported_locale(interaction.guild_locale)


async def server_locale(client: ChiptuneClient, scope: Scope | None) -> str:
    """Return the language of a server outside interactions, such as for announcements."""
    settings = await client.store.servers.settings(scope)
    guild = client.get_guild(scope.server_id) if scope and scope.server_id else None
    return settings.language or supported_locale(guild.preferred_locale if guild else None)
