"""Reporting a tune, with `/chiptune report` or with the report button and its form.

The store keeps a report until a moderator settles it (`report_actions`). The bot also forwards it to the channel that
the server has set for reports. A report from outside the servers that the bot is in goes to the operators' channel,
with the sound, because they cannot open the tune's message. If the operators have set no channel, the report is not
kept, and the bot says so.
"""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import Range

from bot.discord.core import error_replies, locale, visibility
from bot.discord.core.autocomplete import complete_song
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.markdown import escape
from bot.discord.moderation.report_actions import report_view
from bot.discord.post.layout import linked_title
from bot.languages import NATIVE, command, say, using_language
from bot.store import Song
from bot.store.reports import REASON_LENGTH, Report
from bot.text import plain
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

log = logging.getLogger(__name__)

FORM_SECONDS = 15 * 60.0
NO_REASON = _("Please say what is wrong with it.")
FORWARDED = _("Thank you: your report was forwarded to the moderators.")
KEPT = _(
    "Thank you: your report is kept for the moderators, but this server has set no channel in which they would see "
    "it. Please tell one of them, or somebody who manages this server (`{reports}`)."
).format(reports=command("settings reports"))
FORWARDED_TO_OPERATORS = _("Thank you: your report was forwarded to the bot's operators.")
NOT_FORWARDED = _("Your report could not be forwarded to the bot's operators, and is not kept: please try again later.")
NO_RECIPIENT = _(
    "Nobody here would receive your report: this is not a server that the bot was added to, and its operators have "
    "set no channel for reports. Nothing was sent or kept. The person who asked for a tune can delete it "
    "(`{delete}`); you can leave the conversation, or block the bot."
).format(delete=command("delete"))
ALREADY_REPORTED = _("You have already reported this tune.")
CARD = _("🚩 {song} was reported by <@{reporter}>: {reason}")
OPERATORS_CARD = _("🚩 {song}, a tune from outside the bot's servers, was reported by <@{reporter}>: {reason}")


@app_commands.command(name="report", description="Tell the moderators that something is wrong with a tune")
@app_commands.describe(song="A tune made here", reason="What is wrong with it")
@app_commands.autocomplete(song=complete_song)
async def report(
    interaction: discord.Interaction[ChiptuneClient], song: str, reason: Range[str, 1, REASON_LENGTH]
) -> None:
    """Report a tune made here."""
    await submit_report(interaction, await visibility.find_song(interaction, song), reason)


async def submit_report(interaction: discord.Interaction[ChiptuneClient], song: Song, reason: str) -> None:
    """Keep and forward a report, and tell the reporter, in a reply only they see, what happened. Raise InputError."""
    client, reporter = interaction.client, str(interaction.user.id)
    check_recipient(client, song)
    reason = plain(reason, REASON_LENGTH)
    if not reason:
        raise InputError(NO_REASON)
    await interaction.response.defer(ephemeral=True, thinking=True)
    if not await client.store.reports.add(song.id, reporter, reason):
        outcome = ALREADY_REPORTED
    elif await forward_report(client, Report(song.id, reporter, reason, interaction.created_at.timestamp())):
        outcome = FORWARDED if in_joined_server(client, song) else FORWARDED_TO_OPERATORS
    elif in_joined_server(client, song):
        outcome = KEPT
    else:
        await client.store.reports.take_back(song.id, reporter)
        outcome = NOT_FORWARDED
    await interaction.edit_original_response(content=say(outcome))


def in_joined_server(client: ChiptuneClient, song: Song) -> bool:
    """Return whether a tune belongs to a server that the bot is in."""
    server = song.scope.server_id if song.scope else None
    return server is not None and client.get_guild(server) is not None


def check_recipient(client: ChiptuneClient, song: Song) -> None:
    """Raise InputError if nobody could receive a report of a tune."""
    if client.reports_channel is None and not in_joined_server(client, song):
        raise InputError(NO_RECIPIENT)


async def _recipient_locale(client: ChiptuneClient, song: Song) -> str:
    """Return the language of the channel that reports of a tune go to: English in the operators' channel."""
    return await locale.server_locale(client, song.scope) if in_joined_server(client, song) else NATIVE


async def forward_report(client: ChiptuneClient, report: Report) -> bool:
    """Post a report in its server's channel for reports, or in the operators'. Return whether that succeeded."""
    song, entry = await client.store.songs.get(report.song), await client.store.requests.get(report.song)
    if song is None or entry is None:
        return False
    inside = in_joined_server(client, song)
    settings = await client.store.servers.settings(song.scope)
    channel = settings.report_channel_id if inside else client.reports_channel
    if channel is None:
        return False
    template, title = (CARD, linked_title(entry, song)) if inside else (OPERATORS_CARD, f"**{escape(song.title)}**")
    card = template.format(song=title, reporter=report.reporter, reason=escape(report.reason, REASON_LENGTH))
    sound = None if inside else await client.backlog.files.path(song.id, song.audio)
    files = [discord.File(sound, filename=song.audio)] if sound else []
    try:
        with using_language(await _recipient_locale(client, song)):
            destination = client.get_partial_messageable(int(channel))
            await destination.send(say(card), view=report_view(song.id), files=files)
    except discord.HTTPException as error:
        log.warning("a report of the tune %s could not be forwarded: %s", song.id, error)
        return False
    return True


class ReportButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:report:{SONG}"):
    """The button that opens the report form."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Report…"), emoji="🚩", custom_id=f"chiptune:report:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Open the form."""
        song = await self.get_song(client)
        check_recipient(client, song)
        await interaction.response.send_modal(ReportForm(song))


class ReportForm(ui.Modal):
    """The form that asks for the reason of a report."""

    def __init__(self, song: Song) -> None:
        super().__init__(title=say("Report this tune"), timeout=FORM_SECONDS)
        self.song = song
        self.reason: ui.TextInput[Any] = ui.TextInput(
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(ui.Label(text=say("What is wrong with it?"), component=self.reason))

    async def on_submit(self, interaction: AnyInteraction) -> None:
        """Submit the report."""
        async with error_replies.answering(interaction):
            await submit_report(interaction, self.song, self.reason.value)
