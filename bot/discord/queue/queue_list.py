"""`/chiptune queue`: what somebody has asked for, where that stands, and how long the queues are.

Who is next is the store's affair; taking a request back is in `cancelling`.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.markdown import escape
from bot.discord.core.visibility import scope_of
from bot.discord.queue.request_text import summary
from bot.languages import percent, say
from bot.requests.wait_times import Place, about
from bot.store import RequestRecord
from generator.protocol.i18n import _, ngettext

Open = list[tuple[RequestRecord, Place]]

SHOWN = 10
NOTHING_YOURS = _("You have asked for nothing that is not done.")
TEXT_LENGTH = 80


@app_commands.command(name="queue", description="What you have asked for, and how long it takes")
async def show_queue(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """One's own open requests, wherever they were made, and the lengths of the queues; to the one who asks alone."""
    backlog, user = interaction.client.backlog, str(interaction.user.id)
    everybody = await backlog.open()
    mine = [found for found in everybody if found[0].origin == "discord" and found[0].user_id == user]
    here = [found for found in everybody if found[0].scope == scope_of(interaction)]
    lines = [f"- {line(interaction.client, entry, where)}" for entry, where in mine[:SHOWN]]
    if len(mine) > SHOWN:
        more = say("and {count} more", count=len(mine) - SHOWN)
        lines.append(f"- {more}")
    lengths = {_("This server: {length}"): here} if interaction.guild_id else {}
    lengths[_("Everybody: {length}")] = everybody
    lines = lines or [say(NOTHING_YOURS)]
    lines += [f"-# {say(whose, length=length(found))}" for whose, found in lengths.items()]
    await interaction.response.send_message("\n".join(lines), ephemeral=True)


def line(client: ChiptuneClient, entry: RequestRecord, where: Place) -> str:
    """One request in a line of markdown: what, where it stands and how far it is."""
    progress = client.backlog.progress(entry.id)
    done = f" ({percent(progress.fraction)})" if progress and not where.position else ""
    return f"**{escape(summary(entry.request), TEXT_LENGTH)}** · {say(where.sentence)}{done}"


def length(found: Open) -> str:
    """How long a queue is, in requests and in time."""
    if not found:
        return say("nothing is waiting")
    last = about(max(where.seconds for _, where in found))
    said = ngettext("{n} open request, the last one ready in {time}", "{n} open requests, the last one ready in {time}")
    return say(said.counted(len(found), time=last))
