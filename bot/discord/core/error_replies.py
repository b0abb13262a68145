"""The one place where errors become sentences that people on Discord read.

A refusal before the defer is an ephemeral answer. After it, the public placeholder goes and the sentence follows
ephemerally. Which inputs are refused, and when, is left to others.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import discord
from discord import app_commands

from bot.discord.core import locale
from bot.discord.core.placeholders import CLOSING_TEXT, text_view
from bot.languages import say
from generator.protocol.errors import FAULT_SENTENCE, InputError

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062


async def answer_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Say what an error means; one that is no InputError is logged with its traceback."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, InputError):
        await reply(interaction, error.sentence)
    elif isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        log.warning("an answer came later than Discord waits for one")
    else:
        log.error("a fault while answering on Discord", exc_info=error)
        await reply(interaction, FAULT_SENTENCE)


@asynccontextmanager
async def answering(interaction: discord.Interaction) -> AsyncIterator[None]:
    """Answer what is raised inside; for buttons, whose errors the library does not hand to the command tree.

    The one who presses is spoken to in their language from here on.
    """
    locale.set_locale(interaction)
    try:
        yield
    except (InputError, discord.NotFound) as error:
        await answer_error(interaction, error)
    except Exception:
        # Not swallowed: the library logs it with its traceback.
        await reply(interaction, FAULT_SENTENCE)
        raise


async def reply(interaction: discord.Interaction, sentence: str) -> None:
    """Say a sentence to the one who asked, in place of any answer that was promised to all."""
    text = say(sentence)
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(text, ephemeral=True)
            return
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            # While a defer is open, a follow-up takes its place and is as public as it; an edit closes it.
            with suppress(discord.NotFound):
                await interaction.edit_original_response(view=text_view(CLOSING_TEXT))
                await interaction.delete_original_response()
        await interaction.followup.send(text, ephemeral=True)
    except discord.HTTPException as error:
        log.warning("a sentence could not be said: %s", error)
