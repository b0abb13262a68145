"""The store on real SQLite files."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.scope import PAGE, Scope
from bot.store import RequestRecord, Song, Store
from generator.protocol.requests import Request

MakeSong = Callable[[RequestRecord], Song]


def new_entry(seed: int = 0, **fields: object) -> RequestRecord:
    values = {"origin": "local", "scope": PAGE, **fields}
    return RequestRecord(id=uuid.uuid4().hex, request=Request(seed=seed), **values)  # type: ignore[arg-type]


async def add(store: Store, count: int) -> list[RequestRecord]:
    entries = [new_entry(seed) for seed in range(count)]
    for entry in entries:
        await store.requests.add(entry)
    return entries


async def test_a_request_comes_back_as_it_was_written(store: Store) -> None:
    entry = RequestRecord(
        id="a",
        origin="discord",
        request=Request(seed=5, key="Bbm", scene="boss", seconds=12.5),
        destination={"token": "secret", "channel": 7},
        user_id="1",
        scope=Scope("2"),
        channel_id="3",
    )
    await store.requests.add(entry)
    assert await store.requests.get("a") == entry
    assert await store.requests.get("b") is None


def test_a_destination_is_kept_out_of_logs() -> None:
    assert "secret" not in repr(new_entry(destination={"token": "secret"}))


async def test_the_oldest_is_taken_first_and_once(store: Store) -> None:
    entries = await add(store, 3)
    taken = await asyncio.gather(*(store.queue.take() for _ in range(5)))
    assert [entry.id for entry in taken if entry] == [entry.id for entry in entries]
    assert all(entry.status == "working" and entry.attempts == 1 for entry in taken if entry)


async def test_what_was_worked_on_is_queued_again(store: Store) -> None:
    first, second, _ = await add(store, 3)
    await store.queue.take()
    await store.queue.take()
    assert await store.requests.requeue_working() == 2
    again = await store.queue.take()
    assert again
    assert (again.id, again.attempts) == (first.id, 2)
    assert next(waiting.id for waiting in await store.queue.line() if not waiting.working) == second.id


async def test_a_song_and_its_request_move_together(store: Store, make_song: MakeSong) -> None:
    (entry,) = await add(store, 1)
    await store.requests.compose(make_song(entry))
    with pytest.raises(sqlite3.IntegrityError):
        await store.requests.compose(make_song(entry))
    assert [left.id for left in await store.requests.undelivered()] == [entry.id]
    await store.requests.posted(entry.id, "m1")
    song = await store.songs.get(entry.id)
    assert song
    assert (song.message_id, song.timings, song.votes) == ("m1", {"compose": 1.5}, 0)
    assert await store.requests.undelivered() == []


async def test_an_unknown_request_gets_no_song(store: Store, make_song: MakeSong) -> None:
    assert not await store.requests.compose(make_song(new_entry()))
    assert await store.songs.history(PAGE) == []
    (entry,) = await add(store, 1)
    assert await store.requests.compose(make_song(entry))


async def test_secrets_are_forgotten_once_the_answer_is_delivered(store: Store, make_song: MakeSong) -> None:
    posted, refused = new_entry(destination={"token": "x"}), new_entry(destination={"token": "x"})
    for entry in (posted, refused):
        await store.requests.add(entry)
    await store.requests.compose(make_song(posted))
    await store.requests.compose_failure(refused.id, "No.")
    assert [entry.destination for entry in await store.requests.undelivered()] == [{"token": "x"}, {"token": "x"}]
    await store.requests.posted(posted.id)
    await store.requests.refused(refused.id, "No.")
    ends = [await store.requests.get(entry.id) for entry in (posted, refused)]
    assert [(end.status, end.error, end.destination) for end in ends if end] == [
        ("posted", None, {}),
        ("refused", "No.", {}),
    ]


async def test_open_requests_of_a_person_and_a_guild(store: Store) -> None:
    for user, guild in (("u1", "g1"), ("u1", "g2"), ("u2", "g1")):
        await store.requests.add(new_entry(user_id=user, scope=guild))
    taken = await store.queue.take()
    assert await store.requests.count_open() == 3
    assert taken
    await store.requests.compose_failure(taken.id, "No.")
    assert await store.requests.count_open(user_id="u1") == 1
    assert await store.requests.count_open(scope=Scope("g1")) == 1
    assert await store.requests.count_open(user_id="u2", scope=Scope("g2")) == 0


async def test_history_is_newest_first_by_guild_and_paged(store: Store, make_song: MakeSong) -> None:
    entries = await add(store, 5)
    elsewhere = new_entry(scope="g")
    await store.requests.add(elsewhere)
    for entry in [*entries, elsewhere]:
        await store.requests.compose(make_song(entry))
    newest = [entry.id for entry in reversed(entries)]
    page = await store.songs.history(PAGE, limit=3)
    assert [song.id for song in page] == newest[:3]
    assert [song.id for song in await store.songs.history(PAGE, limit=3, before=page[-1].id)] == newest[3:]
    assert [song.id for song in await store.songs.history(Scope("g"))] == [elsewhere.id]


async def test_a_cancelled_transaction_leaves_the_store_usable(store: Store) -> None:
    for _ in range(20):
        task = asyncio.create_task(store.requests.add(new_entry()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    entry = new_entry()
    await store.requests.add(entry)
    assert await store.requests.get(entry.id) == entry


async def test_the_file_is_in_wal_mode_and_checks_references(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    async with Store.open(path) as store:
        await add(store, 1)
        with closing(sqlite3.connect(path)) as outside:
            assert outside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert outside.execute("SELECT count(*) FROM requests").fetchone() == (1,)
        async with store.database.transaction():  # of the connection that writes
            for pragma in ("foreign_keys", "secure_delete"):
                assert [row[0] for row in await store.database.rows(f"PRAGMA {pragma}")] == [1]
        assert [row[0] for row in await store.database.fetch("PRAGMA query_only")] == [1]
