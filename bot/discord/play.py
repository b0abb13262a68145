"""`/chiptune play` and `/chiptune stop`: tunes made here, heard in the voice channel of the one who asks.

How a channel is joined is `voice`'s, what is played when, `jukebox`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.discord import asking
from bot.discord.completing import complete_song
from bot.discord.jukebox import Tune
from bot.discord.markdown import inert
from bot.discord.voice import channel_of
from bot.files import FILES_GONE
from generator.contract import InputError

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient
    from bot.store import Song

NOTHING_YET = "There is no tune here yet: `/chiptune generate` makes the first one."
NOTHING_PLAYS = "Nothing is being played here."
LISTEN_FIRST = "Only those who listen can stop it: join <#{channel}> first."
STOPPED = "Stopped."


@app_commands.command(name="play", description="Play a tune made here in your voice channel")
@app_commands.describe(song="A tune made here; the newest if left out")
@app_commands.autocomplete(song=complete_song)
async def play(interaction: discord.Interaction[ChiptuneClient], *, song: str | None = None) -> None:
    """Play a tune now, or after those that were asked for before it."""
    client = interaction.client
    channel = channel_of(interaction)
    found = await asking.find_song(interaction, song) if song else await _newest(interaction)
    path = await client.backlog.files.path(found.id, found.audio)
    if path is None:
        raise InputError(FILES_GONE)
    await interaction.response.defer(thinking=True)
    before = await client.jukebox.play(channel, Tune(found.title, str(path)))
    when = "Playing" if not before else "Next" if before == 1 else f"After {before} others"
    await interaction.edit_original_response(content=f"{when}: **{inert(found.title)}** in <#{channel.id}>")


@app_commands.command(name="stop", description="Stop playing, and leave the voice channel")
async def stop(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Leave the voice channel with all that waits there; for those who listen, and for moderators."""
    jukebox, guild = interaction.client.jukebox, interaction.guild_id or 0
    player = jukebox.player(guild)
    if player is None:
        raise InputError(NOTHING_PLAYS)
    channel = player.voice.channel
    if interaction.user.id not in channel.voice_states and not interaction.permissions.move_members:
        raise InputError(LISTEN_FIRST.format(channel=channel.id))
    await interaction.response.defer(thinking=True, ephemeral=True)
    await jukebox.stop(guild)
    await interaction.edit_original_response(content=STOPPED)


async def _newest(interaction: discord.Interaction[ChiptuneClient]) -> Song:
    """The newest tune made here. Raises InputError."""
    songs = await asking.listed(interaction, limit=1)
    if not songs:
        raise InputError(NOTHING_YET)
    return songs[0]
