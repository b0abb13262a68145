"""What commands, their options and choices are called in each of Discord's languages, out of the catalogues.

Names stand in the catalogues in the contexts "command" and "option", since they have rules of their own (no spaces, no
capitals); descriptions and choices in none. The catalogues know every text of the command tree by a walk through it
(`bot.languages.messages`), so that nothing needs to be marked there.
"""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.languages import COMMAND, LANGUAGES, speaker
from generator.protocol.i18n import Sentence

LOCALES = {
    discord.Locale.german: "de",
    discord.Locale.spain_spanish: "es",
    discord.Locale.latin_american_spanish: "es",
    discord.Locale.french: "fr",
    discord.Locale.japanese: "ja",
    discord.Locale.brazil_portuguese: "pt_BR",
}
"""Discord's languages that we know, and the catalogue of each; in all others we speak English."""
OPTION = "option"
CONTEXTS = {Location.command_name: COMMAND, Location.group_name: COMMAND, Location.parameter_name: OPTION}
"""Which names have a context."""


class CatalogueTranslator(app_commands.Translator):
    """Looks names and descriptions up."""

    async def load(self) -> None:
        """Read the catalogues before anybody waits for one."""
        for name in LANGUAGES:
            await asyncio.to_thread(speaker, name)

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """A name or a description in one of Discord's languages, None in those that we do not know."""
        name = LOCALES.get(locale)
        if name is None:
            return None
        return speaker(name).say(Sentence(string.message, context=CONTEXTS.get(context.location)))
