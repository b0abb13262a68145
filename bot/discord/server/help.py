"""`/chiptune help`: all commands on one short page."""

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
INTRODUCTION = _("Music for the four channels of the NES, composed while you wait.")
COMMANDS = {
    "generate": _("a new tune; you can choose its scene, key, tempo, length and density"),
    "remix": _("your MIDI file, or a tune made here: arranged for the NES, continued, accompanied or varied"),
    "history": _("the newest tunes made here"),
    "song": _("one of them: its recipe, its relatives and its files"),
    "replay": _("post one of them again"),
    "play": _("play one of them in your voice channel; **{stop}** stops it").format(stop=command("stop")),
    "top": _("what people here like best, of the last day, week or month, or of all time"),
    "taste": _("what tunes people here like, by their votes"),
    "battle": _("which of two anonymous tunes is better?"),
    "contest": _("the tune of the week: nominate, vote, and the hall of fame"),
    "queue": _("your open requests, and how long they will take"),
    "cancel": _("cancel an open request"),
    "delete": _("delete one of yours; **{report}** · report one to the moderators").format(report=command("report")),
    "privacy": _("see, export or erase what is kept about you"),
    "settings": _("for those who manage the server"),
}
"""What each command does."""
BUTTONS = _(
    "Buttons under each tune: another take, eight more bars, a remix, one channel rewritten, your vote, and all files."
)
NOTE = _("Scenes: {scenes}. The same seed and options give the same tune again.")


def page() -> str:
    """Return the page as markdown, in the current language."""
    lines = [f"**{say(command(name))}** · {say(about)}" for name, about in COMMANDS.items()]
    note = say(NOTE, scenes=joined(", ", *map(readable_name, SCENES)))
    return "\n".join([TITLE, say(INTRODUCTION), "", *lines, "", say(BUTTONS), f"-# {note}"])


@app_commands.command(name="help", description="Show all commands")
async def show_help(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the page in a reply that only the user sees."""
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(page()), accent_colour=COLOUR)
    if address := interaction.client.public_url:
        box.add_item(ui.ActionRow(ui.Button(label=say("Open the page"), url=f"{address}/")))
    view = ui.LayoutView(timeout=None)
    view.add_item(box)
    await interaction.response.send_message(view=view, ephemeral=True)
