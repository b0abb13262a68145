"""The queue: its order, everybody's position, the limits, and cancellation.

The order is start-time fair queueing (Goyal, Vin and Cheng, 1996) with equal weights, counted in requests. There are
rounds, in each of which a person gets one turn. A person's first queued request belongs to the current round, or to the
next one if they had their turn already; each further request belongs to the round after that of the one before. Within
a round servers take turns too: a server's first request comes before another's second. Otherwise the oldest request
comes first. So nobody's second request comes before another's first, and nobody gets two turns more than another
person who waits.

All of it is computed from the rows on demand. Only the round in which a request was taken is stored, so the order
survives a restart, and a cancelled request leaves no gap.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from bot.scope import Scope
from bot.store.database.connections import Database, Rows
from bot.store.database.records import RequestRecord, translation_json
from bot.store.requests import insert

NOW = """
    WITH this AS MATERIALIZED (SELECT coalesce(max(round), 0) AS round FROM requests),
    served AS MATERIALIZED (SELECT person, place FROM requests WHERE round = (SELECT round FROM this)),
    counts AS MATERIALIZED (SELECT place, count(*) AS served FROM served GROUP BY place)
"""
"""The current round, who had a turn in it, and how many turns each server had."""

NEXT = f"""{NOW},
    firsts AS (
        SELECT min(number) AS number, place,  -- the place of that row, as SQLite promises for min()
            (SELECT round FROM this) + (person IN (SELECT person FROM served)) AS turn
        FROM requests INDEXED BY requests_queued WHERE status = 'queued' AND round IS NULL GROUP BY person
        UNION ALL  -- taken before, and requeued because the generator died
        SELECT number, place, round FROM requests INDEXED BY requests_queued
        WHERE status = 'queued' AND round IS NOT NULL
    )
    SELECT number, turn FROM firsts LEFT JOIN counts USING (place)
    ORDER BY turn, iif(turn = (SELECT round FROM this), coalesce(served, 0), 0), number LIMIT 1
"""  # noqa: S608 (our own text)
"""Finds the next request without sorting the rest."""

LINE = f"""{NOW},
    turns AS (
        SELECT number, place, coalesce(
            round,
            (SELECT round FROM this) + (person IN (SELECT person FROM served))
            + row_number() OVER (PARTITION BY person, round IS NULL ORDER BY number) - 1
        ) AS turn
        FROM requests INDEXED BY requests_queued WHERE status = 'queued'
    ),
    ranked AS (
        SELECT number, turn, row_number() OVER (PARTITION BY turn, place ORDER BY number)
            + iif(turn = (SELECT round FROM this), coalesce(served, 0), 0) AS rank
        FROM turns LEFT JOIN counts USING (place)
        UNION ALL SELECT number, -1, 0 FROM requests WHERE status = 'working'
    )
    SELECT requests.id, status, music * coalesce(pace, ?) AS work
    FROM ranked CROSS JOIN requests USING (number) LEFT JOIN paces USING (mode) ORDER BY turn, rank, number
