"""A running local channel: real sockets, a real store, a real generator process (the fake one)."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.contests.keeper import Contests
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.settings import Settings
from bot.store import Store
from bot.web.app import make_app, start
from bot.web.delivery import LocalDelivery
from generator.protocol.client import GeneratorClient
from tests.clock import MovedClock
from tests.conftest import FAKE_GENERATOR

MIDI = bytes.fromhex("4d546864 00000006 0000 0001 0060 4d54726b 00000004 00ff2f00")
PUBLIC_URL = "https://tunes.example.org"


class Channel:
    """A browser's view of a running local channel. calendar: the contests' clock."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, store: Store, folder: Path, files: Files, *, calendar: MovedClock
    ) -> None:
        self.http = http
        self.url = url.rstrip("/")
        self.store = store
        self.folder = folder
        self.files = files
        self.calendar = calendar

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.get(self.url + path, **options) as response:
            return response.status, await response.json()

    async def post(self, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.post(self.url + path, **options) as response:
            return response.status, await response.json()

    async def ask(self, **fields: Any) -> str:
        status, answer = await self.post("/api/requests", json=fields)
        assert status == 202, answer
        return str(answer["id"])

    async def until_over(self, request_id: str) -> dict[str, Any]:
        async with asyncio.timeout(90):
            while True:
                status, state = await self.get(f"/api/requests/{request_id}")
                assert status == 200
                if state["status"] in ("done", "failed"):
                    return dict(state)
                await asyncio.sleep(0.05)

    async def song(self, **fields: Any) -> dict[str, Any]:
        return dict((await self.until_over(await self.ask(**fields)))["song"])


@pytest.fixture
def public_url() -> str | None:
    return PUBLIC_URL


@pytest_asyncio.fixture
async def channel(store: Store, tmp_path: Path, public_url: str | None) -> AsyncIterator[Channel]:
    settings = Settings(port=0, public_url=public_url, data_dir=tmp_path)
    client = GeneratorClient(FAKE_GENERATOR)
    files = Files(store, tmp_path)
    backlog = Backlog(store, client, {"local": LocalDelivery()}, files)
    calendar = MovedClock()
    contests = Contests(store, calendar)
    runner, url = await start(make_app(settings, store, backlog, contests), settings)
    worker = asyncio.create_task(backlog.run())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Channel(http, url, store, tmp_path, files, calendar=calendar)
    await runner.cleanup()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await client.close()


def multipart(fields: object, data: bytes | None, name: str = "tune.mid") -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    form.add_field("request", json.dumps(fields))
    if data is not None:
        form.add_field("file", io.BytesIO(data), filename=name, content_type="audio/midi")
    return form


def is_a_sentence(text: object) -> bool:
    return isinstance(text, str) and text[0].isupper() and text.endswith(".") and "\n" not in text
