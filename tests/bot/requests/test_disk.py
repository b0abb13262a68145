"""A disk without room pauses the queue and ends nothing; a data folder that is removed is noticed."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.store import Store
from generator.protocol.errors import FaultError
from tests.bot.bench import Bench


async def until_trouble(bench: Bench) -> str:
    async with asyncio.timeout(60):
        while bench.backlog.trouble is None:
            await asyncio.sleep(0.02)
    return bench.backlog.trouble


async def test_a_full_disk_pauses_the_queue(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, look_seconds=0.1)
    bench.files.least_free = 1 << 60
    entry = await bench.ask(42)
    async with bench.running():
        assert "The disk is full" in await until_trouble(bench)
        assert await bench.status(entry) == "queued"
        bench.files.least_free = 0
        assert await bench.chat.until(1) == [("post", entry.id, "Tune 42")]
        assert bench.backlog.trouble is None


async def test_a_database_that_cannot_grow_pauses_the_queue_and_loses_nothing(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, look_seconds=0.1)
    bench.files.least_free = 0
    entries = [await bench.ask(seed, user_id=str(seed)) for seed in range(100, 130)]
    await store.database.rows("PRAGMA max_page_count = 1")  # SQLite rounds it up to the present size
    async with bench.running():
        assert "disk is full" in await until_trouble(bench)
        await asyncio.sleep(0.5)
        await store.database.rows("PRAGMA max_page_count = 1000000")
        answers = await bench.chat.until(30)
    assert sorted(answers) == sorted(("post", entry.id, f"Tune {entry.request.seed}") for entry in entries)


async def test_a_data_folder_that_is_removed_ends_the_bot_with_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    async with Store.open(folder / "chiptune.sqlite3") as store:
        bench = Bench(folder, store, look_seconds=0.1)
        worker = asyncio.create_task(bench.backlog.run())
        await asyncio.sleep(0.3)
        shutil.rmtree(folder)
        with pytest.raises(FaultError, match="was removed while the bot ran"):
            await asyncio.wait_for(worker, 30)
