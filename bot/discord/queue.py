"""`/chiptune queue` and `/chiptune cancel`: what is open here, how long it takes, and taking it back.

Who is next is the store's affair, and what a cancelled request leaves behind the backlog's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.discord.asking import place
from bot.discord.completing import CHOICE_LENGTH, MAX_CHOICES
from bot.discord.markdown import inert
from bot.text import plain
from generator.contract import InputError, Request

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient
    from bot.store import Entry
    from bot.waiting import Place

SHOWN = 10
NOTHING_OPEN = "Nothing is open here."
NOT_YOURS = "Only the one who asked, or a moderator, can cancel this."
CANCELLED = "Cancelled."


@app_commands.command(name="queue", description="What is waiting here, and how long it takes")
async def show_queue(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The open requests of this place, to the one who asks alone."""
    found = await interaction.client.backlog.open(guild_id=place(interaction))
    lines = [f"- {line(interaction, entry, where)}" for entry, where in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"- and {len(found) - SHOWN} more")
    await interaction.response.send_message("\n".join(lines) or NOTHING_OPEN, ephemeral=True)


async def complete_request(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The open requests here that the person may cancel."""
    found = await interaction.client.backlog.open(guild_id=place(interaction))
    named = [(f"{summary(entry.request)} · {where}", entry) for entry, where in found if may_cancel(interaction, entry)]
    return [
        Choice(name=plain(name, CHOICE_LENGTH), value=entry.id)
        for name, entry in named
        if typed.strip().lower() in name.lower()
    ][:MAX_CHOICES]


@app_commands.command(name="cancel", description="Take a request back that is not done yet")
@app_commands.describe(request="What is waiting or being made; your next one if left out")
@app_commands.autocomplete(request=complete_request)
async def cancel(interaction: discord.Interaction[ChiptuneClient], *, request: str | None = None) -> None:
    """Take back a request of one's own, or as a moderator anybody's in the server."""
    client, user = interaction.client, str(interaction.user.id)
    if request is None:
        mine = await client.backlog.open(user_id=user)
        request = next((entry.id for entry, _ in mine if entry.guild_id == place(interaction)), "")
    entry = await client.store.requests.get(request)
    if entry is None or entry.guild_id != place(interaction):
        raise InputError("There is no such request here: `/chiptune queue` shows what is open.")
    if not may_cancel(interaction, entry):
        raise InputError(NOT_YOURS)
    await client.backlog.cancel(entry.id, by=user)
    await interaction.response.send_message(CANCELLED, ephemeral=True)


def may_cancel(interaction: discord.Interaction, entry: Entry) -> bool:
    """Whether somebody asked for it, or keeps order in the server."""
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return moderates or entry.user_id == str(interaction.user.id)


def line(interaction: discord.Interaction[ChiptuneClient], entry: Entry, where: Place) -> str:
    """One request in a line of markdown: what, whose, where it stands and how far it is."""
    whose = "yours" if entry.user_id == str(interaction.user.id) else f"<@{entry.user_id}>"
    progress = interaction.client.backlog.progress(entry.id)
    done = f" ({progress.fraction:.0%})" if progress and not where.position else ""
    return f"**{inert(summary(entry.request))}** · {whose} · {where}{done}"


def summary(request: Request) -> str:
    """A request in a few words."""
    what = "tune" if request.mode == "generate" else f"{request.mode} {request.name or 'a MIDI file'}"
    length = f"{request.seconds:g} s" if request.seconds else f"{request.bars} bars" if request.bars else None
    return ", ".join(filter(None, (what, request.scene, request.key, length)))
