"""Which tunes are visible where an interaction happens.

Tunes belong to a scope. A tune from a channel that is not open to the whole server is listed in that channel alone.
That is decided when the tune is requested, by the permissions of @everyone in the channel. If the bot is not in the
server, it cannot know them, and the channel counts as closed. A thread is as open as its channel; a private thread is
closed.
"""

from __future__ import annotations

from typing import Any

import discord

from bot.discord.core.client import ChiptuneClient
from bot.scope import Scope
from bot.store import Song
from generator.protocol.errors import InputError
from generator.protocol.i18n import _


def restricted_to(interaction: discord.Interaction[Any]) -> str | None:
    """Return the only channel whose lists show a tune requested here, or None if the whole scope may see it."""
    if interaction.guild_id is None:
        return None  # a conversation is a scope of its own
    channel, thread = interaction.channel_id, interaction.channel
    if isinstance(thread, discord.Thread):
        if thread.is_private():
            return str(thread.id)
        channel = thread.parent_id
    guild = interaction.client.get_guild(interaction.guild_id)
    # From the library's cache: the channel in an interaction has no permissions but the user's.
    cached = guild.get_channel(channel or 0) if guild else None
    return None if cached is not None and _open_to_all(cached) else str(channel)


def visible_channels(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """Return the channels whose restricted tunes are visible here: this one and, in a thread, the thread's channel."""
    here, parent = interaction.channel_id, getattr(interaction.channel, "parent_id", None)
    return tuple(str(channel) for channel in (here, parent) if channel)


def scope_of(interaction: discord.Interaction) -> Scope:
    """Return the scope of an interaction: its server, or its conversation outside servers."""
    if interaction.guild_id:
        return Scope.server(interaction.guild_id)
    return Scope.conversation(interaction.channel_id)


async def list_songs(
    interaction: discord.Interaction[ChiptuneClient], *, limit: int, before: str | None = None
) -> list[Song]:
    """Return the tunes visible here, newest first. before: the id of the last tune on the previous page."""
    songs, channels = interaction.client.store.songs, visible_channels(interaction)
    return await songs.history(scope_of(interaction), channels=channels, limit=limit, before=before)


async def find_song(interaction: discord.Interaction[ChiptuneClient], song_id: str) -> Song:
    """Return a tune of this scope that is visible here. Raise InputError if there is none with this id."""
    song = await interaction.client.store.songs.get(song_id)
    allowed = (None, *visible_channels(interaction))
    if song is None or song.scope != scope_of(interaction) or song.only_in not in allowed:
        raise InputError(_("There is no such tune here: pick one from the list."))
    return song


def _open_to_all(channel: discord.abc.GuildChannel) -> bool:
    """Return whether every member of the server may read a channel."""
    if channel.guild.default_role is None:  # the library knows nothing of this server but its name
        return False
    allowed = channel.permissions_for(channel.guild.default_role)
    # The chat of a voice channel can be read by those who may join it.
    voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    return allowed.view_channel and (allowed.connect or not voice)
