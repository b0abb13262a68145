"""Translates the names of commands, options and choices into Discord's languages, from the catalogues.

Names have the contexts "command" and "option" in the catalogues, because special rules apply to them (no spaces, no
capitals). Descriptions and choices have no context. `bot.messages` collects all these texts by walking
through the command tree, so they need no marks in the source.
"""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.languages import COMMAND, LANGUAGES, formatter
from generator.protocol.i18n import Sentence

LOCALES = {
    discord.Locale.german: "de",
    discord.Locale.spain_spanish: "es",
    discord.Locale.latin_american_spanish: "es",
    discord.Locale.french: "fr",
    discord.Locale.japanese: "ja",
    discord.Locale.brazil_portuguese: "pt_BR",
}
"""The supported languages by Discord's name, each with its catalogue. In all others, the bot speaks English."""
OPTION = "option"
CONTEXTS = {Location.command_name: COMMAND, Location.group_name: COMMAND, Location.parameter_name: OPTION}
"""The kinds of names that have a context."""


class CatalogueTranslator(app_commands.Translator):
    """Looks names and descriptions up in the catalogues."""

    async def load(self) -> None:
        """Read all catalogues, so that no user waits for one."""
        for name in LANGUAGES:
            await asyncio.to_thread(formatter, name)

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return a name or a description in one of Discord's languages, or None if it is not supported."""
        name = LOCALES.get(locale)
        if name is None:
            return None
        return formatter(name).say(Sentence(string.message, context=CONTEXTS.get(context.location)))
