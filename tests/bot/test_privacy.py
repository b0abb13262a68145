"""What a person may have, and what is left of one who is erased: the whole data folder is searched, byte by byte."""

import asyncio
import json
import os
import sqlite3
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.privacy import Privacy
from bot.scope import Scope
from bot.store import Limits, Requester, Song, Store
from generator.protocol.uploads import digest
from tests.bot.kept import FILES, ask, content, digests, make, new_entry, on_disk, song_of, write_job

ALICE, BOB = "271828182845904523", "314159265358979323"
HERS, SHARED = b"MThd hers", b"MThd shared"


class Home:
    """A data folder in which alice and bob have songs, and have to do with each other's."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.files = Files(store, folder)
        self.privacy = Privacy(store, self.files)

    async def fill(self) -> None:
        async def make_one(seed: int, user: str, **fields: Any) -> Song:
            return await make(self.store, self.files, seed, user_id=user, **fields)

        self.hers: Song = await make_one(1, ALICE, upload=HERS)
        self.his: Song = await make_one(2, BOB, parent=self.hers.id)
        await make_one(3, ALICE, upload=SHARED)
        self.same: Song = await make_one(3, BOB, upload=SHARED)
        await self.store.messages.add(self.hers.id, "9", "replay of hers", BOB)
        await self.store.messages.add(self.his.id, "9", "replay of his", ALICE)
        await self.store.messages.add(self.his.id, "9", "his own replay", BOB)
        await self.store.votes.cast(self.hers.id, BOB, 1)
        await self.store.votes.cast(self.his.id, ALICE, 1)
        await self.store.votes.cast(self.his.id, BOB, 1)
        await self.store.battles.judge(Scope("7"), ALICE, self.his.id, self.same.id, 1)
        found = await self.store.contests.start(Scope("7"), "9", 0)
        await self.store.contests.nominate(Scope("7"), self.his.id, ALICE, 0)
        await self.store.rounds.pass_due(found.voting)
        await self.store.contests.vote(Scope("7"), self.his.id, ALICE, found.voting)
        await self.store.reports.add(self.his.id, ALICE, "Too loud.")
        waiting = new_entry(4, user_id=ALICE, destination={"user": int(ALICE), "token": "secret"})
        await ask(self.store, self.files, waiting)

    def holds(self, text: str) -> bool:
        """Whether a text is in any file of the folder, or in a file's name."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return any(text in str(path) or text.encode() in path.read_bytes() for path in found)


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with Store.open(tmp_path / "chiptune.sqlite3") as store:
        home = Home(store, tmp_path)
        await home.fill()
        yield home


async def test_nothing_is_left_of_a_person_who_is_erased(home: Home) -> None:
    gone = [ALICE, digest(HERS), home.hers.id, *digests(1), "replay of hers", "replay of his"]
    assert all(home.holds(text) for text in gone)
    await home.privacy.erase(ALICE)
    assert [text for text in gone if home.holds(text)] == []
    assert (home.folder / "chiptune.sqlite3-wal").stat().st_size == 0


async def test_what_others_have_stays(home: Home) -> None:
    await home.privacy.erase(ALICE)
    left = {song.id: song for song in await home.store.songs.history(Scope("7"))}
    assert set(left) == {home.his.id, home.same.id}
    assert left[home.his.id].parent is None
    assert left[home.his.id].votes == 1
    assert on_disk(home.folder) == {*digests(2, 3), digest(SHARED)}
    assert await home.store.reports.waiting(Scope("7")) == []
    assert await home.store.messages.of(home.his.id) == [(None, "message 2"), ("9", "his own replay")]
    entry = await home.store.requests.get(home.his.id)
    assert entry
    assert (entry.user_id, entry.parent) == (BOB, None)


async def test_nothing_comes_back_from_a_job_that_was_in_progress(home: Home) -> None:
    entry = await home.store.queue.take()
    assert entry
    assert entry.user_id == ALICE
    await write_job(home.files, entry)
    await home.privacy.erase(ALICE)
    assert not await home.files.compose(song_of(entry))
    await home.files.forget_job(entry.id)
    assert not home.holds(ALICE)
    assert not any(home.holds(text) for text in digests(4))


