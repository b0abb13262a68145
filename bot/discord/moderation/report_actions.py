"""The buttons under a report, with which moderators delete the tune or dismiss the report.

The custom_id of a button holds everything it needs. A press settles all reports of the tune at once.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.locale import channel_locale
from bot.discord.core.permissions import check_moderator
from bot.discord.moderation.delete import delete_song
from bot.languages import say, using_language
from generator.protocol.i18n import _

LABELS = {"delete": _("Delete the tune"), "dismiss": _("Dismiss")}
ALREADY_DELETED = _("The tune was already deleted.")
DELETED = _("Deleted by <@{user}>.")
DISMISSED = _("Dismissed by <@{user}>.")


def report_view(song_id: str) -> ui.View:
    """Return the buttons under a report."""
    view = ui.View(timeout=None)
    for verdict in LABELS:
        view.add_item(SettleReportsButton(song_id, verdict))
    return view


class SettleReportsButton(
    SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:handle:(?P<verdict>delete|dismiss):{SONG}"
):
    """The button that settles all reports of a tune. verdict: "delete" or "dismiss"."""

    def __init__(self, song_id: str, verdict: str) -> None:
        self.verdict = verdict
        style = discord.ButtonStyle.danger if verdict == "delete" else discord.ButtonStyle.secondary
        super().__init__(
            song_id,
            ui.Button(label=say(LABELS[verdict]), style=style, custom_id=f"chiptune:handle:{verdict}:{song_id}"),
        )

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Settle the reports, and note below the report who did it."""
        await check_moderator(interaction, self.song_id)
        await interaction.response.defer()
        with using_language(await channel_locale(interaction)):
            outcome = await self._settle(client, interaction.user.id)
        report = interaction.message.content if interaction.message else ""
        await interaction.edit_original_response(content=f"{report}\n{outcome}", view=None)

    async def _settle(self, client: ChiptuneClient, user: int) -> str:
        """Delete the tune or dismiss its reports. Return the outcome. Raise InputError if the tune is being posted."""
        song = await client.store.songs.get(self.song_id)
        if song is None:
            return say(ALREADY_DELETED)
        if self.verdict == "dismiss":
            await client.store.reports.handle(song.id)
            return say(DISMISSED, user=user)
        remaining = await delete_song(client, song)
        return f"{say(DELETED, user=user)} {remaining}".rstrip()
