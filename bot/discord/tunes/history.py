"""`/chiptune history`: pages of the newest tunes, with their votes and links to their messages."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.markdown import escape, message_link
from bot.discord.core.visibility import list_songs
from bot.languages import command, say
from bot.store import Song
from generator.protocol.i18n import _
from generator.protocol.names import readable_name

PAGE_SIZE = 10
LISTEN = _("listen")


async def history_page(
    interaction: discord.Interaction[ChiptuneClient], before: str | None = None
) -> tuple[discord.Embed, ui.View]:
    """Return a page and its buttons. before: the id of the last tune on the previous page."""
    songs = await list_songs(interaction, limit=PAGE_SIZE + 1, before=before)
    lines = [song_line(song, await _link(interaction.client, song)) for song in songs[:PAGE_SIZE]]
    embed = discord.Embed(
        title=say("Newest tunes") if before is None else say("Older tunes"),
        description="\n".join(lines)
        or say("Nothing yet: `{generate}` makes the first one.", generate=command("generate")),
    )
    view = ui.View(timeout=None)
    if len(songs) > PAGE_SIZE:
        view.add_item(OlderButton(songs[PAGE_SIZE - 1].id))
    return embed, view


def song_line(song: Song, link: str | None) -> str:
    """Return a tune as a line of markdown."""
    facts = [say("{bpm:.0f} BPM", bpm=song.bpm), song.key, say("{seconds:.0f} s", seconds=song.seconds)]
    facts += [say(readable_name(song.scene))] if song.scene else []
    facts += [f"👍 {song.votes}", f"<t:{song.created:.0f}:R>", *([f"[{say(LISTEN)}]({link})"] if link else [])]
    return f"**{escape(song.title)}** · {' · '.join(facts)}"


async def _link(client: ChiptuneClient, song: Song) -> str | None:
    """Return the address of the tune's message, or None if it is in no channel."""
    entry = await client.store.requests.get(song.id)
    if entry is None or song.message_id is None:
        return None
    return message_link(entry.scope, entry.channel_id, song.message_id)


class OlderButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:older:{SONG}"):
    """Turns to the next page of the history."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Older"), custom_id=f"chiptune:older:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the page."""
        embed, view = await history_page(interaction, before=self.song_id)
        await interaction.response.edit_message(embed=embed, view=view)


@app_commands.command(name="history", description="The newest tunes made here")
async def show_history(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the newest tunes of this scope to the user alone."""
    embed, view = await history_page(interaction)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)
