"""`/chiptune privacy`: what is kept about a user, with buttons that export or erase it.

What is kept, and how it is read or erased, is defined in `bot.privacy`. The buttons act on the data of whoever presses
them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import AnyInteraction, PersistentComponent
from bot.discord.core.message_access import TOO_LARGE
from bot.discord.moderation.delete import remove_messages
from bot.languages import say
from bot.store.messages import Place
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext

PAGE = _("""**What this bot keeps about you**, under your Discord id and nothing else:
- **Tunes** you asked for, with what you asked for and where, and the messages in which you had tunes posted again or \
one of yours won a contest, until these tunes are deleted or erased. Their recipe includes the name of a file you sent.
- **MIDI files** you sent: {keep} days after the request is done. Requests without a tune: {keep} days.
- **Votes** and which of two tunes you preferred, as long as these tunes are kept. Your nominations and votes in a \
**contest**, until its round is over. \
**Reports** with their reason: {keep} days after they were settled.
- Everything about a server is deleted {grace} days after the bot was removed from it.

The bot does not read messages, share any of this, or train its model with it. *Export* gives you a copy of \
everything. *Erase* deletes it at once and permanently.""")
LINKS = {"terms_of_service_url": _("Terms"), "privacy_policy_url": _("Privacy policy")}
"""Addresses that the operator may set in Discord's developer portal: discord.py's attribute name -> button label."""
EXPORT_NAME = "chiptune-bot.zip"
EXPORTS: tuple[tuple[frozenset[str] | None, str], ...] = (
    (None, _("Everything that is kept about you.")),
    (
        frozenset((".mid", ".ogg")),
        _("What is kept about you, without videos and pictures: with them it would be over Discord's limit."),
    ),
    (
        frozenset((".mid",)),
        _("What is kept about you, with MIDI files only: with sound it would be over Discord's limit."),
    ),
    (frozenset(), _("What is kept about you, without files: with them it would be over Discord's limit.")),
)
"""The versions of an export, the fullest first: the suffixes of its files (None: all) and the text sent with it."""
EXPORT_TOO_LARGE = _(
    "What is kept about you is over Discord's limit for a file: please ask the bot's operators for it."
)
CONFIRM = _(
    "Erase everything about you: your tunes with their files and messages, what you had posted again, your MIDI "
    "files, votes, nominations and reports, in all servers? This cannot be undone."
)
BEING_POSTED = _("One of your tunes is being posted right now: please try again in a moment. Nothing was erased.")
REMAINING = ngettext(
    "The bot could not delete {n} message: moderators of its channel can.",
    "The bot could not delete {n} messages: moderators of their channels can.",
)
NOTHING_KEPT = _("There was nothing to erase.")
COUNTS = {
    "songs": ngettext("{n} tune", "{n} tunes"),
    "requests": ngettext("{n} request", "{n} requests"),
    "uploads": ngettext("{n} MIDI file", "{n} MIDI files"),
    "votes": ngettext("{n} vote", "{n} votes"),
    "battles": ngettext("{n} battle", "{n} battles"),
    "nominations": ngettext("{n} nomination", "{n} nominations"),
    "ballots": ngettext("{n} contest vote", "{n} contest votes"),
    "reports": ngettext("{n} report", "{n} reports"),
}
"""The tables that the answer to an erasure counts, and what a row of each is called."""


@app_commands.command(name="privacy", description="See, export or erase what is kept about you")
async def show_privacy(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the user, in a reply only they see, what is kept about them."""
    client = interaction.client
    view = ui.View(timeout=None).add_item(ExportButton()).add_item(EraseButton())
    for name, label in LINKS.items():
        if url := getattr(client.application, name, None):
            view.add_item(ui.Button(label=say(label), url=url))
    text = say(PAGE, keep=client.keep_days, grace=client.grace_days)
    await interaction.response.send_message(text, view=view, ephemeral=True)


class ExportButton(PersistentComponent, ui.DynamicItem[ui.Button[Any]], template="chiptune:export"):
    """The button that sends users what is kept about them."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Export"), emoji="📦", custom_id="chiptune:export"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Send the fullest version that Discord accepts."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        with tempfile.TemporaryDirectory(prefix="chiptune-export-") as folder:
            await _send_export(interaction, Path(folder) / EXPORT_NAME)


class EraseButton(PersistentComponent, ui.DynamicItem[ui.Button[Any]], template="chiptune:erase"):
    """The button that asks the user to confirm an erasure."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Erase…"), emoji="🗑️", custom_id="chiptune:erase"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Ask for confirmation."""
        view = ui.View(timeout=None).add_item(ConfirmEraseButton())
        await interaction.response.send_message(say(CONFIRM), view=view, ephemeral=True)


class ConfirmEraseButton(PersistentComponent, ui.DynamicItem[ui.Button[Any]], template="chiptune:erase-for-good"):
    """The button that confirms the erasure and erases everything about the user."""

    def __init__(self) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(ui.Button(label=say("Erase everything"), style=style, custom_id="chiptune:erase-for-good"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Erase everything and replace the question with the result."""
        await interaction.response.defer()
        text = await erase(client, str(interaction.user.id))
        await interaction.edit_original_response(content=text, view=None)


async def erase(client: ChiptuneClient, user_id: str) -> str:
    """Erase everything about a user, starting with the messages of their tunes. Return a summary for them.

    Raise InputError if one of their tunes is being posted right now: its message would remain.
    """
    rows = await client.privacy.export_of(user_id)
    if any(row["status"] == "composed" and not row["cancelled"] for row in rows["requests"]):
        raise InputError(BEING_POSTED)
    messages = [*await client.store.messages.of_person(user_id), *await _cancel_open_requests(client, user_id)]
    remaining = await remove_messages(client, messages)
    files = await client.privacy.erase(user_id)
    counts = [say(noun.counted(len(rows[table]))) for table, noun in COUNTS.items() if rows[table]]
    if not counts and not messages:
        return say(NOTHING_KEPT)
    counts.append(say(ngettext("{n} file", "{n} files").counted(files)))
    erased = ngettext("Erased: {what}; {n} message deleted.", "Erased: {what}; {n} messages deleted.")
    summary = erased.counted(len(messages) - remaining, what=joined(", ", *counts))
    return say(joined(" ", summary, REMAINING.counted(remaining)) if remaining else summary)


async def _cancel_open_requests(client: ChiptuneClient, user_id: str) -> list[Place]:
    """Cancel a user's open requests. Return (channel id, message id) of their placeholders.

    Raise InputError if it is too late to cancel one.
    """
    placeholders = []
    for entry in await client.store.queue.open(user_id=user_id):
        await client.backlog.cancel(entry.id, by=user_id)
        placeholders.append((entry.channel_id, str(entry.destination["message"])))
    return placeholders


async def _send_export(interaction: discord.Interaction[ChiptuneClient], target: Path) -> None:
    """Write ever smaller versions of an export until Discord accepts one. Raise InputError if it accepts none."""
    user_id = str(interaction.user.id)
    for suffixes, text in EXPORTS:
        if await interaction.client.privacy.write_export(user_id, target, suffixes) > interaction.filesize_limit:
            continue
        try:
            await interaction.edit_original_response(content=say(text), attachments=[discord.File(target)])
            return
        except discord.HTTPException as error:
            if error.status != TOO_LARGE:
                raise
    raise InputError(EXPORT_TOO_LARGE)
