"""Messages that stand where an answer is going to be: promised, written to, and taken away."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.discord.core.client import ChiptuneClient

CLOSING_TEXT = "…"
"""What a placeholder says in its last moment."""


async def defer_reply(interaction: discord.Interaction[ChiptuneClient], *, ephemeral: bool = False) -> int:
    """Promise an answer, within the three seconds that Discord waits; the placeholder's message id."""
    answer = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    if answer is None or answer.message_id is None:
        return (await interaction.original_response()).id
    return answer.message_id


def text_view(text: str, *buttons: ui.Item[Any]) -> ui.LayoutView:
    """A line of ours as a message of the same kind as a post, so that it can become one; with buttons below it."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(text))
    return view.add_item(ui.ActionRow(*buttons)) if buttons else view
