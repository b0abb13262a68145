"""`/chiptune song` and `/chiptune replay`: shows a tune to the user alone, or posts it again."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.discord.core import placeholders, visibility
from bot.discord.core.autocomplete import complete_song
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.locale import channel_locale
from bot.discord.post import layout
from bot.discord.post.lineage import family_tree
from bot.discord.queue import server_defaults
from bot.discord.tunes.post_buttons import post_rows
from bot.languages import current_language, using_language
from bot.store import SONG_DELETED
from generator.protocol.errors import InputError


@app_commands.command(name="song", description="A tune made here: its recipe, its family and its files")
@app_commands.describe(song="A tune made here")
@app_commands.autocomplete(song=complete_song)
async def show_song(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Show a tune with its family tree and all its files, to the user alone."""
    await show_post(interaction, song, ephemeral=True)


@app_commands.command(name="replay", description="Post a tune made here again")
@app_commands.describe(song="A tune made here")
@app_commands.autocomplete(song=complete_song)
async def replay(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Post a tune again, in the channel for tunes."""
    await server_defaults.check_tune_channel(interaction)
    await show_post(interaction, song, ephemeral=False)


async def show_post(interaction: discord.Interaction[ChiptuneClient], song_id: str, *, ephemeral: bool) -> None:
    """Reply with a tune's post. An ephemeral one has its family tree and all its files. Raise InputError."""
    client = interaction.client
    post = await layout.load_post(client, (await visibility.find_song(interaction, song_id)).id)
    post.check_files()
    message = await placeholders.defer_reply(interaction, ephemeral=ephemeral)
    if not ephemeral:
        # Before the tune is posted, so that deleting it also finds this message. An empty message does no harm.
        channel, user = str(interaction.channel_id), str(interaction.user.id)
        if not await client.store.messages.add(post.song.id, channel, str(message), user):
            raise InputError(SONG_DELETED)
    more = await family_tree(client.store, post, visibility.visible_channels(interaction)) if ephemeral else ""

    async def send(names: layout.FileNames) -> discord.Message:
        view = post.layout(names, post_rows(post), more=more)
        return await interaction.edit_original_response(view=view, attachments=post.open(names))

    with using_language(current_language() if ephemeral else await channel_locale(interaction)):
        await layout.send_largest(post.file_sets(interaction.filesize_limit, full=ephemeral), send)
