"""`/chiptune taste`: what people here like, as text and as a picture.

The store derives the taste from votes, `bot.votes.taste_descriptions` puts it into words, and `taste_picture` draws it.
"""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.charts import taste_picture
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.visibility import scope_of
from bot.languages import say
from bot.votes.taste_descriptions import OFF, USE, describe_taste
from generator.protocol.i18n import _

HEADING = _("What people here like")
COLOUR = 0x56B4FF
PICTURE = "taste.png"
ALT_TEXT = _(
    "What people here like: a bar for each feature of a tune, towards the liked side, and how certain that is."
)
"""The alternative text of the picture."""


@app_commands.command(name="taste", description="What people here like in tunes, judging by their votes")
async def show_taste(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show what people here like, in a reply that only the user sees."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    store, scope = interaction.client.store, scope_of(interaction)
    taste = await store.tastes.of(scope)
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(f"## {say(HEADING)}"), accent_colour=COLOUR)
    files = []
    paragraphs = describe_taste(taste)
    if taste.acts:
        picture = await asyncio.to_thread(taste_picture.draw, HEADING, taste.preferences)
        alt_text = say(ALT_TEXT)
        files.append(discord.File(io.BytesIO(picture), filename=PICTURE, description=alt_text))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=alt_text)))
        paragraphs.append(USE if (await store.servers.settings(scope)).taste else OFF)
    first, *notes = map(say, paragraphs)
    box.add_item(ui.TextDisplay("\n".join([first, *(f"-# {note}" for note in notes)])))
    view = ui.LayoutView(timeout=None).add_item(box)
    await interaction.edit_original_response(view=view, attachments=files)
