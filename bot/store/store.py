"""Requests, songs and votes in SQLite, through aiosqlite.

Every method is one short transaction. The bot is the only writer. Knows nothing of who asks or of how a tune is
made; the backlog decides when a request moves on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiosqlite

from bot.store.migrations import all_migrations, migrate
from bot.store.values import Entry, Song

BUSY_MILLISECONDS = 5000
"""How long to wait for a reader outside (a backup, say) that holds the file."""


class Store:
    """The database; open it with `Store.open`."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        # One connection for everybody: the lock keeps one coroutine's statements out of another's transaction.
        self._lock = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Store]:
        """Open or make the database at `path` and bring its schema up to date; closes it at the end."""
        async with aiosqlite.connect(path, isolation_level=None) as db:
            db.row_factory = aiosqlite.Row
            await db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            await db.execute("PRAGMA journal_mode = WAL")
            await db.execute("PRAGMA foreign_keys = ON")
            await migrate(db, all_migrations())
            yield cls(db)

    # Requests

    async def add(self, entry: Entry) -> None:
        """Write a new request at the end of the queue."""
        row = {**_columns(entry), "request": json.dumps(entry.request.to_dict())}
        row["destination"] = json.dumps(dict(entry.destination))
        async with self._transaction():
            await self._insert("requests", row)

    async def entry(self, request_id: str) -> Entry | None:
        """One request."""
        rows = await self._fetch("SELECT * FROM requests WHERE id = ?", (request_id,))
        return Entry.from_row(rows[0]) if rows else None

    async def take(self) -> Entry | None:
        """The oldest queued request, now working and with one attempt more; None where none is queued."""
        async with self._transaction():
            rows = await self._rows(
                "UPDATE requests SET status = 'working', attempts = attempts + 1, updated = ? WHERE number ="
                " (SELECT number FROM requests WHERE status = 'queued' ORDER BY number LIMIT 1) RETURNING *",
                (time.time(),),
            )
        return Entry.from_row(rows[0]) if rows else None

    async def requeue(self, request_id: str) -> None:
        """Put a working request back to its place in the queue."""
        await self._change("UPDATE requests SET status = 'queued', updated = :now WHERE id = :id", id=request_id)

    async def requeue_working(self) -> int:
        """Put everything that was being worked on back into the queue; how many these were."""
        return await self._change("UPDATE requests SET status = 'queued', updated = :now WHERE status = 'working'")

    async def compose(self, song: Song) -> None:
        """Write a finished song; its request is composed."""
        row = {**_columns(song), "timings": json.dumps(dict(song.timings)), "got": json.dumps(dict(song.got))}
        del row["votes"]
        async with self._transaction():
            await self._insert("songs", row)
            await self._set_status(song.id, "composed", None)

    async def compose_failure(self, request_id: str, sentence: str) -> None:
        """Note that a request ended without a song; the person is not told yet."""
        async with self._transaction():
            await self._set_status(request_id, "composed", sentence)

    async def undelivered(self) -> list[Entry]:
        """Composed requests whose answer was not delivered, oldest first."""
        rows = await self._fetch("SELECT * FROM requests WHERE status = 'composed' ORDER BY number")
        return [Entry.from_row(row) for row in rows]

    async def posted(self, request_id: str, message_id: str | None = None) -> None:
        """The song was delivered; what the origin needed for that is forgotten."""
        async with self._transaction():
            await self._set_status(request_id, "posted", None)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))
            await self._db.execute("UPDATE songs SET message_id = ? WHERE id = ?", (message_id, request_id))

    async def refused(self, request_id: str, sentence: str) -> None:
        """The person was told that there is no song; what the origin needed for that is forgotten."""
        async with self._transaction():
            await self._set_status(request_id, "refused", sentence)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))

    async def set_destination(self, request_id: str, destination: Mapping[str, Any]) -> None:
        """Replace what the origin needs to answer."""
        await self._change(
            "UPDATE requests SET destination = :destination, updated = :now WHERE id = :id",
            id=request_id,
            destination=json.dumps(dict(destination)),
        )

    async def position(self, request_id: str) -> int:
        """The place in the queue: 1 is the next, 0 is no longer queued."""
        rows = await self._fetch(
            "SELECT count(*) FROM requests WHERE status = 'queued' AND number <="
            " (SELECT number FROM requests WHERE id = ? AND status = 'queued')",
            (request_id,),
        )
        return int(rows[0][0])

    async def open_requests(self, *, user_id: str | None = None, guild_id: str | None = None) -> int:
        """How many requests of a person, of a guild, or of everybody are queued or working."""
        rows = await self._fetch(
            "SELECT count(*) FROM requests WHERE status IN ('queued', 'working')"
            " AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR guild_id = ?2)",
            (user_id, guild_id),
        )
        return int(rows[0][0])

    # Songs and votes

    async def song(self, song_id: str) -> Song | None:
        """One song."""
        rows = await self._fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        return Song.from_row(rows[0]) if rows else None

    async def songs(self, guild_id: str, *, limit: int = 20, before: str | None = None) -> list[Song]:
        """A guild's songs, newest first; `before` is the last song's id of the page before."""
        rows = await self._fetch(
            "SELECT * FROM voted_songs WHERE guild_id = ?1"
            " AND (?2 IS NULL OR number < (SELECT number FROM songs WHERE id = ?2)) ORDER BY number DESC LIMIT ?3",
            (guild_id, before, limit),
        )
        return [Song.from_row(row) for row in rows]

    async def vote(self, song_id: str, voter: str, value: int) -> int:
        """Set one person's vote, -1 or 1; 0 takes it back. The song's new sum.

        The song must exist: sqlite3.IntegrityError otherwise.
        """
        async with self._transaction():
            if value:
                await self._db.execute(
                    "INSERT INTO votes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    (song_id, voter, value, time.time()),
                )
            else:
                await self._db.execute("DELETE FROM votes WHERE song = ? AND voter = ?", (song_id, voter))
            rows = await self._rows("SELECT coalesce(sum(value), 0) FROM votes WHERE song = ?", (song_id,))
        return int(rows[0][0])

    async def vote_of(self, song_id: str, voter: str) -> int:
        """One person's vote on a song: -1, 1, or 0 for none."""
        rows = await self._fetch("SELECT value FROM votes WHERE song = ? AND voter = ?", (song_id, voter))
        return int(rows[0][0]) if rows else 0

    # The connection

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        """Everything inside happens, or nothing of it, also when the task is cancelled."""
        async with self._lock:
            done = False
            try:
                await self._db.execute("BEGIN IMMEDIATE")
                yield
                await self._db.commit()
                done = True
            finally:
                if not done:
                    await self._db.rollback()

    async def _set_status(self, request_id: str, status: str, error: str | None) -> None:
        await self._db.execute(
            "UPDATE requests SET status = ?, error = ?, updated = ? WHERE id = ?",
            (status, error, time.time(), request_id),
        )

    async def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert a row whose columns are named by our own dataclass."""
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        await self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", dict(row))  # noqa: S608

    async def _change(self, sql: str, **values: object) -> int:
        """One UPDATE; how many rows it changed. `:now` is the time."""
        async with self._transaction():
            cursor = await self._db.execute(sql, {"now": time.time(), **values})
            return cursor.rowcount

    async def _fetch(self, sql: str, values: Iterable[object] = ()) -> list[aiosqlite.Row]:
        async with self._lock:
            return await self._rows(sql, values)

    async def _rows(self, sql: str, values: Iterable[object] = ()) -> list[aiosqlite.Row]:
        return list(await self._db.execute_fetchall(sql, values))


def _columns(value: Entry | Song) -> dict[str, Any]:
    """A value's fields by name, as its table's columns are called."""
    return asdict(value)
