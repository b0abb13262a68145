"""`/chiptune play` and `/chiptune stop`: plays tunes made here in the user's voice channel.

Joining channels and queueing tunes is left to `bot.discord.voice`.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.discord.core import visibility
from bot.discord.core.autocomplete import complete_song
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.locale import channel_locale
from bot.discord.core.markdown import escape
from bot.discord.voice.connection import user_channel
from bot.discord.voice.jukebox import QueuedTune
from bot.files.song_files import FILES_GONE
from bot.languages import command, say, using_language
from bot.store import Song
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, ngettext

NOTHING_YET = _("There is no tune here yet: `{generate}` makes the first one.").format(generate=command("generate"))
NOTHING_PLAYS = _("Nothing is being played here.")
LISTEN_FIRST = _("Only listeners can stop it: join <#{channel}> first.")
PLAYING = _("Playing: **{title}** in <#{channel}>")
NEXT = _("Next: **{title}** in <#{channel}>")
AFTER = ngettext("After {n} other: **{title}** in <#{channel}>", "After {n} others: **{title}** in <#{channel}>")
STOPPED = _("Stopped.")


@app_commands.command(name="play", description="Play a tune made here in your voice channel")
@app_commands.describe(song="A tune made here; the newest if left out")
@app_commands.autocomplete(song=complete_song)
async def play(interaction: discord.Interaction[ChiptuneClient], *, song: str | None = None) -> None:
    """Play a tune now, or after the tunes that are waiting."""
    client = interaction.client
    channel = user_channel(interaction)
    tune = await visibility.find_song(interaction, song) if song else await _newest(interaction)
    path = await client.backlog.files.path(tune.id, tune.audio)
    if path is None:
        raise InputError(FILES_GONE)
    await interaction.response.defer(thinking=True)
    before = await client.jukebox.play(channel, QueuedTune(tune.title, str(path)))
    when = NEXT if before == 1 else AFTER if before else PLAYING
    with using_language(await channel_locale(interaction)):
        text = say(when.counted(before, title=escape(tune.title), channel=channel.id))
    await interaction.edit_original_response(content=text)


@app_commands.command(name="stop", description="Stop playing, and leave the voice channel")
async def stop(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Leave the voice channel and drop the waiting tunes. Listeners and moderators may do this."""
    jukebox, guild = interaction.client.jukebox, interaction.guild_id or 0
    player = jukebox.player(guild)
    if player is None:
        raise InputError(NOTHING_PLAYS)
    channel = player.voice.channel
    if interaction.user.id not in channel.voice_states and not interaction.permissions.move_members:
        raise InputError(LISTEN_FIRST.format(channel=channel.id))
    await interaction.response.defer(thinking=True, ephemeral=True)
    await jukebox.stop(guild)
    await interaction.edit_original_response(content=say(STOPPED))


async def _newest(interaction: discord.Interaction[ChiptuneClient]) -> Song:
    """Return the newest tune visible here. Raise InputError if there is none."""
    songs = await visibility.list_songs(interaction, limit=1)
    if not songs:
        raise InputError(NOTHING_YET)
    return songs[0]
