"""The one connection to SQLite, its lock and its transactions; the facets of the store share it.

Knows the file and its schema, but no query: what is asked stands in the facets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite

from bot.store.migrations import all_migrations, migrate
from generator.contract import FaultError

BUSY_MILLISECONDS = 5000
"""How long to wait for a reader outside (a backup, say) that holds the file."""

Values = Iterable[object] | Mapping[str, object]
"""What a statement's marks stand for, by place or by name."""


class Database:
    """The open database; get it with `Database.open`."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        # One connection for everybody: the lock keeps one coroutine's statements out of another's transaction.
        self._lock = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Database]:
        """Open or make the database at `path` and bring its schema up to date; closes it at the end."""
        async with aiosqlite.connect(path, isolation_level=None) as db:
            db.row_factory = aiosqlite.Row
            await db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            await db.execute("PRAGMA journal_mode = WAL")
            await db.execute("PRAGMA secure_delete = ON")
            # References are checked only then: a migration that makes a table anew must not take others' rows along.
            await migrate(db, all_migrations())
            await db.execute("PRAGMA foreign_keys = ON")
            yield cls(db)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Everything inside happens, or nothing of it, also when the task is cancelled.

        Inside, use only `execute`, `rows` and `insert`: the others wait for the end of this one.
        """
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

        Raises FaultError where a reader outside (a backup, say) keeps the log from being emptied.
        """
        async with self._lock:
            await self.rows("VACUUM")
            [done] = await self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if done["busy"]:
            raise FaultError("The database is being read by another program; its log could not be emptied.")

    async def change(self, sql: str, **values: object) -> int:
        """One statement as a transaction of its own; how many rows it changed. `:now` is the time."""
        named: dict[str, object] = {"now": time.time(), **values}
        async with self.transaction():
            return await self.execute(sql, named)

    async def fetch(self, sql: str, values: Values = ()) -> list[aiosqlite.Row]:
        """What a query gives, between two transactions."""
        async with self._lock:
            return await self.rows(sql, values)
