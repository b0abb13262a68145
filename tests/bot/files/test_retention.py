"""What is forgotten, and when, by a clock that the tests move."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.retention import DAY, Retention
from bot.files.song_files import Files
from bot.scope import Scope
from bot.settings import Settings
from bot.store import Store
from generator.protocol.uploads import digest
from tests.bot.kept import ask, digests, make, new_entry, on_disk
from tests.clock import MovedClock

UPLOAD = b"MThd an upload"


class House:
    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.files = Files(store, folder)
        self.clock = MovedClock()
        self.retention = Retention(store, self.files, Settings(data_dir=folder), self.clock)

    async def after(self, days: float) -> None:
        self.clock.time += days * DAY
        await self.retention.round()

    async def ids(self) -> list[str]:
        return [row["id"] for row in await self.store.database.fetch("SELECT id FROM requests ORDER BY number")]


@pytest_asyncio.fixture
async def house(store: Store, tmp_path: Path) -> House:
    return House(store, tmp_path)


async def test_refused_requests_go_after_a_month_and_open_ones_stay(house: House) -> None:
    refused = await ask(house.store, house.files, new_entry(1, upload=UPLOAD), UPLOAD)
    await house.store.requests.refused(refused.id, "No.")
    waiting = await ask(house.store, house.files, new_entry(2))
    await house.after(29)
    assert await house.ids() == [refused.id, waiting.id]
    assert on_disk(house.folder) == {digest(UPLOAD)}
    await house.after(2)
    assert await house.ids() == [waiting.id]
    assert on_disk(house.folder) == set()


async def test_a_song_stays_and_its_upload_goes(house: House) -> None:
    song = await make(house.store, house.files, 1, upload=UPLOAD)
    await house.after(31)
    assert await house.store.songs.get(song.id) == song
    assert on_disk(house.folder) == digests(1)
    await house.after(1000)
    assert await house.store.songs.get(song.id) == song


async def test_an_upload_that_an_open_request_needs_stays(house: House) -> None:
    await make(house.store, house.files, 1, upload=UPLOAD)
    await ask(house.store, house.files, new_entry(2, upload=UPLOAD))
    await house.after(31)
    assert digest(UPLOAD) in on_disk(house.folder)


async def test_handled_reports_go_after_a_month_and_others_stay(house: House) -> None:
    handled, waiting = [await make(house.store, house.files, seed) for seed in (1, 2)]
    for song in (handled, waiting):
        await house.store.reports.add(song.id, "2", "Too loud.")
    await house.store.reports.handle(handled.id)
    await house.after(31)
    assert [row["song"] for row in await house.store.database.fetch("SELECT song FROM reports")] == [waiting.id]


async def test_everything_of_a_server_goes_a_week_after_the_bot_left(house: House) -> None:
    parent = await make(house.store, house.files, 1, scope="7")
    elsewhere = await make(house.store, house.files, 2, scope="8", parent=parent.id)
    await ask(house.store, house.files, new_entry(3, scope="7"))
    await house.store.servers.change(Scope("7"), "cooldown", 30)
    await house.store.servers.left(Scope("7"), house.clock.now())
    await house.after(6.9)
    assert await house.store.songs.get(parent.id)
    await house.after(0.2)
    assert await house.ids() == [elsewhere.id]
    assert (await house.store.servers.settings(Scope("7"))).cooldown == 0
    assert on_disk(house.folder) == digests(2)
    left = await house.store.songs.get(elsewhere.id)
    assert left
    assert left.parent is None


async def test_a_server_that_is_joined_again_in_time_keeps_everything(house: House) -> None:
    song = await make(house.store, house.files, 1, scope="7")
    await house.store.servers.left(Scope("7"), house.clock.now())
    await house.after(6)
    await house.store.servers.joined(Scope("7"))
    await house.after(100)
    assert await house.store.songs.get(song.id) == song
    assert await house.store.servers.erase(Scope("7"), house.clock.now()) == set()


async def test_it_works_at_the_start_and_once_a_day(house: House) -> None:
    async def refused(seed: int) -> None:
        await house.store.requests.refused((await ask(house.store, house.files, new_entry(seed))).id, "No.")

    await refused(1)
    house.clock.time += 31 * DAY
    work = asyncio.create_task(house.retention.run())
    await house.clock.until_naps(1)
    assert await house.ids() == []
    await refused(2)
    await house.clock.move(0.9 * DAY)
    assert len(await house.ids()) == 1
    await house.clock.move(0.2 * DAY)
    await house.clock.until_naps(2)
    assert await house.ids() == []
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_a_round_that_fails_is_logged_and_tried_again(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = await ask(house.store, house.files, new_entry(1))
    await house.store.requests.refused(refused.id, "No.")
    await house.store.database.change("ALTER TABLE reports RENAME TO elsewhere")
    house.clock.time += 31 * DAY
    work = asyncio.create_task(house.retention.run())
    await house.clock.until_naps(1)
    assert "removing old data failed" in caplog.text
    assert sqlite3.OperationalError.__name__ in caplog.text
    await house.store.database.change("ALTER TABLE elsewhere RENAME TO reports")
    await house.clock.move(DAY)
    await house.clock.until_naps(2)
    assert await house.ids() == []
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
