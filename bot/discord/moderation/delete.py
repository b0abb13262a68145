"""`/chiptune delete`, and what else deletes a tune: its rows, its files, and its messages where that is possible.

Who may is in `rights`; what stays of a tune that others came from is the store's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.core import permissions
from bot.discord.core.autocomplete import SEARCHED, song_choices
from bot.discord.core.components import SONG, OfSong, Press
from bot.discord.core.markdown import inert
from bot.discord.queue import submission
from bot.languages import say
from bot.store import Song
from bot.store.messages import Place
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient

log = logging.getLogger(__name__)

CONFIRM = _("Shall {title} be deleted, with its files, its votes and its messages? This cannot be undone.")
DELETED = _("{title} is deleted.")
REMAINING = ngettext(
    "A message that holds it could not be removed: a moderator can do that.",
    "{n} messages that hold it could not be removed: a moderator can do that.",
)
BEING_POSTED = _("This tune is just being posted: try again when it is there.")


async def complete_deletable(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The newest tunes made here that the person may delete and whose titles hold what was typed."""
    songs = await submission.listed(interaction, limit=SEARCHED)
    return song_choices(await permissions.deletable(interaction, songs), typed)


@app_commands.command(name="delete", description="Delete a tune made here")
@app_commands.describe(song="A tune of yours; for moderators, any tune made here")
@app_commands.autocomplete(song=complete_deletable)
async def delete(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Ask whether a tune shall be deleted."""
    await ask_to_confirm(interaction, await submission.find_song(interaction, song))


async def ask_to_confirm(interaction: discord.Interaction[ChiptuneClient], song: Song) -> None:
    """Ask the person alone whether they are sure. Raises InputError where they may not."""
    await permissions.check_may_delete(interaction, song)
    view = ui.View(timeout=None).add_item(ConfirmDeleteButton(song.id))
    title = f"**{inert(song.title)}**"
    await interaction.response.send_message(say(CONFIRM, title=title), view=view, ephemeral=True)


async def delete_song(client: ChiptuneClient, song: Song) -> str:
    """Delete a tune with its messages; what is to be said of those that stay, "" where none does.

    Raises InputError while it is being posted.
    """
    entry = await client.store.requests.get(song.id)
    if entry is not None and entry.status == "composed":
        raise InputError(BEING_POSTED)
    messages = await client.store.messages.of(song.id)
    await client.backlog.files.delete(song.id)
    stay = await remove_messages(client, messages)
    return say(REMAINING.counted(stay)) if stay else ""


async def remove_messages(client: ChiptuneClient, messages: Iterable[Place]) -> int:
    """Remove messages of the bot's; how many stay."""
    stay = 0
    for channel_id, message_id in messages:
        stay += not await _remove_message(client, channel_id, message_id)
    return stay


async def _remove_message(client: ChiptuneClient, channel_id: str | None, message_id: str) -> bool:
    """Whether it is gone. Where no row knows its channel it is out of reach."""
    if channel_id is None:
        return False
    try:
        await client.get_partial_messageable(int(channel_id)).get_partial_message(int(message_id)).delete()
    except discord.NotFound:
        return True
    except discord.HTTPException as error:
        log.warning("the message %s of a deleted tune stays: %s", message_id, error)
        return False
    return True


class DeleteButton(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:delete:{SONG}"):
    """Asks whether the tune shall be deleted."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Delete…"), emoji="🗑️", custom_id=f"chiptune:delete:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Ask once more."""
        await ask_to_confirm(interaction, await self.song(client))


class ConfirmDeleteButton(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:delete-for-good:{SONG}"):
    """Deletes the tune."""

    def __init__(self, song_id: str) -> None:
        red = discord.ButtonStyle.danger
        super().__init__(
            song_id, ui.Button(label=say("Delete it"), style=red, custom_id=f"chiptune:delete-for-good:{song_id}")
        )

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Delete, and say so in place of the question."""
        song = await self.song(client)
        await permissions.check_may_delete(interaction, song)
        await interaction.response.defer()
        stays = await delete_song(client, song)
        title = f"**{inert(song.title)}**"
        said = say(joined(" ", DELETED.format(title=title), stays))
        await interaction.edit_original_response(content=said, view=None)
