"""`/chiptune delete` and the buttons that delete a tune, with its database rows, its files and its messages.

Who may delete a tune is decided in `core.permissions`. What remains of a tune that others derive from is decided in
the store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.core import permissions, visibility
from bot.discord.core.autocomplete import SONGS_SEARCHED, song_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.markdown import escape
from bot.languages import say
from bot.store import Song
from bot.store.messages import Place
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext

log = logging.getLogger(__name__)

CONFIRM = _("Delete {title}, with its files, votes and messages? This cannot be undone.")
DELETED = _("{title} was deleted.")
REMAINING = ngettext(
    "One message with it could not be deleted: a moderator can delete it.",
    "{n} messages with it could not be deleted: a moderator can delete them.",
)
BEING_POSTED = _("This tune is being posted right now: please try again in a moment.")


async def complete_deletable(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the newest tunes made here whose titles contain the typed text and that the user may delete."""
    songs = await visibility.list_songs(interaction, limit=SONGS_SEARCHED)
    return song_choices(await permissions.deletable_songs(interaction, songs), typed)


@app_commands.command(name="delete", description="Delete a tune made here")
@app_commands.describe(song="One of your tunes; moderators can choose any tune made here")
@app_commands.autocomplete(song=complete_deletable)
async def delete(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Ask the user to confirm that a tune is to be deleted."""
    await ask_to_confirm(interaction, await visibility.find_song(interaction, song))


async def ask_to_confirm(interaction: discord.Interaction[ChiptuneClient], song: Song) -> None:
    """Ask the user, in a reply only they see, to confirm a deletion. Raise InputError if they may not delete it."""
    await permissions.check_can_delete(interaction, song)
    view = ui.View(timeout=None).add_item(ConfirmDeleteButton(song.id))
    title = f"**{escape(song.title)}**"
    await interaction.response.send_message(say(CONFIRM, title=title), view=view, ephemeral=True)


async def delete_song(client: ChiptuneClient, song: Song) -> str:
    """Delete a tune with its messages. Return a sentence about messages that could not be deleted, "" if none.

    Raise InputError if the tune is being posted right now.
    """
    entry = await client.store.requests.get(song.id)
    if entry is not None and entry.status == "composed":
        raise InputError(BEING_POSTED)
    messages = await client.store.messages.of(song.id)
    await client.backlog.files.delete(song.id)
    remaining = await remove_messages(client, messages)
    return say(REMAINING.counted(remaining)) if remaining else ""


async def remove_messages(client: ChiptuneClient, messages: Iterable[Place]) -> int:
    """Delete messages of the bot. Return how many could not be deleted."""
    remaining = 0
    for channel_id, message_id in messages:
        remaining += not await _remove_message(client, channel_id, message_id)
    return remaining


async def _remove_message(client: ChiptuneClient, channel_id: str | None, message_id: str) -> bool:
    """Delete a message. Return whether it is gone; it cannot be deleted if its channel is unknown."""
    if channel_id is None:
        return False
    try:
        await client.get_partial_messageable(int(channel_id)).get_partial_message(int(message_id)).delete()
    except discord.NotFound:
        return True
    except discord.HTTPException as error:
        log.warning("message %s of a deleted tune could not be deleted: %s", message_id, error)
        return False
    return True


class DeleteButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:delete:{SONG}"):
    """The button that asks the user to confirm the deletion of a tune."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Delete…"), emoji="🗑️", custom_id=f"chiptune:delete:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Ask for confirmation."""
        await ask_to_confirm(interaction, await self.get_song(client))


class ConfirmDeleteButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:delete-for-good:{SONG}"):
    """The button that confirms the deletion and deletes the tune."""

    def __init__(self, song_id: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            song_id, ui.Button(label=say("Delete it"), style=style, custom_id=f"chiptune:delete-for-good:{song_id}")
        )

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Delete the tune and replace the question with the result."""
        song = await self.get_song(client)
        await permissions.check_can_delete(interaction, song)
        await interaction.response.defer()
        remaining = await delete_song(client, song)
        title = f"**{escape(song.title)}**"
        text = say(joined(" ", DELETED.format(title=title), remaining))
        await interaction.edit_original_response(content=text, view=None)
