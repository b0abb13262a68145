"""A tune that somebody objects to: a form that asks why, and the word that it was passed on.

What becomes of a report is left to the store, which keeps it until somebody has looked at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.discord import replies
from bot.discord.pressed import SONG, OfSong, Press
from bot.store import Store
from bot.store.reports import REASON_LENGTH
from bot.text import plain
from generator.contract import InputError

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

FORM_SECONDS = 15 * 60.0
THANKS = "Thank you: this was passed on to those who run the bot."
AGAIN = "You have reported this tune before: it was passed on then."


class Report(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:report:{SONG}"):
    """Opens the form."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label="Report…", emoji="🚩", custom_id=f"chiptune:report:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Show the form, which is the answer to the press."""
        song = await self.song(client)
        await interaction.response.send_modal(ReportForm(song.id, client.store))


class ReportForm(ui.Modal, title="Report this tune"):
    """Asks for the reason."""

    def __init__(self, song_id: str, store: Store) -> None:
        super().__init__(timeout=FORM_SECONDS)
        self.song_id = song_id
        self.store = store
        self.reason: ui.TextInput[Any] = ui.TextInput(
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(ui.Label(text="What is wrong with it?", component=self.reason))

    async def on_submit(self, interaction: Press) -> None:
        """Pass it on, and say so to the one who reports alone."""
        async with replies.answering(interaction):
            reason = plain(self.reason.value, REASON_LENGTH)
            if not reason:
                raise InputError("Please say what is wrong with it.")
            new = await self.store.reports.add(self.song_id, str(interaction.user.id), reason)
            await interaction.response.send_message(THANKS if new else AGAIN, ephemeral=True)