async def test_a_person_gets_everything_with_the_files(home: Home) -> None:
    target = home.folder / "export.zip"
    await home.privacy.write_export(ALICE, target)
    with zipfile.ZipFile(target) as archive:
        about = json.loads(archive.read("about.json"))
        for name in FILES:
            assert archive.read(f"songs/{home.hers.id}/{name}") == content(1, name)
        assert archive.read(f"uploads/{digest(HERS)}.mid") == HERS
        assert len(archive.namelist()) == 1 + 2 * len(FILES) + 2
    assert about == await home.privacy.export_of(ALICE)
    assert {table: len(rows) for table, rows in about.items() if table != "user"} == {
        "requests": 3,
        "songs": 2,
        "files": 6,
        "uploads": 2,
        "messages": 2,
        "votes": 1,
        "battles": 1,
        "nominations": 1,
        "ballots": 1,
        "reports": 1,
    }
    assert about["requests"][0]["request"]["upload"] == digest(HERS)
    assert about["requests"][2]["destination"] == {"user": int(ALICE)}
    assert "secret" not in json.dumps(about)
    assert BOB not in json.dumps(about)


async def test_zips_are_written_one_at_a_time(home: Home) -> None:
    path = (await home.files.paths(home.hers.id))[home.hers.audio]
    path.write_bytes(os.urandom(20_000_000))  # so that the first is not done before the second could begin
    first, second = home.folder / "first.zip", home.folder / "second.zip"
    writing = asyncio.create_task(home.privacy.write_export(ALICE, first))
    waiting = asyncio.create_task(home.privacy.write_export(ALICE, second))
    async with asyncio.timeout(30):
        while not second.exists():
            await asyncio.sleep(0.01)
    assert writing.done()
    assert await writing == await waiting


async def test_of_a_stranger_there_is_nothing(home: Home) -> None:
    about = await home.privacy.export_of("5")
    assert all(rows == [] for table, rows in about.items() if table != "user")
    assert await home.privacy.erase("5") == 0
    assert len(await home.store.songs.history(Scope("7"))) == 4


MANY = 8000


def fill_many(path: Path) -> None:
    """So many songs of alice's and of bob's, in turn, as large as usual."""
    ids = [(f"{number:032x}", (ALICE, BOB)[number % 2]) for number in range(2 * MANY)]
    asked, timings = json.dumps({"seed": 1, "name": "n" * 400}), json.dumps({"total": "t" * 200})
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "INSERT INTO requests (id, origin, request, destination, user_id, guild_id, status, created, updated)"
            " VALUES (?, 'discord', ?, '{}', ?, '7', 'posted', 1, 1)",
            [(song, asked, user) for song, user in ids],
        )
        db.executemany(
            "INSERT INTO songs (id, title, digest, midi, audio, picture, seconds, bpm, key, seed, model, engine,"
            " guild_id, user_id, report, timings, created)"
            " VALUES (?, ?, ?, 'm', 'a', 'p', 1, 1, 'C', 1, 'nes', 'e', '7', ?, '', ?, 1)",
            [(song, f"Tune of {user}", song, user, timings) for song, user in ids],
        )
        db.executemany(
            "INSERT INTO files VALUES (?, ?, ?, 1)",
            [(song, name, digest(f"{song}{name}".encode())) for song, _ in ids for name in (*FILES, "tune.mp4")],
        )
        db.commit()


@pytest.mark.long
async def test_others_are_answered_while_a_person_with_thousands_of_tunes_is_erased(tmp_path: Path) -> None:
    path = tmp_path / "chiptune.sqlite3"
    async with Store.open(path):
        pass
    fill_many(path)
    async with Store.open(path) as store:
        erasing = asyncio.create_task(Privacy(store, Files(store, tmp_path)).erase(ALICE))
        waits = []
        while not erasing.done():
            await asyncio.sleep(0.01)
            before = time.perf_counter()
            # What a command asks before it is acknowledged.
            await store.servers.settings(Scope("7"))
            await store.queue.reached(Requester("discord", BOB, Scope("7")), Limits())
            await store.songs.history(Scope("7"), limit=10)
            waits.append(time.perf_counter() - before)
        await erasing
        assert len(waits) > 50
        assert max(waits) < 0.5, f"somebody waited for {max(waits):.2f} s"
        assert not Home(store, tmp_path).holds(ALICE)
        assert len(await store.songs.history(Scope("7"), limit=2 * MANY)) == MANY


async def test_those_who_look_do_not_wait_for_those_who_write(home: Home) -> None:
    writer = sqlite3.connect(home.folder / "chiptune.sqlite3", isolation_level=None)
    with closing(writer):
        writer.execute("BEGIN IMMEDIATE")  # as somebody who writes the file anew
        scrubbing = asyncio.create_task(home.store.database.scrub())
        async with asyncio.timeout(2):
            await asyncio.sleep(0.1)
            assert await home.store.queue.reached(Requester("discord", BOB, Scope("7")), Limits()) is None
            assert len(await home.store.songs.history(Scope("7"))) == 4
        assert not scrubbing.done()
        writer.execute("ROLLBACK")
    await scrubbing
