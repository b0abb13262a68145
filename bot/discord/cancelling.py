"""Taking a request back that is not done: `/chiptune cancel`, and the button on a placeholder.

What a request leaves behind that was taken back is the backlog's affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.asking import place
from bot.discord.completing import CHOICE_LENGTH, MAX_CHOICES
from bot.discord.posts import notice
from bot.discord.pressed import SONG, OfSong, Press
from bot.discord.queue import summary
from bot.discord.rights import moderates
from bot.text import plain
from generator.contract import CANCELLED_SENTENCE, InputError

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient
    from bot.store import Entry

NO_REQUEST = "There is no such request: `/chiptune queue` shows what is open."
NOT_YOURS = "Only the one who asked, or a moderator, can cancel this."
NOT_YOUR_BUTTON = "Only the one who asked can press this; moderators have `/chiptune cancel`."
CANCELLED = "Cancelled."


async def complete_request(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The open requests that the person may cancel, their own first."""
    user = str(interaction.user.id)
    found = [(entry, where) for entry, where in await interaction.client.backlog.open() if may(interaction, entry)]
    found.sort(key=lambda one: one[0].user_id != user)
    named = [
        (f"{'' if entry.user_id == user else 'another’s '}{summary(entry.request)} · {where}", entry.id)
        for entry, where in found
    ]
    choices = [Choice(name=plain(name, CHOICE_LENGTH), value=request) for name, request in named]
    return [choice for choice in choices if typed.strip().lower() in choice.name.lower()][:MAX_CHOICES]


@app_commands.command(name="cancel", description="Take a request back that is not done yet")
@app_commands.describe(request="What is waiting or being made; your next one if left out")
@app_commands.autocomplete(request=complete_request)
async def cancel(interaction: discord.Interaction[ChiptuneClient], *, request: str | None = None) -> None:
    """Take back a request of one's own, or as a moderator anybody's in the server."""
    client, user = interaction.client, str(interaction.user.id)
    if request is None:
        request = next((entry.id for entry, _ in await client.backlog.open(user_id=user)), "")
    entry = await client.store.requests.get(request)
    if entry is None or not (entry.user_id == user or entry.guild_id == place(interaction)):
        raise InputError(NO_REQUEST)
    if not may(interaction, entry):
        raise InputError(NOT_YOURS)
    await interaction.response.defer(thinking=True, ephemeral=True)  # first: the disk may be busy
    await client.backlog.cancel(entry.id, by=user)
    await interaction.edit_original_response(content=CANCELLED)


def may(interaction: discord.Interaction[Any], entry: Entry) -> bool:
    """Whether somebody asked for it on Discord, or keeps order in the channel where it was asked for."""
    if entry.origin != "discord":
        return False
    here = entry.guild_id == str(interaction.guild_id)
    return (here and moderates(interaction, entry.channel_id)) or entry.user_id == str(interaction.user.id)


class Cancel(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:cancel:{SONG}"):
    """Takes back the request that a placeholder stands for, whose id the tune would have."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label="Cancel", custom_id=f"chiptune:cancel:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Cancel it, and say so in the placeholder at once."""
        entry = await client.store.requests.get(self.song_id)
        if entry is None:
            raise InputError(NO_REQUEST)
        user = str(interaction.user.id)
        if entry.user_id != user:
            raise InputError(NOT_YOUR_BUTTON)
        await interaction.response.defer()
        await client.backlog.cancel(entry.id, by=user)
        await interaction.edit_original_response(view=notice(CANCELLED_SENTENCE))
