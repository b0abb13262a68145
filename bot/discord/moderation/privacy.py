"""`/chiptune privacy`: what is kept about the one who asks, all of it as a file, and having it erased.

What that is, and how it is read or removed, is `bot.privacy`'s. The buttons are about whoever presses them.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands, ui

from bot.discord.core import error_replies
from bot.discord.core.components import Press
from bot.discord.moderation.delete import remove_messages
from bot.discord.post.layout import TOO_LARGE
from bot.languages import say
from bot.store.messages import Place
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient

PAGE = _("""**What this bot keeps about you**, under your Discord id and nothing else:
- **Tunes** you asked for, with what you asked and where, and the messages in which you had tunes posted again or one \
of yours won a contest, until these tunes are deleted or erased. What you typed as a file's name stands in their recipe.
- **MIDI files** you sent: {keep} days after the request is done. Requests that came to nothing: {keep} days.
- **Votes** and which of two tunes you preferred, as long as these tunes. What you nominate and vote for in a \
**contest**, until its round is over. \
**Reports** with their reason: {keep} days after they were settled.
- Everything of a server goes {grace} days after the bot was removed from it.

Messages are not read, and nothing is passed to anybody else or used to train the model. *Export* gives you all of it. \
*Erase* removes it at once and for good.""")
LINKS = {"terms_of_service_url": _("Terms"), "privacy_policy_url": _("Privacy policy")}
"""Addresses that whoever runs the bot has given in Discord's developer portal, by the library's names for them."""
EXPORT_NAME = "chiptune-bot.zip"
EXPORTS: tuple[tuple[frozenset[str] | None, str], ...] = (
    (None, _("Everything that is kept about you.")),
    (
        frozenset((".mid", ".ogg")),
        _("What is kept about you, without films and pictures, with which it would be over Discord's limit."),
    ),
    (
        frozenset((".mid",)),
        _("What is kept about you, with MIDI files only: with sound it would be over Discord's limit."),
    ),
    (frozenset(), _("What is kept about you, without files: with them it would be over Discord's limit.")),
)
"""Which files each form of an export holds, None: all; and what is said with it. The fullest comes first."""
EXPORT_TOO_LARGE = _("What is kept about you is over Discord's limit for a file: ask those who run the bot for it.")
CONFIRM = _(
    "Shall everything about you be erased: your tunes with their files and messages, what you had posted again, your "
    "MIDI files, votes, nominations and reports, in all servers? This cannot be undone."
)
BEING_POSTED = _("A tune of yours is just being posted: try again when it is there. Nothing was erased.")
REMAINING = ngettext(
    "{n} message could not be deleted by the bot: moderators of those channels can do that.",
    "{n} messages could not be deleted by the bot: moderators of those channels can do that.",
)
NOTHING_KEPT = _("There was nothing about you.")
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
"""The tables that an erasure tells of, and what one of their rows is."""


@app_commands.command(name="privacy", description="What is kept about you; have it all, or have it erased")
async def show_privacy(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """What is kept, to the one who asks alone."""
    client = interaction.client
    view = ui.View(timeout=None).add_item(ExportButton()).add_item(EraseButton())
    for name, label in LINKS.items():
        if url := getattr(client.application, name, None):
            view.add_item(ui.Button(label=say(label), url=url))
    text = say(PAGE, keep=client.keep_days, grace=client.grace_days)
    await interaction.response.send_message(text, view=view, ephemeral=True)


class _OwnDataButton:
    """Stands before `ui.DynamicItem` among the bases of what is pressed here."""

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls()

    async def callback(self, interaction: Press) -> None:
        """Answer a press; what is raised becomes a sentence."""
        async with error_replies.answering(interaction):
            await self.pressed(interaction)

    async def pressed(self, interaction: Press) -> None:
        """Do what the label says. May raise InputError."""
        raise NotImplementedError


class ExportButton(_OwnDataButton, ui.DynamicItem[ui.Button[Any]], template="chiptune:export"):
    """Gives the person what is kept about them."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Export"), emoji="📦", custom_id="chiptune:export"))

    async def pressed(self, interaction: Press) -> None:
        """Send the fullest form that Discord takes."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        with tempfile.TemporaryDirectory(prefix="chiptune-export-") as folder:
            await _send_export(interaction, Path(folder) / EXPORT_NAME)


class EraseButton(_OwnDataButton, ui.DynamicItem[ui.Button[Any]], template="chiptune:erase"):
    """Asks whether everything shall be erased."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Erase…"), emoji="🗑️", custom_id="chiptune:erase"))

    async def pressed(self, interaction: Press) -> None:
        """Ask once more."""
        view = ui.View(timeout=None).add_item(ConfirmEraseButton())
        await interaction.response.send_message(say(CONFIRM), view=view, ephemeral=True)


class ConfirmEraseButton(_OwnDataButton, ui.DynamicItem[ui.Button[Any]], template="chiptune:erase-for-good"):
    """Erases everything about the person."""

    def __init__(self) -> None:
        red = discord.ButtonStyle.danger
        super().__init__(ui.Button(label=say("Erase everything"), style=red, custom_id="chiptune:erase-for-good"))

    async def pressed(self, interaction: Press) -> None:
        """Erase, and say what went in place of the question."""
        await interaction.response.defer()
        said = await erase(interaction.client, str(interaction.user.id))
        await interaction.edit_original_response(content=said, view=None)


async def erase(client: ChiptuneClient, user_id: str) -> str:
    """Erase everything about a person, the messages of their tunes first; what went, in a few sentences.

    Raises InputError while a tune of theirs is being posted, whose message would stay.
    """
    about = await client.privacy.export_of(user_id)
    if any(row["status"] == "composed" and not row["cancelled"] for row in about["requests"]):
        raise InputError(BEING_POSTED)
    messages = [*await client.store.messages.of_person(user_id), *await _cancel_open_requests(client, user_id)]
    stay = await remove_messages(client, messages)
    files = await client.privacy.erase(user_id)
    went = [say(what.counted(len(about[table]))) for table, what in COUNTS.items() if about[table]]
    if not went and not messages:
        return say(NOTHING_KEPT)
    went.append(say(ngettext("{n} file", "{n} files").counted(files)))
    deleted = ngettext("Erased: {what}; {n} message deleted.", "Erased: {what}; {n} messages deleted.")
    said = deleted.counted(len(messages) - stay, what=joined(", ", *went))
    return say(joined(" ", said, REMAINING.counted(stay)) if stay else said)


async def _cancel_open_requests(client: ChiptuneClient, user_id: str) -> list[Place]:
    """Take back what is open; the placeholders by channel and message. Raises InputError where it is too late."""
    placeholders = []
    for entry in await client.store.queue.open(user_id=user_id):
        await client.backlog.cancel(entry.id, by=user_id)
        placeholders.append((entry.channel_id, str(entry.destination["message"])))
    return placeholders


async def _send_export(interaction: discord.Interaction[ChiptuneClient], target: Path) -> None:
    """Write the forms of an export until one is taken. Raises InputError where none is."""
    user = str(interaction.user.id)
    for suffixes, said in EXPORTS:
        if await interaction.client.privacy.write_export(user, target, suffixes) > interaction.filesize_limit:
            continue
        try:
            await interaction.edit_original_response(content=say(said), attachments=[discord.File(target)])
            return
        except discord.HTTPException as error:
            if error.status != TOO_LARGE:
                raise
    raise InputError(EXPORT_TOO_LARGE)
