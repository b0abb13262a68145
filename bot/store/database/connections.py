"""The two connections to SQLite, one that writes and one that reads, and transactions.

All parts of the store share them. Knows the file and its schema; the queries are in `bot.store`.
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
"""How long to wait for another process (such as a backup) that locks the file."""

Values = Iterable[object] | Mapping[str, object]
"""The values of a statement's parameters, by position or by name."""
Rows = Callable[[str, Values], Awaitable[list[aiosqlite.Row]]]
"""Runs a query."""


class Database:
    """The open database; get it with `Database.open`."""

    def __init__(self, db: aiosqlite.Connection, reader: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._reader = reader
        self._path = path
        # All writers share a connection: the lock keeps one coroutine's statements out of another's transaction.
        self._writing = asyncio.Lock()
        self._reading = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Database]:
        """Open or create the database at `path` and migrate its schema; close it at the end."""
        async with _connect(path) as db:
            await db.execute_fetchall("PRAGMA journal_mode = WAL")
            # `quick_check` reads the whole file, but compares no indexes.
            if (problems := [row[0] for row in await db.execute_fetchall("PRAGMA quick_check(1)")]) != ["ok"]:
                raise FaultError(
                    f"The database {path} is damaged: {problems[0]}. Restore a backup (`chiptune restore`)."
                )
            # Foreign keys are checked only afterwards: a migration that recreates a table must not delete others' rows.
            await migrate(db, all_migrations())
            await db.execute_fetchall("PRAGMA foreign_keys = ON")
            async with _connect(path) as reader:
                await reader.execute_fetchall("PRAGMA query_only = ON")
                yield cls(db, reader, path)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Run a block as a transaction: all of it happens or nothing, even if the task is cancelled.

        Inside, use only `execute`, `rows` and `insert`: other methods read the old state, or wait for the end.
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
    async def snapshot(self) -> AsyncIterator[Rows]:
        """Yield a function that runs queries on one snapshot of the database. Waits for no writer."""
        async with self._reading:
            try:
                await self._reader.execute("BEGIN")
                yield self._read
            finally:
                await self._reader.rollback()

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement inside a transaction. Return how many rows it changed."""
        cursor = await self._db.execute(sql, values)
        return cursor.rowcount

    async def rows(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        """Run a statement inside a transaction. Return its rows."""
        return list(await self._db.execute_fetchall(sql, values))

    async def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Insert a row inside a transaction. row: values by column, whose names come from our own records."""
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        await self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", dict(row))  # noqa: S608

    async def scrub(self) -> None:
        """Remove all traces of deleted rows from the file and its log, which takes as long as copying the database.

        `secure_delete` is not enough, because SQLite leaves copies of rows when it splits a page. Writers wait
        meanwhile, readers do not. Raise FaultError if another process (such as a backup) keeps the log from being
        emptied.
        """
        async with self._writing:
            await self.rows("VACUUM")
            await self.rows("PRAGMA wal_checkpoint(PASSIVE)")  # most of the log, while others read
            async with self._reading:
                [done] = await self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if done["busy"]:
            raise FaultError("The database is being read by another program; its log could not be emptied.")

    async def change(self, sql: str, **values: object) -> int:
        """Run one statement as a transaction. Return how many rows it changed. `:now` is the time."""
        named: dict[str, object] = {"now": time.time(), **values}
        async with self.transaction():
            return await self.execute(sql, named)

    async def fetch(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        """Run a query outside transactions. Return its rows. Waits for no writer."""
        async with self._reading:
            return await self._read(sql, values)

    async def _read(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        return list(await self._reader.execute_fetchall(sql, values))


@asynccontextmanager
async def _connect(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    async with aiosqlite.connect(path, isolation_level=None) as db:
        db.row_factory = aiosqlite.Row
        await db.execute_fetchall(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        await db.execute_fetchall("PRAGMA secure_delete = ON")
        yield db
