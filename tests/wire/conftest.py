"""Fixtures: a stand-in for Discord, and a bot process connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import TOKEN


@pytest_asyncio.fixture
async def discord(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with StandIn(tmp_path) as standin:
        yield standin


@pytest_asyncio.fixture
async def bot(discord: StandIn, tmp_path: Path) -> AsyncIterator[Bot]:
    bot = Bot(discord, tmp_path)
    await bot.start()
    yield bot
    code = await bot.end()
    log = bot.log()
    assert code in (0, None), log
    assert "Traceback" not in log, log
    assert TOKEN not in log
    assert "interaction-token" not in log
