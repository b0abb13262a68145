"""Who may do what in a server, by Discord's permissions and by the server's setting of who may delete tunes.

Moderators have Manage Messages in the channel where a tune was posted. Managers have Manage Server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.visibility import scope_of
from bot.scope import Scope
from bot.store import Song
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

NO_SERVER = _("Only servers that the bot was added to have settings: use this command there.")
ONLY_MANAGERS = _("Only members with the permission Manage Server can see and change the settings.")
ONLY_MODERATORS = _("Only moderators (Manage Messages in the channel of this tune) can do this.")
NOT_YOURS = _("Only the person who requested this tune, or a moderator, can delete it.")


def is_moderator(interaction: discord.Interaction[Any], channel_id: str | None) -> bool:
    """Return whether the user is a moderator of a channel in the server of the interaction.

    channel_id: None, or a channel that the bot does not know (any more), stands for the server as a whole.
    """
    if interaction.guild_id is None:
        return False
    if channel_id == str(interaction.channel_id):
        return interaction.permissions.manage_messages
    guild: discord.Guild | None = interaction.client.get_guild(interaction.guild_id)
    person = interaction.user
    if guild is None or not isinstance(person, discord.Member):
        return False
    channel = guild.get_channel_or_thread(int(channel_id or 0))
    if channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return person.guild_permissions.manage_messages
    return channel.permissions_for(person).manage_messages


async def check_moderator(interaction: discord.Interaction[ChiptuneClient], song_id: str) -> None:
    """Raise InputError if a user who acts on a report does not moderate the tune.

    The channel where the tune was posted decides. For a tune from another scope, the channel of the report decides,
    which the operators of the bot have chosen.
    """
    entry = await interaction.client.store.requests.get(song_id)
    same_scope = entry is not None and entry.scope == scope_of(interaction)
    if not is_moderator(interaction, entry.channel_id if entry and same_scope else str(interaction.channel_id)):
        raise InputError(ONLY_MODERATORS)


def check_manager(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    outside_servers: str = NO_SERVER,
    not_manager: str = ONLY_MANAGERS,
) -> Scope:
    """Return the scope of the server that the user manages.

    Raise InputError, outside servers with the sentence `outside_servers`, for other users with `not_manager`.
    """
    if interaction.guild_id is None or interaction.client.get_guild(interaction.guild_id) is None:
        raise InputError(outside_servers)
    if not interaction.permissions.manage_guild:
        raise InputError(not_manager)
    return Scope.server(interaction.guild_id)


async def deletable_songs(interaction: discord.Interaction[ChiptuneClient], songs: Sequence[Song]) -> list[Song]:
    """Return those of the tunes that the user may delete here.

    A moderator may delete all tunes posted in their channel; others may delete their own if the server allows it.
    """
    scope, user, own_deletable = scope_of(interaction), str(interaction.user.id), await _own_deletable(interaction)
    channels = await interaction.client.store.requests.channels([song.id for song in songs])
    return [
        song
        for song in songs
        if song.scope == scope
        and ((own_deletable and song.user_id == user) or is_moderator(interaction, channels.get(song.id)))
    ]


async def check_can_delete(interaction: discord.Interaction[ChiptuneClient], song: Song) -> None:
    """Raise InputError, which says who may, if the user may not delete a tune."""
    if not await deletable_songs(interaction, [song]):
        raise InputError(NOT_YOURS if await _own_deletable(interaction) else ONLY_MODERATORS)


async def _own_deletable(interaction: discord.Interaction[ChiptuneClient]) -> bool:
    """Return whether users may delete their own tunes here. Outside servers, they may."""
    if interaction.guild_id is None:
        return True
    return (await interaction.client.store.servers.settings(scope_of(interaction))).clear == "own"
