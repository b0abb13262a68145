"""Who sees a tune in lists: those of a channel that is not open to all of its server are listed in that channel alone.

Decided when a tune is asked for, by what @everyone may do in the channel then. Where the bot is not in the server it
cannot know, and the channel counts as closed. A thread is as open as its channel; a private thread is closed.
"""

from __future__ import annotations

from typing import Any

import discord


def only_in(interaction: discord.Interaction[Any]) -> str | None:
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


def channels(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """The channels whose closed tunes are listed here: this one and, in a thread, the thread's channel."""
    here, parent = interaction.channel_id, getattr(interaction.channel, "parent_id", None)
    return tuple(str(channel) for channel in (here, parent) if channel)


def _open_to_all(channel: discord.abc.GuildChannel) -> bool:
    """Whether every member of the server may read in a channel."""
    if channel.guild.default_role is None:  # a server that the library knows by name alone
        return False
    allowed = channel.permissions_for(channel.guild.default_role)
    # What is written beside a voice channel can be read by those who may join it.
    voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    return allowed.view_channel and (allowed.connect or not voice)
