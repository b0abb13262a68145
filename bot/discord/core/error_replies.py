"""The one place where errors become sentences that users on Discord read.

Before a reply is deferred, the sentence is an ephemeral reply. Afterwards, the public placeholder is deleted and the
sentence follows as an ephemeral message. Which input is refused, and when, is left to the callers.
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
    """Reply with what an error means. An error other than InputError is logged with its traceback."""
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
    """Answer errors raised in the block, for components, whose errors the library does not pass to the command tree.

    Replies are in the user's language from here on.
    """
    locale.set_locale(interaction)
    try:
        yield
    except (InputError, discord.NotFound) as error:
        await answer_error(interaction, error)
    except Exception:
        # Raised again, so that the library logs it with its traceback.
        await reply(interaction, FAULT_SENTENCE)
        raise


async def reply(interaction: discord.Interaction, sentence: str, view: discord.ui.View = discord.utils.MISSING) -> None:
    """Say a sentence to the user alone, with a view below it. A public reply that was deferred is deleted."""
    text = say(sentence)
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(text, view=view, ephemeral=True)
            return
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            # A follow-up would fill the open deferred reply and be as public. An edit closes that reply first.
            with suppress(discord.NotFound):
                await interaction.edit_original_response(view=text_view(CLOSING_TEXT))
                await interaction.delete_original_response()
        await interaction.followup.send(text, view=view, ephemeral=True)
    except discord.HTTPException as error:
        log.warning("a sentence could not be said: %s", error)
