"""Cascading removal: requests with their songs, and everything that depends on these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from bot.store.database.connections import Database

GROUP = 50
"""Requests removed in one transaction, so that other writers get their turn in between."""


async def remove_requests(database: Database, condition: str, value: object) -> set[str]:
    """Remove the requests that meet an SQL condition, inside a transaction. Return the SHA-256 of their files.

    Votes, battles, nominations, reports, and the rows of files and messages are removed along with them. Remixes by
    others stay, without their parent.
    """
    rows = await database.rows(f"SELECT id FROM requests WHERE {condition}", (value,))  # noqa: S608 (our own conditions)
    return await _remove(database, (row["id"] for row in rows))


async def remove_many_requests(database: Database, condition: str, values: Mapping[str, object]) -> set[str]:
    """Remove requests as `remove_requests` does, in groups of one transaction each; a crash leaves the rest."""
    named: set[str] = set()
    while True:
        async with database.transaction():
            rows = await database.rows(
                f"SELECT id FROM requests WHERE {condition} LIMIT {GROUP}",  # noqa: S608 (our own conditions)
                values,
            )
            named |= await _remove(database, (row["id"] for row in rows))
        if len(rows) < GROUP:
            return named


async def _remove(database: Database, requests: Iterable[str]) -> set[str]:
    ids = (json.dumps(list(requests)),)
    named = await database.rows(
        "SELECT sha256 FROM files WHERE song IN (SELECT value FROM json_each(?1))"
        " UNION SELECT sha256 FROM uploads WHERE request IN (SELECT value FROM json_each(?1))",
        ids,
    )
    await database.execute("DELETE FROM songs WHERE id IN (SELECT value FROM json_each(?))", ids)
    await database.execute("DELETE FROM requests WHERE id IN (SELECT value FROM json_each(?))", ids)
    return {row["sha256"] for row in named}
