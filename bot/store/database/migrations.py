"""Migrations: the numbered SQL files in this folder, each applied once, in order.

A released file never changes; changes of the schema are new files. A migration and its row in the table `migrations`
are one transaction, so a crash never leaves a migration half done.
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
    """One change of the schema."""

    number: int
    name: str
    sql: str


def all_migrations() -> list[Migration]:
    """Return all migrations, in order."""
    migrations = []
    for file in resources.files(__package__).iterdir():
        if match := re.fullmatch(r"(\d{3})_(\w+)\.sql", file.name):
            migrations.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(migrations, key=lambda migration: migration.number)


async def migrate(db: aiosqlite.Connection, migrations: Sequence[Migration]) -> None:
    """Apply the migrations that this database lacks. Raise FaultError if it is newer than the program."""
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
    """Apply one migration and record it, in one transaction."""
    record = f"INSERT INTO migrations VALUES ({migration.number}, '{migration.name}', unixepoch());"  # noqa: S608 (the name of one of our files)
    try:
        await db.executescript(f"BEGIN IMMEDIATE;\n{migration.sql}\n{record}\nCOMMIT;")
    except aiosqlite.Error:
        await db.rollback()
        raise
