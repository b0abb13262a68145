"""When the bot stops, nothing uses the store any more by the time it closes."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot import serve
from bot.scope import Scope
from bot.store import Store


async def test_handlers_of_events_are_over_when_the_store_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "FINISH_SECONDS", 3.0)

    async def quick(store: Store) -> None:
        await asyncio.sleep(0.1)
        await store.servers.all_joined({Scope.server(1)})

    async def endless(store: Store) -> None:
        while True:
            await asyncio.sleep(0.01)
            await store.servers.joined(Scope.server(2))

    begun: list[asyncio.Task[None]] = []

    async def begins_another(store: Store) -> None:
        await asyncio.sleep(serve.FINISH_SECONDS - 0.05)
        begun.append(asyncio.create_task(endless(store)))

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store.open(tmp_path / "chiptune.sqlite3"))
        stack.push_async_callback(serve._end_tasks_except, asyncio.all_tasks())
        begins = asyncio.create_task(begins_another(store))
        finished, cancelled = asyncio.create_task(quick(store)), asyncio.create_task(endless(store))
    assert finished.result() is None
    assert cancelled.cancelled()
    assert begins.done()
    assert all(task.cancelled() for task in begun)
