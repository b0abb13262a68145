"""Waiting for what the bot does on the stand-in, as most wire tests do."""

from __future__ import annotations

from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import Interaction, Payload


async def wait_for_posts(discord: StandIn, bot: Bot, count: int = 1) -> list[Payload]:
    """Wait until `count` tunes are posted and recorded as posted. Return all posts."""
    await discord.until(lambda: bot.rows("SELECT count(*) FROM requests WHERE status = 'posted'") == [(count,)])
    assert len(discord.posts()) == count
    return discord.posts()


async def wait_for_progress(discord: StandIn, interaction: Interaction) -> Payload:
    """Wait until the placeholder of an interaction shows progress. Return it."""
    await discord.until(lambda: "▰" in text(discord.original(interaction) or {}))
    placeholder = discord.original(interaction)
    assert placeholder
    return placeholder
