"""Remixing a tune from its post: a form with the options, and a menu to rewrite one channel.

The modes are declared in `generator.protocol.modes`.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.discord.core import error_replies
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.queue import submission
from bot.languages import say
from bot.store import Song
from bot.text import capital, plain
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.modes import FORM_MODES
from generator.protocol.names import CHANNEL_NAMES

CHANNEL_TITLES = {"p1": _("pulse 1"), "p2": _("pulse 2"), "tr": _("triangle"), "no": _("noise")}
PARTS = {
    "p1": _("the melody, mostly"),
    "p2": _("the harmony, mostly"),
    "tr": _("the bass, mostly"),
    "no": _("the drums"),
}
DEFAULT_MODE = next(iter(FORM_MODES))
STRENGTH, KEEP = "0.5", ("p1",)
FORM_SECONDS = 15 * 60.0
"""How long a form may stay open: as long as the token of the interaction that opened it is valid."""


class RemixButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:remix:{SONG}"):
    """Opens the form for a remix."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Remix…"), emoji="🎛️", custom_id=f"chiptune:remix:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the form."""
        await interaction.response.send_modal(RemixForm(await self.get_song(client)))


class RemixForm(ui.Modal):
    """The options of a remix. A mode ignores the fields that it does not use."""

    def __init__(self, song: Song) -> None:
        super().__init__(title=plain(say("Remix {title}", title=song.title), 45), timeout=FORM_SECONDS)
        self.song = song
        self.mode: ui.Select[Any] = ui.Select(
            custom_id="mode",
            options=[
                discord.SelectOption(
                    label=say(mode.title),
                    description=say(mode.description),
                    value=mode.name,
                    default=mode.name == DEFAULT_MODE,
                )
                for mode in FORM_MODES.values()
            ],
        )
        self.strength: ui.TextInput[Any] = ui.TextInput(
            custom_id="strength", default=STRENGTH, required=False, max_length=5
        )
        self.keep: ui.Select[Any] = ui.Select(
            custom_id="keep", options=_channels(KEEP), min_values=0, max_values=len(CHANNEL_NAMES) - 1, required=False
        )
        self.add_item(ui.Label(text=say("Mode"), component=self.mode))
        how_much, which = say("Vary: how much changes, 0 to 1"), say("Accompany: the channels that stay")
        self.add_item(ui.Label(text=say("Strength"), description=how_much, component=self.strength))
        self.add_item(ui.Label(text=say("Keep"), description=which, component=self.keep))

    async def on_submit(self, interaction: AnyInteraction) -> None:
        """Submit the remix."""
        async with error_replies.answering(interaction):
            mode = self.mode.values[0] if self.mode.values else DEFAULT_MODE
            values = {"strength": _parse_number(self.strength.value), "keep": list(self.keep.values) or None}
            fields = FORM_MODES[mode].fields if mode in FORM_MODES else ()
            options = {name: value for name, value in values.items() if name in fields}
            await submission.remix(interaction, self.song, {"mode": mode, **options})


class RewriteMenu(SongComponent, ui.DynamicItem[ui.Select[Any]], template=rf"chiptune:rewrite:{SONG}"):
    """Rewrites one channel as an accompaniment to the other three."""

    def __init__(self, song_id: str) -> None:
        menu: ui.Select[Any] = ui.Select(
            placeholder=say("Rewrite one channel…"), options=_channels(), custom_id=f"chiptune:rewrite:{song_id}"
        )
        super().__init__(song_id, menu)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Submit the rewriting of the chosen channel."""
        song = await self.get_song(client)
        chosen = self.item.values[0]
        kept = [name for name in CHANNEL_NAMES if name != chosen]
        with client.debouncer.once(interaction.user.id, self.custom_id, chosen):
            await submission.remix(interaction, song, {"mode": "accompany", "keep": kept})


def _channels(chosen: tuple[str, ...] = ()) -> list[discord.SelectOption]:
    """Return the four channels as options of a menu; those in `chosen` are preselected."""
    return [
        discord.SelectOption(
            label=capital(say(CHANNEL_TITLES[name])), description=say(PARTS[name]), value=name, default=name in chosen
        )
        for name in CHANNEL_NAMES
    ]


def _parse_number(text: str) -> float | None:
    """Return a typed number, with a point or a comma, or None for an empty text. Raise InputError."""
    typed = text.strip().replace(",", ".")
    try:
        return float(typed) if typed else None
    except ValueError as error:
        raise InputError(_("The strength is a number from 0 to 1, such as 0.5.")) from error
