"""Who may do what in a server: moderators have Manage Messages where a tune was posted, managers Manage Server.

Discord's own permissions, and the server's setting of who may delete tunes.
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

NO_SERVER = _("Settings belong to a server that the bot was added to: use this there.")
ONLY_MANAGERS = _("Only those who may manage this server (Manage Server) can see and change its settings.")
ONLY_MODERATORS = _("Only moderators (Manage Messages in the channel of this tune) can do this.")
NOT_YOURS = _("Only the one who asked for this tune, or a moderator, can delete it.")


def is_moderator(interaction: discord.Interaction[Any], channel_id: str | None) -> bool:
    """Whether somebody keeps order in a channel of the server where this is: that of a tune's post, say.

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
    """Raise InputError where somebody, below a report, is no moderator of the tune.

    That goes by where the tune was posted; of a tune from elsewhere by this channel, which those who run the bot set.
    """
    entry = await interaction.client.store.requests.get(song_id)
    from_here = entry is not None and entry.scope == scope_of(interaction)
    if not is_moderator(interaction, entry.channel_id if entry and from_here else str(interaction.channel_id)):
        raise InputError(ONLY_MODERATORS)


def check_manager(
    interaction: discord.Interaction[ChiptuneClient], *, nowhere: str = NO_SERVER, nobody: str = ONLY_MANAGERS
) -> Scope:
    """Return the scope of the server that the user manages, else raise InputError: `nowhere` outside servers, `nobody`."""
    if interaction.guild_id is None or interaction.client.get_guild(interaction.guild_id) is None:
        raise InputError(nowhere)
    if not interaction.permissions.manage_guild:
        raise InputError(nobody)
    return Scope.server(interaction.guild_id)


async def deletable_songs(interaction: discord.Interaction[ChiptuneClient], songs: Sequence[Song]) -> list[Song]:
    """Those of some tunes that somebody may delete here.

    All as a moderator of the channel where they were posted, else their own, where the server has it so.
    """
    here, user, own = scope_of(interaction), str(interaction.user.id), await _own_deletable(interaction)
    channels = await interaction.client.store.requests.channels([song.id for song in songs])
    return [
        song
        for song in songs
        if song.scope == here and ((own and song.user_id == user) or is_moderator(interaction, channels.get(song.id)))
    ]


async def check_can_delete(interaction: discord.Interaction[ChiptuneClient], song: Song) -> None:
    """Raise InputError, which says who could, where somebody may not delete a tune."""
    if not await deletable_songs(interaction, [song]):
        raise InputError(NOT_YOURS if await _own_deletable(interaction) else ONLY_MODERATORS)


async def _own_deletable(interaction: discord.Interaction[ChiptuneClient]) -> bool:
    """Whether people delete their own tunes here; outside of servers they do."""
    if interaction.guild_id is None:
        return True
    return (await interaction.client.store.servers.settings(scope_of(interaction))).clear == "own"
