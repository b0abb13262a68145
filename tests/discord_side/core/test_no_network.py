"""Without a network the bot goes on: Discord is tried again, and logging in leaves no session open."""

import asyncio
import logging
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.contests.keeper import Contests
from bot.discord import app
from bot.discord.app import DiscordSide
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.settings import Settings
from bot.store import Store
from generator.protocol.client import GeneratorClient
from tests.conftest import FAKE_GENERATOR


class NobodyListens(AbstractResolver):
    """Finds every host at a port of this machine at which nobody listens."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            free = int(server.getsockname()[1])
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=free, family=socket.AF_INET, proto=0, flags=0),
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_discord_is_tried_again(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "make_connector", lambda: aiohttp.TCPConnector(resolver=NobodyListens()))
    monkeypatch.setattr(app, "MAX_RETRY_SECONDS", 0.1)
    backlog = Backlog(store, GeneratorClient(FAKE_GENERATOR), {}, Files(store, tmp_path))
    settings = Settings(token="MTIz.abc.def", data_dir=tmp_path)
    with caplog.at_level(logging.WARNING):
        async with DiscordSide(settings, store, backlog, Contests(store)) as side:
            running = asyncio.create_task(side.run())
            async with asyncio.timeout(60):
                while caplog.text.count("Discord cannot be reached") < 3:
                    await asyncio.sleep(0.05)
            assert not running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert "Unclosed" not in caplog.text
