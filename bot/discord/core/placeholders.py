"""Placeholders: the messages of the bot that the answer to an interaction replaces later."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.discord.core.client import ChiptuneClient

CLOSING_TEXT = "…"
"""The text of a placeholder just before it is deleted."""


async def defer_reply(interaction: discord.Interaction[ChiptuneClient], *, ephemeral: bool = False) -> int:
    """Defer the reply, within the three seconds that Discord allows. Return the id of the placeholder message."""
    answer = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    if answer is None or answer.message_id is None:
        return (await interaction.original_response()).id
    return answer.message_id


def text_view(text: str, *buttons: ui.Item[Any]) -> ui.LayoutView:
    """Return a text with buttons below it, as a message of components, so that an edit can make a post of it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view.add_item(ui.ActionRow(*buttons)) if buttons else view
