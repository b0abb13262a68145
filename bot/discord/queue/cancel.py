"""Cancels a request that is not done: `/chiptune cancel`, and the button on a placeholder.

What happens to a cancelled request is left to the backlog.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.core.autocomplete import CHOICE_LENGTH, MAX_CHOICES
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.locale import channel_locale
from bot.discord.core.permissions import is_moderator
from bot.discord.core.placeholders import text_view
from bot.discord.core.visibility import scope_of
from bot.discord.queue.request_text import summary
from bot.languages import command, say, using_language
from bot.store import RequestRecord
from bot.text import plain
from generator.protocol.errors import CANCELLED_SENTENCE, InputError
from generator.protocol.i18n import _

NO_REQUEST = _("There is no such request: `{queue}` shows what is open.").format(queue=command("queue"))
NOT_YOURS = _("Only the person who requested this, or a moderator, can cancel it.")
NOT_YOUR_BUTTON = _("Only the person who requested this can press the button; moderators can use `{cancel}`.").format(
    cancel=command("cancel")
)
CANCELLED = _("Cancelled.")


async def complete_request(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the open requests that the user may cancel, their own first."""
    user = str(interaction.user.id)
    entries = [entry for entry in await interaction.client.backlog.open() if can_cancel(interaction, entry[0])]
    entries.sort(key=lambda entry: entry[0].user_id != user)
    names = []
    for request, place in entries:
        what = summary(request.request)
        if request.user_id != user:
            what = say("someone else’s {tune}", tune=what)
        names.append((f"{what} · {say(place.sentence)}", request.id))
    choices = [Choice(name=plain(name, CHOICE_LENGTH), value=request) for name, request in names]
    return [choice for choice in choices if typed.strip().lower() in choice.name.lower()][:MAX_CHOICES]


@app_commands.command(name="cancel", description="Cancel a request that is not done yet")
@app_commands.describe(request="A request that is waiting or being made; your next one if left out")
@app_commands.autocomplete(request=complete_request)
async def cancel(interaction: discord.Interaction[ChiptuneClient], *, request: str | None = None) -> None:
    """Cancel a request of one's own or, as a moderator, anybody's in the server."""
    client, user = interaction.client, str(interaction.user.id)
    if request is None:
        request = next((entry.id for entry, _ in await client.backlog.open(user_id=user)), "")
    entry = await client.store.requests.get(request)
    if entry is None or not (entry.user_id == user or entry.scope == scope_of(interaction)):
        raise InputError(NO_REQUEST)
    if not can_cancel(interaction, entry):
        raise InputError(NOT_YOURS)
    await interaction.response.defer(thinking=True, ephemeral=True)  # first: the disk may be busy
    await client.backlog.cancel(entry.id, by=user)
    await interaction.edit_original_response(content=say(CANCELLED))


def can_cancel(interaction: discord.Interaction[Any], entry: RequestRecord) -> bool:
    """Return whether the user submitted a request on Discord, or moderates the channel where it was submitted."""
    if entry.origin != "discord":
        return False
    in_server = entry.scope == str(interaction.guild_id)
    return (in_server and is_moderator(interaction, entry.channel_id)) or entry.user_id == str(interaction.user.id)


class CancelButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:cancel:{SONG}"):
    """Cancels the request of a placeholder. song_id: the id of the request, which is that of the future tune."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Cancel"), custom_id=f"chiptune:cancel:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Cancel the request and say so in the placeholder at once."""
        entry = await client.store.requests.get(self.song_id)
        if entry is None:
            raise InputError(NO_REQUEST)
        user = str(interaction.user.id)
        if entry.user_id != user:
            raise InputError(NOT_YOUR_BUTTON)
        await interaction.response.defer()
        await client.backlog.cancel(entry.id, by=user)
        with using_language(await channel_locale(interaction)):
            await interaction.edit_original_response(view=text_view(say(CANCELLED_SENTENCE)))
