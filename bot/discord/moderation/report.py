"""A tune that somebody objects to: `/chiptune report`, or the button's form that asks why.

A report is kept by the store until somebody has looked at it, and passed on to the channel that the server has set for
reports; from outside of the servers that the bot is in, to that of those who run it, with the sound, since they cannot
go there. Where these have set none, nothing is kept, and that is said. What moderators do with it is in `handling`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.app_commands import Range

from bot.discord.core import error_replies, locale
from bot.discord.core.autocomplete import complete_song
from bot.discord.core.components import SONG, OfSong, Press
from bot.discord.core.markdown import inert
from bot.discord.moderation.report_actions import report_view
from bot.discord.post.layout import linked_title
from bot.discord.queue import submission
from bot.languages import NATIVE, command, say, speaking
from bot.store.reports import REASON_LENGTH, Report
from bot.text import plain
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient
    from bot.store import Song

log = logging.getLogger(__name__)

FORM_SECONDS = 15 * 60.0
NO_REASON = _("Please say what is wrong with it.")
FORWARDED = _("Thank you: this was passed on to the moderators.")
KEPT = _(
    "Thank you: this is kept for the moderators, but no channel is set here in which they would see it. Please tell "
    "one of them, or somebody who manages this server (`{reports}`)."
).format(reports=command("settings reports"))
FORWARDED_TO_OPERATORS = _("Thank you: this was passed on to those who run the bot.")
NOT_FORWARDED = _("This could not be passed on to those who run the bot, and is not kept: please try again later.")
NO_RECIPIENT = _(
    "There is nobody to tell here: this is no server that the bot was added to, and those who run it have set no "
    "channel for reports. Nothing was sent or kept. Who asked for a tune can delete it (`{delete}`); you can leave "
    "the conversation, or block the bot."
).format(delete=command("delete"))
ALREADY_REPORTED = _("You have reported this tune before.")
CARD = _("🚩 {song} was reported by <@{reporter}>: {reason}")
OPERATORS_CARD = _("🚩 {song}, a tune from outside of servers, was reported by <@{reporter}>: {reason}")


@app_commands.command(name="report", description="Tell the moderators that something is wrong with a tune")
@app_commands.describe(song="A tune made here", reason="What is wrong with it")
@app_commands.autocomplete(song=complete_song)
async def report(
    interaction: discord.Interaction[ChiptuneClient], song: str, reason: Range[str, 1, REASON_LENGTH]
) -> None:
    """Report a tune of this place."""
    await submit_report(interaction, await submission.find_song(interaction, song), reason)


async def submit_report(interaction: discord.Interaction[ChiptuneClient], song: Song, reason: str) -> None:
    """Keep a report, pass it on, and say to the one who reports alone what became of it. Raises InputError."""
    client, reporter = interaction.client, str(interaction.user.id)
    check_recipient(client, song)
    reason = plain(reason, REASON_LENGTH)
    if not reason:
        raise InputError(NO_REASON)
    await interaction.response.defer(ephemeral=True, thinking=True)
    if not await client.store.reports.add(song.id, reporter, reason):
        said = ALREADY_REPORTED
    elif await forward_report(client, Report(song.id, reporter, reason, interaction.created_at.timestamp())):
        said = FORWARDED if in_joined_server(client, song) else FORWARDED_TO_OPERATORS
    elif in_joined_server(client, song):
        said = KEPT
    else:
        await client.store.reports.take_back(song.id, reporter)
        said = NOT_FORWARDED
    await interaction.edit_original_response(content=say(said))


def in_joined_server(client: ChiptuneClient, song: Song) -> bool:
    """Whether a tune belongs to a server that the bot is in."""
    place = song.guild_id or ""
    return place.isdecimal() and client.get_guild(int(place)) is not None


def check_recipient(client: ChiptuneClient, song: Song) -> None:
    """Raise InputError where no report of a tune could ever reach anybody."""
    if client.reports_channel is None and not in_joined_server(client, song):
        raise InputError(NO_RECIPIENT)


async def _recipient_locale(client: ChiptuneClient, song: Song) -> str:
    """What is spoken where reports of a tune go; those who run the bot read English."""
    return await locale.of_server(client, song.guild_id or "") if in_joined_server(client, song) else NATIVE


async def forward_report(client: ChiptuneClient, report: Report) -> bool:
    """Show a report in the channel for those of its server, or of all outside; whether that could be written to."""
    song, entry = await client.store.songs.get(report.song), await client.store.requests.get(report.song)
    if song is None or entry is None:
        return False
    inside = in_joined_server(client, song)
    settings = await client.store.servers.settings(song.guild_id or "")
    channel = settings.report_channel_id if inside else client.reports_channel
    if channel is None:
        return False
    form, title = (CARD, linked_title(entry, song)) if inside else (OPERATORS_CARD, f"**{inert(song.title)}**")
    card = form.format(song=title, reporter=report.reporter, reason=inert(report.reason, REASON_LENGTH))
    sound = None if inside else await client.backlog.files.path(song.id, song.audio)
    files = [discord.File(sound, filename=song.audio)] if sound else []
    try:
        with speaking(await _recipient_locale(client, song)):
            to = client.get_partial_messageable(int(channel))
            await to.send(say(card), view=report_view(song.id), files=files)
    except discord.HTTPException as error:
        log.warning("a report of the tune %s could not be passed on: %s", song.id, error)
        return False
    return True


class ReportButton(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:report:{SONG}"):
    """Opens the form."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Report…"), emoji="🚩", custom_id=f"chiptune:report:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Show the form, which is the answer to the press."""
        song = await self.song(client)
        check_recipient(client, song)
        await interaction.response.send_modal(ReportForm(song))


class ReportForm(ui.Modal):
    """Asks for the reason."""

    def __init__(self, song: Song) -> None:
        super().__init__(title=say("Report this tune"), timeout=FORM_SECONDS)
        self.song = song
        self.reason: ui.TextInput[Any] = ui.TextInput(
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(ui.Label(text=say("What is wrong with it?"), component=self.reason))

    async def on_submit(self, interaction: Press) -> None:
        """Keep it and pass it on."""
        async with error_replies.answering(interaction):
            await submit_report(interaction, self.song, self.reason.value)
