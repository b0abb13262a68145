"""`/chiptune help`: what there is, on one short page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui

from generator.contract import SCENES

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

COLOUR = 0xD32F2F
PAGE = f"""## Chiptune Bot
Music for the NES's four channels, composed while you wait.

**/chiptune generate** · a new tune; scene, key, tempo, length and density are yours to choose or to leave out
**/chiptune remix** · your MIDI file, or a tune made here, for the NES: arranged, continued, accompanied, varied
**/chiptune history** · the newest tunes made here
**/chiptune song** · one of them: its recipe, its family, its files
**/chiptune replay** · post one of them again
**/chiptune play** · hear one of them in your voice channel; **/chiptune stop** ends it
**/chiptune top** · what people here like best, of a day, a week, a month or ever
**/chiptune taste** · what tunes people here like, by their votes
**/chiptune battle** · two of them without their names: which is better?
**/chiptune contest** · the tune of the week: nominate, vote, and the hall of fame
**/chiptune queue** · what you have asked for, and how long it takes
**/chiptune cancel** · take a request back that is not done yet
**/chiptune delete** · have one of yours deleted; **/chiptune report** · tell the moderators of one
**/chiptune privacy** · what is kept about you: all of it as a file, or erased
**/chiptune settings** · for those who manage the server

Under each tune: another take, eight bars more, a remix, one channel written anew, your vote, and all files.
-# Scenes: {", ".join(SCENES)}. The same seed and options give the same tune again."""


@app_commands.command(name="help", description="What there is")
async def show_help(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The page, to the one who asks alone."""
    page: ui.Container[Any] = ui.Container(ui.TextDisplay(PAGE), accent_colour=COLOUR)
    if address := interaction.client.public_url:
        page.add_item(ui.ActionRow(ui.Button(label="Open the page", url=f"{address}/")))
    view = ui.LayoutView(timeout=None)
    view.add_item(page)
    await interaction.response.send_message(view=view, ephemeral=True)
