"""Asks which file of a zip is meant, with a menu that only the user sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot.discord.core import error_replies
from bot.discord.core.client import ChiptuneClient
from bot.languages import say
from bot.text import plain
from generator.protocol.i18n import _
from generator.protocol.uploads import ChooseFile

MENU_SECONDS = 15 * 60.0
"""How long a menu can be used: as long as the token of the interaction that opened it is valid."""
QUESTION = _("The zip holds several files. Which one?")

Answer = Callable[[discord.Interaction[ChiptuneClient], str], Awaitable[None]]
"""What to do with the name of the chosen file."""


class FileMenu(ui.Select[Any]):
    """The files of a zip."""

    def __init__(self, names: tuple[str, ...], answer: Answer) -> None:
        self._names, self._answer = names, answer
        options = [discord.SelectOption(label=plain(name, 100), value=str(i)) for i, name in enumerate(names)]
        super().__init__(placeholder=say("Choose a file…"), options=options)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Go on with the chosen file."""
        async with error_replies.answering(interaction):
            await self._answer(interaction, self._names[int(self.values[0])])


async def ask(interaction: discord.Interaction[ChiptuneClient], error: ChooseFile, answer: Answer) -> None:
    """Show the menu to the user alone. A public reply that was deferred is deleted."""
    view = ui.View(timeout=MENU_SECONDS)
    view.add_item(FileMenu(error.names, answer))
    await error_replies.reply(interaction, QUESTION, view)