"""  # noqa: S608 (our own text)
"""Lists all open requests in order, those that are being made first."""

START_PACE = 0.3
"""Seconds of work a second of music, for a mode in which nothing was made yet: measured on two common cores."""
NEWEST = 0.25
"""The weight of the newest tune in the moving average: four slower tunes move it two thirds of the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests may be open (queued or being made) at once.

    person, server: of one person, of one server. everybody: of all. cooldown: seconds between two requests of a person.
    """

    person: int = 3
    server: int = 20
    everybody: int = 500
    cooldown: float = 0.0


@dataclass(frozen=True, slots=True)
class Requester:
    """A person in a scope, to whom turns and limits apply."""

    origin: str
    user_id: str | None
    scope: Scope | None

    @classmethod
    def of(cls, entry: RequestRecord) -> Requester:
        """Return the requester of a request."""
        return cls(entry.origin, entry.user_id, entry.scope)

    @property
    def in_server(self) -> bool:
        """Whether the scope is a Discord server."""
        return self.origin == "discord" and self.scope is not None and self.scope.server_id is not None

    @property
    def person(self) -> str:
        """The value of the generated column `person`."""
        return f"{self.origin}:{self.user_id or ''}"

    @property
    def place(self) -> str:
        """The value of the generated column `place`."""
        return f"{self.origin}:{(self.user_id if self.origin == 'local' else self.scope) or ''}"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A limit that is reached. wait: seconds until a cooldown is over, or None for the other limits."""

    limit: Literal["person", "server", "everybody", "cooldown"]
    most: float
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open request in `Queue.line`. work: the estimated seconds that making it takes."""

    id: str
    working: bool
    work: float


class Queue:
    """The open rows of the table `requests`, and the table `paces`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, entry: RequestRecord, limits: Limits, music: float) -> LimitReached | None:
        """Save a new request, or return the limit that it would exceed. music: its expected seconds of music."""
        async with self._db.transaction():
            reached = await _reached(self._db.rows, Requester.of(entry), limits, entry.created)
            if reached is None:
                await insert(self._db, entry, music=music)
        return reached

    async def reached(self, requester: Requester, limits: Limits) -> LimitReached | None:
        """Return the limit that a new request would exceed now, or None. `add` checks again."""
        async with self._db.snapshot() as rows:
            return await _reached(rows, requester, limits, time.time())

    async def take(self) -> RequestRecord | None:
        """Mark the next request as working, with one more attempt, and return it; None if none is queued."""
        async with self._db.transaction():
            next_rows = await self._db.rows(NEXT)
            if not next_rows:
                return None
            number, turn = next_rows[0]
            rows = await self._db.rows(
                "UPDATE requests SET status = 'working', attempts = attempts + 1, round = ?, updated = ?"
                " WHERE number = ? RETURNING *",
                (turn, time.time(), number),
            )
        return RequestRecord.from_row(rows[0])

    async def line(self) -> list[OpenRequest]:
        """Return all open requests: those that are being made, then those that are queued, the next first."""
        rows = await self._db.fetch(LINE, (START_PACE,))
        return [OpenRequest(row["id"], row["status"] == "working", row["work"]) for row in rows]

    async def open(self, *, user_id: str | None = None, scope: Scope | None = None) -> list[RequestRecord]:
        """Return the open requests of a person, of a scope, or of everybody, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM requests WHERE status IN ('queued', 'working')"
            " AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR guild_id = ?2) ORDER BY number",
            (user_id, scope),
        )
        return [RequestRecord.from_row(row) for row in rows]

    async def cancel(self, request_id: str, sentence: str) -> RequestRecord | None:
        """Cancel an open request, which is then answered with a sentence. Return None if it is no longer open."""
        async with self._db.transaction():
            rows = await self._db.rows(
                "UPDATE requests SET status = 'composed', error = ?, error_said = ?, cancelled = 1, updated = ?"
                " WHERE id = ? AND status IN ('queued', 'working') RETURNING *",
                (sentence, translation_json(sentence), time.time(), request_id),
            )
        return RequestRecord.from_row(rows[0]) if rows else None

    async def pace(self, mode: str) -> float:
        """Return how many seconds of work a second of music takes in a mode."""
        rows = await self._db.fetch("SELECT pace FROM paces WHERE mode = ?", (mode,))
        return float(rows[0]["pace"]) if rows else START_PACE

    async def learn(self, mode: str, pace: float) -> None:
        """Update the pace of a mode with a tune that took so many seconds of work for each second of music."""
        await self._db.change(
            "INSERT INTO paces VALUES (:mode, :pace)"
            " ON CONFLICT DO UPDATE SET pace = paces.pace + :newest * (excluded.pace - paces.pace)",
            mode=mode,
            pace=pace,
            newest=NEWEST,
        )


async def _reached(rows: Rows, requester: Requester, limits: Limits, now: float) -> LimitReached | None:
    """Return the first limit that another request would exceed. rows: queries inside a transaction or snapshot."""
    [row] = await rows(
        "SELECT count(*) AS everybody, total(person = ?1) AS person, total(place = ?2) AS server"
        " FROM requests WHERE status IN ('queued', 'working')",
        (requester.person, requester.place),
    )
    for name, most in (("everybody", limits.everybody), ("person", limits.person), ("server", limits.server)):
        if row[name] >= most:
            return LimitReached(name, most)  # type: ignore[arg-type]
    if limits.cooldown <= 0:
        return None
    [last] = await rows("SELECT max(created) FROM requests WHERE person = ?", (requester.person,))
    wait = (last[0] or 0.0) + limits.cooldown - now
    return LimitReached("cooldown", limits.cooldown, wait) if wait > 0 else None
