"""Numbered migrations: the SQL files beside this module, applied once each, in order.

A file, once released, is never changed; a new one is appended. Each is applied in one transaction with its record in
the table `migrations`, so that a crash leaves the database at a whole step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import aiosqlite

from generator.protocol.errors import FaultError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str


def all_migrations() -> list[Migration]:
    """The steps that ship, in order."""
    found = []
    for file in resources.files(__package__).iterdir():
        if match := re.fullmatch(r"(\d{3})_(\w+)\.sql", file.name):
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(db: aiosqlite.Connection, migrations: Sequence[Migration]) -> None:
    """Apply what this database hasn't seen. Raises FaultError where it is newer than the program."""
    await db.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied REAL NOT NULL)"
    )
    rows = await db.execute_fetchall("SELECT number FROM migrations")
    applied = {row[0] for row in rows}
    if unknown := applied - {migration.number for migration in migrations}:
        raise FaultError(f"The database is newer than this program: it has seen migration {max(unknown)}.")
    for migration in migrations:
        if migration.number not in applied:
            await _apply(db, migration)


async def _apply(db: aiosqlite.Connection, migration: Migration) -> None:
    """One step and its record, together or not at all."""
    record = f"INSERT INTO migrations VALUES ({migration.number}, '{migration.name}', unixepoch());"  # noqa: S608 (our own file's name)
    try:
        await db.executescript(f"BEGIN IMMEDIATE;\n{migration.sql}\n{record}\nCOMMIT;")
    except aiosqlite.Error:
        await db.rollback()
        raise
