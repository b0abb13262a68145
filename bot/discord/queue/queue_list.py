"""`/chiptune queue`: the user's open requests, their positions, and the lengths of the queues.

The order of the queue is left to the store; cancelling is in `cancel`.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.markdown import escape
from bot.discord.core.visibility import scope_of
from bot.discord.queue.request_text import summary
from bot.languages import percent, say
from bot.requests.wait_times import QueuePosition, approximate_time
from bot.store import RequestRecord
from generator.protocol.i18n import _, ngettext

Open = list[tuple[RequestRecord, QueuePosition]]

MAX_SHOWN = 10
NOTHING_YOURS = _("You have no open requests.")
TEXT_LENGTH = 80


@app_commands.command(name="queue", description="Your open requests, and how long they take")
async def show_queue(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the user's own open requests from everywhere, and the lengths of the queues, to the user alone."""
    backlog, user = interaction.client.backlog, str(interaction.user.id)
    everybody = await backlog.open()
    own = [row for row in everybody if row[0].origin == "discord" and row[0].user_id == user]
    here = [row for row in everybody if row[0].scope == scope_of(interaction)]
    lines = [f"- {request_line(interaction.client, entry, place)}" for entry, place in own[:MAX_SHOWN]]
    if len(own) > MAX_SHOWN:
        more = say("and {count} more", count=len(own) - MAX_SHOWN)
        lines.append(f"- {more}")
    lengths = {_("This server: {length}"): here} if interaction.guild_id else {}
    lengths[_("Everybody: {length}")] = everybody
    lines = lines or [say(NOTHING_YOURS)]
    lines += [f"-# {say(label, length=queue_length(queue))}" for label, queue in lengths.items()]
    await interaction.response.send_message("\n".join(lines), ephemeral=True)


def request_line(client: ChiptuneClient, entry: RequestRecord, place: QueuePosition) -> str:
    """Return a request as a line of markdown: what it is, its position and its progress."""
    progress = client.backlog.progress(entry.id)
    done = f" ({percent(progress.fraction)})" if progress and not place.position else ""
    return f"**{escape(summary(entry.request), TEXT_LENGTH)}** · {say(place.sentence)}{done}"


def queue_length(queue: Open) -> str:
    """Return the length of a queue, in requests and in time."""
    if not queue:
        return say("nothing is waiting")
    last = approximate_time(max(place.seconds for _, place in queue))
    sentence = ngettext(
        "{n} open request, the last one ready in {time}", "{n} open requests, the last one ready in {time}"
    )
    return say(sentence.counted(len(queue), time=last))
