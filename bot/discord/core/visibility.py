"""Who sees a tune in lists: those of a channel that is not open to all of its server are listed in that channel alone.

Decided when a tune is asked for, by what @everyone may do in the channel then. Where the bot is not in the server it
cannot know, and the channel counts as closed. A thread is as open as its channel; a private thread is closed.
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
    """The channel that a tune asked for here is listed in alone, None: it is listed everywhere in its place."""
    if interaction.guild_id is None:
        return None  # a conversation is a place of its own
    channel, thread = interaction.channel_id, interaction.channel
    if isinstance(thread, discord.Thread):
        if thread.is_private():
            return str(thread.id)
        channel = thread.parent_id
    guild = interaction.client.get_guild(interaction.guild_id)
    # From the library's own memory: a channel as an interaction brings it names no permissions but the person's.
    known = guild.get_channel(channel or 0) if guild else None
    return None if known is not None and _open_to_all(known) else str(channel)


def visible_channels(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """The channels whose closed tunes are listed here: this one and, in a thread, the thread's channel."""
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
    """The history as it is seen here, newest first. before: the last tune's id of the page before."""
    songs, channels = interaction.client.store.songs, visible_channels(interaction)
    return await songs.history(scope_of(interaction), channels=channels, limit=limit, before=before)


async def find_song(interaction: discord.Interaction[ChiptuneClient], song_id: str) -> Song:
    """A tune that was made here, and may be seen here. Raises InputError."""
    song = await interaction.client.store.songs.get(song_id)
    seen = (None, *visible_channels(interaction))
    if song is None or song.scope != scope_of(interaction) or song.only_in not in seen:
        raise InputError(_("There is no such tune here: pick one from the list."))
    return song


def _open_to_all(channel: discord.abc.GuildChannel) -> bool:
    """Whether every member of the server may read in a channel."""
    if channel.guild.default_role is None:  # a server that the library knows by name alone
        return False
    allowed = channel.permissions_for(channel.guild.default_role)
    # What is written beside a voice channel can be read by those who may join it.
    voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    return allowed.view_channel and (allowed.connect or not voice)
