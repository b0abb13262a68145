"""Databases of every earlier version, with real rows in them, opened by this one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from bot.files.song_files import Files
from bot.scope import Scope
from bot.store import Store
from bot.store.database.migrations import Migration, all_migrations, migrate
from generator.protocol.errors import FaultError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from tests.bot.kept import FILES, content, digests, make, on_disk

UPLOAD = b"MThd an upload"
PARENT, CHILD, ORPHAN, WAITING = "a" * 32, "b" * 32, "c" * 32, "d" * 32
VERSIONS = range(1, len(all_migrations()) + 1)


async def write_old(path: Path, version: int) -> None:
    """A database as a program that knew so many migrations left it: a song, a take of it, a remix, one that waits."""
    async with aiosqlite.connect(path, isolation_level=None) as db:
        await db.execute("PRAGMA journal_mode = WAL")
        await db.execute("PRAGMA foreign_keys = ON")
        await migrate(db, all_migrations()[:version])
        columns = {row[1] for row in await db.execute_fetchall("PRAGMA table_info(songs)")}
        for seed, (song, parent) in enumerate(
            [(PARENT, None), (CHILD, PARENT), (ORPHAN, "e" * 32), (WAITING, CHILD)], 1
        ):
            upload = digest(UPLOAD) if song in (ORPHAN, WAITING) else None
            asked = {"seed": seed, "version": 1, **({"mode": "arrange", "upload": upload} if upload else {})}
            gone = parent == "e" * 32 and version >= 3  # where parents are references, there is none such
            await insert(
                db,
                "requests",
                number=10 * seed,
                id=song,
                origin="discord",
                request=json.dumps(asked),
                destination='{"token": "t"}' if song == WAITING else "{}",
                user_id=f"u{seed}",
                guild_id="7",
                channel_id="9",
                parent=None if gone else parent,
                status="queued" if song == WAITING else "posted",
                attempts=1,
                created=100.0 + seed,
                updated=200.0 + seed,
            )
            if song == WAITING:
                continue
            await insert(
                db,
                "songs",
                number=5 * seed,
                id=song,
                title=f"Tune {seed}",
                digest=digest(content(seed, "tune.mid")),
                midi="tune.mid",
                audio="tune.ogg",
                picture="tune.png",
                seconds=30.5,
                bpm=120.0,
                key="Bbm",
                scene="boss",
                seed=seed,
                model="nes",
                engine="numpy",
                parent=None if gone else parent,
                guild_id="7",
                user_id=f"u{seed}",
                message_id=f"m{seed}",
                report="Kept.",
                timings='{"total": 1.5}',
                created=300.0 + seed,
                **({"got": '{"bars": 16.0}'} if "got" in columns else {}),
            )
        await db.execute("INSERT INTO votes VALUES (?, 'u1', 1, 1.0), (?, 'u2', -1, 2.0)", (PARENT, PARENT))
        await db.execute("INSERT INTO votes VALUES (?, 'u1', 1, 3.0)", (CHILD,))


async def insert(db: aiosqlite.Connection, table: str, **row: object) -> None:
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    await db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608


def write_old_files(folder: Path) -> None:
    """Their files, as they lay until the third migration."""
    for seed, song in enumerate((PARENT, CHILD, ORPHAN), 1):
        (folder / "songs" / song).mkdir(parents=True)
        for name in FILES:
            (folder / "songs" / song / name).write_bytes(content(seed, name))
    (folder / "uploads").mkdir()
    (folder / "uploads" / f"{digest(UPLOAD)}.mid").write_bytes(UPLOAD)


@pytest.mark.parametrize("version", VERSIONS)
async def test_nothing_of_an_earlier_version_is_lost(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.sqlite3"
    await write_old(path, version)
    async with Store.open(path) as store:
        songs = {song.id: song for song in await store.songs.history(Scope("7"))}
        assert list(songs) == [ORPHAN, CHILD, PARENT]
        assert {song.id: (song.parent, song.votes) for song in songs.values()} == {
            PARENT: (None, 0),
            CHILD: (PARENT, 1),
            ORPHAN: (None, 0),
        }
        song = songs[CHILD]
        assert (song.title, song.key, song.scene, song.seed, song.seconds) == ("Tune 2", "Bbm", "boss", 2, 30.5)
        assert (song.message_id, song.report, song.user_id, song.created) == ("m2", "Kept.", "u2", 302.0)
        assert song.timings == {"total": 1.5}
        assert song.got == ({} if version == 1 else {"bars": 16.0})
        assert await store.votes.of(PARENT, "u2") == -1
        counted = await store.database.fetch("SELECT id, likes, dislikes, own FROM songs ORDER BY number")
        assert [tuple(row) for row in counted] == [(PARENT, 0, 1, 1), (CHILD, 1, 0, 0), (ORPHAN, 0, 0, 0)]
        await store.votes.cast(ORPHAN, "u1", 1)
        await store.votes.cast(ORPHAN, "u2", 1)
        chart = await store.charts.top(Scope("7"), "all")
        assert [(one.song.id, one.likes) for one in chart] == [(ORPHAN, 2), (CHILD, 1)]
        waiting = await store.queue.take()
        assert waiting
        assert (waiting.id, waiting.parent, waiting.destination) == (WAITING, CHILD, {"token": "t"})
        assert waiting.request == Request(seed=4, mode="arrange", upload=digest(UPLOAD))
        assert (waiting.user_id, waiting.channel_id, waiting.attempts, waiting.created) == ("u4", "9", 2, 104.0)
        assert await store.database.fetch("PRAGMA foreign_key_check") == []
        async with store.database.transaction():  # of the connection that writes
            [checks] = await store.database.rows("PRAGMA foreign_keys")
        assert checks[0] == 1
    with closing(sqlite3.connect(path)) as db:
        applied = [row[0] for row in db.execute("SELECT number FROM migrations ORDER BY number")]
    assert applied == [migration.number for migration in all_migrations()]


async def test_new_rows_come_after_the_old_ones(tmp_path: Path) -> None:
    await write_old(tmp_path / "old.sqlite3", 1)
    async with Store.open(tmp_path / "old.sqlite3") as store:
        song = await make(store, Files(store, tmp_path), 9)
        assert (await store.songs.history(Scope("7")))[0].id == song.id
        assert [one.id for one in await store.queue.line()] == [WAITING]


async def test_the_files_of_the_oldest_version_are_taken_over(tmp_path: Path) -> None:
    await write_old(tmp_path / "old.sqlite3", 1)
    write_old_files(tmp_path)
    async with Store.open(tmp_path / "old.sqlite3") as store:
        files = Files(store, tmp_path)
        assert await files.adopt_old() == 3
        await files.collect(1e12)
        assert on_disk(tmp_path) == {*digests(1, 2, 3), digest(UPLOAD)}
        for song in await store.songs.history(Scope("7")):
            for name, path in (await files.paths(song.id)).items():
                assert path.read_bytes() == content(song.seed, name)
        await files.delete(PARENT)
        left = await store.songs.get(CHILD)
        assert left
        assert left.parent == PARENT
        assert on_disk(tmp_path) == {*digests(2, 3), digest(UPLOAD)}


async def test_a_failing_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    broken = Migration(99, "broken", "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);")
    async with aiosqlite.connect(tmp_path / "db.sqlite3", isolation_level=None) as db:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await migrate(db, [*all_migrations(), broken])
        tables = {row[0] for row in await db.execute_fetchall("SELECT name FROM sqlite_schema")}
        applied = {row[0] for row in await db.execute_fetchall("SELECT number FROM migrations")}
    assert "songs" in tables
    assert "half" not in tables
    assert applied == {migration.number for migration in all_migrations()}


async def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    async with aiosqlite.connect(path, isolation_level=None) as db:
        await migrate(db, [*all_migrations(), Migration(99, "later", "CREATE TABLE later (x);")])
    with pytest.raises(FaultError, match="newer"):
        async with Store.open(path):
            pass
