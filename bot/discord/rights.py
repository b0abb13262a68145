"""Who may do what in a server: moderators have Manage Messages there, managers Manage Server.

Discord's own permissions, as each interaction carries them, and the server's setting of who may delete tunes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import discord

from bot.discord.asking import place
from generator.contract import InputError

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient
    from bot.store import Song

NO_SERVER = "Settings belong to a server that the bot was added to: use this there."
ONLY_MANAGERS = "Only those who may manage this server (Manage Server) can see and change its settings."
ONLY_MODERATORS = "Only moderators of this server (Manage Messages) can do this."
NOT_YOURS = "Only the one who asked for this tune, or a moderator, can delete it."


def moderates(interaction: discord.Interaction) -> bool:
    """Whether somebody keeps order in the server where this is."""
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def check_moderates(interaction: discord.Interaction) -> None:
    """Raise InputError where somebody is no moderator."""
    if not moderates(interaction):
        raise InputError(ONLY_MODERATORS)


def check_manages(
    interaction: discord.Interaction[ChiptuneClient], *, nowhere: str = NO_SERVER, nobody: str = ONLY_MANAGERS
) -> str:
    """The id of the server that somebody manages. Raises InputError: `nowhere` outside of one, `nobody` for others."""
    if interaction.guild_id is None or interaction.client.get_guild(interaction.guild_id) is None:
        raise InputError(nowhere)
    if not interaction.permissions.manage_guild:
        raise InputError(nobody)
    return str(interaction.guild_id)


async def deletable(interaction: discord.Interaction[ChiptuneClient]) -> Callable[[Song], bool]:
    """Which tunes somebody may delete here: every one as a moderator, else their own, where the server has it so."""
    here, user = place(interaction), str(interaction.user.id)
    if moderates(interaction):
        return lambda song: song.guild_id == here
    if await _own_deletable(interaction):
        return lambda song: song.guild_id == here and song.user_id == user
    return lambda song: False


async def check_may_delete(interaction: discord.Interaction[ChiptuneClient], song: Song) -> None:
    """Raise InputError, which says who could, where somebody may not delete a tune."""
    if not (await deletable(interaction))(song):
        raise InputError(NOT_YOURS if await _own_deletable(interaction) else ONLY_MODERATORS)


async def _own_deletable(interaction: discord.Interaction[ChiptuneClient]) -> bool:
    """Whether people delete their own tunes here; outside of servers they do."""
    if interaction.guild_id is None:
        return True
    return (await interaction.client.store.servers.settings(place(interaction))).clear == "own"
