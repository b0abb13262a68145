"""`/chiptune help`: what there is, on one short page."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.core.client import ChiptuneClient
from bot.languages import command, say
from generator.protocol.i18n import _, joined
from generator.protocol.names import SCENES, readable_name

COLOUR = 0xD32F2F
TITLE = "## Chiptune Bot"
INTRODUCTION = _("Music for the NES's four channels, composed while you wait.")
COMMANDS = {
    "generate": _("a new tune; scene, key, tempo, length and density are yours to choose or to leave out"),
    "remix": _("your MIDI file, or a tune made here, for the NES: arranged, continued, accompanied, varied"),
    "history": _("the newest tunes made here"),
    "song": _("one of them: its recipe, its family, its files"),
    "replay": _("post one of them again"),
    "play": _("hear one of them in your voice channel; **{stop}** ends it").format(stop=command("stop")),
    "top": _("what people here like best, of a day, a week, a month or ever"),
    "taste": _("what tunes people here like, by their votes"),
    "battle": _("two of them without their names: which is better?"),
    "contest": _("the tune of the week: nominate, vote, and the hall of fame"),
    "queue": _("what you have asked for, and how long it takes"),
    "cancel": _("take a request back that is not done yet"),
    "delete": _("have one of yours deleted; **{report}** · tell the moderators of one").format(
        report=command("report")
    ),
    "privacy": _("what is kept about you: all of it as a file, or erased"),
    "settings": _("for those who manage the server"),
}
"""What each command is for."""
BUTTONS = _(
    "Under each tune: another take, eight bars more, a remix, one channel written anew, your vote, and all files."
)
NOTE = _("Scenes: {scenes}. The same seed and options give the same tune again.")


def page() -> str:
    """The page as markdown, in the language that is being spoken."""
    lines = [f"**{say(command(name))}** · {say(about)}" for name, about in COMMANDS.items()]
    note = say(NOTE, scenes=joined(", ", *map(readable_name, SCENES)))
    return "\n".join([TITLE, say(INTRODUCTION), "", *lines, "", say(BUTTONS), f"-# {note}"])


@app_commands.command(name="help", description="What there is")
async def show_help(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The page, to the one who asks alone."""
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(page()), accent_colour=COLOUR)
    if address := interaction.client.public_url:
        box.add_item(ui.ActionRow(ui.Button(label=say("Open the page"), url=f"{address}/")))
    view = ui.LayoutView(timeout=None)
    view.add_item(box)
    await interaction.response.send_message(view=view, ephemeral=True)
