"""What the bot records about the servers it is in, over the wire."""

from __future__ import annotations

from tests.wire.standin.gateway import guild
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import GUILD


async def test_removal_from_a_server_and_return_are_recorded(discord: StandIn, bot: Bot) -> None:
    await discord.until(lambda: bot.rows("SELECT guild_id FROM servers") == [(str(GUILD),)])
    await discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD)})
    await discord.until(lambda: bot.rows("SELECT 1 FROM servers WHERE removed IS NOT NULL"))
    await discord.gateway.dispatch("GUILD_CREATE", guild())
    await discord.until(lambda: bot.rows("SELECT 1 FROM servers WHERE removed IS NULL"))


async def test_an_outage_of_a_server_is_not_a_removal(discord: StandIn, bot: Bot) -> None:
    await discord.until(lambda: bot.rows("SELECT 1 FROM servers"))
    await discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
    await discord.gateway.dispatch("GUILD_CREATE", guild())
    await discord.slash("generate")
    await discord.until(discord.posts)
    assert bot.rows("SELECT removed FROM servers") == [(None,)]
