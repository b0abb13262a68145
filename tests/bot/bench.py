"""A backlog to try things on: a real store and a real child process; only the chat is a list of what it was told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.requests.delivery import DeliveryError
from bot.requests.wait_times import QueuePosition
from bot.scope import PAGE
from bot.store import RequestRecord, Song, Store
from generator.protocol.client import GeneratorClient
from generator.protocol.requests import Request
from tests.conftest import FAKE_GENERATOR


class Chat:
    """A delivery that records its calls and fails when told to. seconds: how long an edit takes."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.failures: list[DeliveryError] = []
        self.answered = asyncio.Condition()
        self.seconds = 0.0
        self.at_once = self.most_at_once = 0

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        await self._edit("queued", entry.id, place.position)

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        await self._edit("progress", entry.id, fraction, stage)

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        await self._answer("post", entry.id, song.title)
        return f"message {entry.id}"

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        await self._answer("refuse", entry.id, sentence)

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        await self._answer("cancelled", entry.id, sentence)

    async def _edit(self, *what: Any) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        self.told.append(what)

    async def _answer(self, *what: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        async with self.answered:
            self.told.append(what)
            self.answered.notify_all()

    def answers(self) -> list[tuple[Any, ...]]:
        return [told for told in self.told if told[0] in ("post", "refuse", "cancelled")]

    async def until(self, count: int) -> list[tuple[Any, ...]]:
        """The answers, once there are so many of them and the store had time to hear of the last."""
        async with asyncio.timeout(90), self.answered:
            await self.answered.wait_for(lambda: len(self.answers()) >= count)
        await asyncio.sleep(0.1)
        return self.answers()


class Bench:
    """A backlog with one origin, "local", and the fake generator. options: of the backlog."""

    def __init__(self, folder: Path, store: Store, *, job_seconds: float = 60, **options: Any) -> None:
        self.folder = folder
        self.store = store
        self.chat = Chat()
        self.client = GeneratorClient(FAKE_GENERATOR, job_seconds=job_seconds, cancel_seconds=5)
        self.files = Files(store, folder)
        self.backlog = Backlog(store, self.client, {"local": self.chat}, self.files, **options)

    async def ask(self, seed: int, **fields: Any) -> RequestRecord:
        return await self.backlog.accept(Request(seed=seed), origin="local", scope=PAGE, **fields)

    async def status(self, entry: RequestRecord) -> str | None:
        row = await self.store.requests.get(entry.id)
        return row.status if row else None

    async def until_told(self, kind: str, count: int) -> None:
        """Wait until the chat was told something so many times."""
        async with asyncio.timeout(90):
            while sum(told[0] == kind for told in self.chat.told) < count:
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        worker = asyncio.create_task(self.backlog.run())
        try:
            yield
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            await self.client.close()
