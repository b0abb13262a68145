"""The connections to SQLite, one that writes and one that looks, and transactions; the facets of the store share them.

Knows the file and its schema, but no query: what is asked stands in the facets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from bot.store.database.migrations import all_migrations, migrate
from generator.protocol.errors import FaultError

BUSY_MILLISECONDS = 5000
"""How long to wait for a reader outside (a backup, say) that holds the file."""

Values = Iterable[object] | Mapping[str, object]
"""What a statement's marks stand for, by place or by name."""
Rows = Callable[[str, Values], Awaitable[list[aiosqlite.Row]]]
"""Runs a query."""


class Database:
    """The open database; get it with `Database.open`."""

    def __init__(self, db: aiosqlite.Connection, reader: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._reader = reader
        self._path = path
        # One connection for all who write: the lock keeps one coroutine's statements out of another's transaction.
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Database]:
        """Open or make the database at `path` and bring its schema up to date; closes it at the end."""
        async with _connect(path) as db:
            await db.execute_fetchall("PRAGMA journal_mode = WAL")
            # References are checked only then: a migration that makes a table anew must not take others' rows along.
            await migrate(db, all_migrations())
            await db.execute_fetchall("PRAGMA foreign_keys = ON")
            async with _connect(path) as reader:
                await reader.execute_fetchall("PRAGMA query_only = ON")
                yield cls(db, reader, path)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Everything inside happens, or nothing of it, also when the task is cancelled.

        Inside, use only `execute`, `rows` and `insert`: the others see what was before, or wait for the end.
        """
        async with self._writing:
            done = False
            try:
                await self._db.execute("BEGIN IMMEDIATE")
                yield
                await self._db.commit()
                done = True
            finally:
                if not done:
                    await self._db.rollback()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Rows]:
        """Several queries of one state of the database, by what this gives. Does not wait for those who write."""
        async with self._reading:
            try:
                await self._reader.execute("BEGIN")
                yield self._look
            finally:
                await self._reader.rollback()

    async def execute(self, sql: str, values: Values = ()) -> int:
        """One statement inside a transaction; how many rows it changed."""
        cursor = await self._db.execute(sql, values)
        return cursor.rowcount

    async def rows(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        """What a statement inside a transaction gives."""
        return list(await self._db.execute_fetchall(sql, values))

    async def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert, inside a transaction, a row whose columns are named by our own dataclass."""
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        await self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", dict(row))  # noqa: S608

    async def scrub(self) -> None:
        """Leave no trace of deleted rows in the file or in its log; takes as long as copying the database.

        `secure_delete` is not enough: SQLite leaves copies of rows where a page was divided. Whoever writes waits,
        whoever looks does not. Raises FaultError where a reader outside (a backup, say) keeps the log from being
        emptied.
        """
        async with self._writing:
            await self.rows("VACUUM")
            await self.rows("PRAGMA wal_checkpoint(PASSIVE)")  # most of the log, while others look
            async with self._reading:
                [done] = await self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if done["busy"]:
            raise FaultError("The database is being read by another program; its log could not be emptied.")

    async def change(self, sql: str, **values: object) -> int:
        """One statement as a transaction of its own; how many rows it changed. `:now` is the time."""
        named: dict[str, object] = {"now": time.time(), **values}
        async with self.transaction():
            return await self.execute(sql, named)

    async def fetch(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        """What a query gives, outside of transactions. Does not wait for those who write."""
        async with self._reading:
            return await self._look(sql, values)

    async def _look(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        return list(await self._reader.execute_fetchall(sql, values))


@asynccontextmanager
async def _connect(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(path, isolation_level=None) as db:
        db.row_factory = aiosqlite.Row
        await db.execute_fetchall(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        await db.execute_fetchall("PRAGMA secure_delete = ON")
        yield db
