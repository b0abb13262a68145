"""Rows that are removed together: requests with the songs that they became, and all that hangs on these."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from bot.store.database.connections import Database

GROUP = 50
"""Requests that are removed in one transaction, where there may be thousands: others who write come in between."""


async def remove_requests(database: Database, condition: str, value: object) -> set[str]:
    """Inside a transaction, remove the requests that fulfil an SQL condition; the SHA-256 of the files they named.

    Votes, battles, nominations, reports, and what names files and messages go along; what others made of these songs
    stays, without its parent.
    """
    found = await database.rows(f"SELECT id FROM requests WHERE {condition}", (value,))  # noqa: S608 (our own conditions)
    return await _remove(database, (row["id"] for row in found))


async def remove_many_requests(database: Database, condition: str, values: Mapping[str, object]) -> set[str]:
    """The same, group by group, each in a transaction of its own; a crash leaves the others."""
    named: set[str] = set()
    while True:
        async with database.transaction():
            found = await database.rows(
                f"SELECT id FROM requests WHERE {condition} LIMIT {GROUP}",  # noqa: S608 (our own conditions)
                values,
            )
            named |= await _remove(database, (row["id"] for row in found))
        if len(found) < GROUP:
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
