"""The queue: who is next, where everybody stands, how much each may ask for, and what is taken back.

The order is start-time fair queueing (Goyal, Vin and Cheng, 1996) with equal weights, counted in requests: rounds, in
each of which a person gets one turn. A person's first waiting request belongs to the present round, or to the next
one where they had their turn in this already; each further one to the round after that of the one before. Inside a
round servers take turns too: a server's first request comes before another's second. What is left is the age. So
nobody's second request comes before another's first, and while somebody waits nobody else gets two turns more.

All of it is computed from rows when it is asked for, and only the round that a request was taken in is kept: it
outlives a restart, and a request that is taken back leaves no gap.
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
"""The present round, who had a turn in it, and how many of each server had."""

NEXT = f"""{NOW},
    firsts AS (
        SELECT min(number) AS number, place,  -- the place of that row, as SQLite promises for min()
            (SELECT round FROM this) + (person IN (SELECT person FROM served)) AS turn
        FROM requests INDEXED BY requests_queued WHERE status = 'queued' AND round IS NULL GROUP BY person
        UNION ALL  -- taken already, and put back since the generator died
        SELECT number, place, round FROM requests INDEXED BY requests_queued
        WHERE status = 'queued' AND round IS NOT NULL
    )
    SELECT number, turn FROM firsts LEFT JOIN counts USING (place)
    ORDER BY turn, iif(turn = (SELECT round FROM this), coalesce(served, 0), 0), number LIMIT 1
"""  # noqa: S608 (our own text)
"""The first of the order, without sorting the rest."""

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
"""The whole order, after what is being worked on."""

START_PACE = 0.3
"""Seconds of work a second of music, for a mode that nothing was made in yet: two common cores writing a tune."""
NEWEST = 0.25
"""The share of the newest tune in the mean: four tunes that took twice as long bring it two thirds of the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many requests may be open (queued or being worked on) at once.

    person, server: of one person, of one server. everybody: of all. cooldown: seconds between two requests of a person.
    """

    person: int = 3
    server: int = 20
    everybody: int = 500
    cooldown: float = 0.0


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and where: what turns and limits go by."""

    origin: str
    user_id: str | None
    scope: Scope | None

    @classmethod
    def of(cls, entry: RequestRecord) -> Requester:
        """Of a request."""
        return cls(entry.origin, entry.user_id, entry.scope)

    @property
    def in_server(self) -> bool:
        """Whether that is a server, which Discord names by its number alone."""
        return self.origin == "discord" and self.scope is not None and self.scope.server_id is not None

    @property
    def person(self) -> str:
        """As the column is generated."""
        return f"{self.origin}:{self.user_id or ''}"

    @property
    def place(self) -> str:
        """As the column is generated."""
        return f"{self.origin}:{(self.user_id if self.origin == 'local' else self.scope) or ''}"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A limit that is reached. wait: seconds until a cooldown is over, None for the others."""

    limit: Literal["person", "server", "everybody", "cooldown"]
    most: float
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One that is open, as `line` tells it. work: the seconds that making it will probably take."""

    id: str
    working: bool
    work: float


class Queue:
    """The open rows of the table `requests`, and the table `paces`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, entry: RequestRecord, limits: Limits, music: float) -> LimitReached | None:
        """Write a new request unless that would break a limit, which is then returned. music: seconds of it."""
        async with self._db.transaction():
            reached = await _reached(self._db.rows, Requester.of(entry), limits, entry.created)
            if reached is None:
                await insert(self._db, entry, music=music)
        return reached

    async def reached(self, asker: Requester, limits: Limits) -> LimitReached | None:
        """The limit that a new request would break now, None where there is none; `add` looks again."""
        async with self._db.looking() as rows:
            return await _reached(rows, asker, limits, time.time())

    async def take(self) -> RequestRecord | None:
        """The next request by the fair order, now working and with one attempt more; None where none is queued."""
        async with self._db.transaction():
            found = await self._db.rows(NEXT)
            if not found:
                return None
            number, turn = found[0]
            rows = await self._db.rows(
                "UPDATE requests SET status = 'working', attempts = attempts + 1, round = ?, updated = ?"
                " WHERE number = ? RETURNING *",
                (turn, time.time(), number),
            )
        return RequestRecord.from_row(rows[0])

    async def line(self) -> list[OpenRequest]:
        """Everything open: first what is being worked on, then what is queued, the next first."""
        rows = await self._db.fetch(LINE, (START_PACE,))
        return [OpenRequest(row["id"], row["status"] == "working", row["work"]) for row in rows]

    async def open(self, *, user_id: str | None = None, scope: Scope | None = None) -> list[RequestRecord]:
        """The open requests of a person, of a scope, or of everybody, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM requests WHERE status IN ('queued', 'working')"
            " AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR guild_id = ?2) ORDER BY number",
            (user_id, scope),
        )
        return [RequestRecord.from_row(row) for row in rows]

    async def cancel(self, request_id: str, sentence: str) -> RequestRecord | None:
        """Take an open request back, so that it is answered with a sentence; None where it is open no longer."""
        async with self._db.transaction():
            rows = await self._db.rows(
                "UPDATE requests SET status = 'composed', error = ?, error_said = ?, cancelled = 1, updated = ?"
                " WHERE id = ? AND status IN ('queued', 'working') RETURNING *",
                (sentence, translation_json(sentence), time.time(), request_id),
            )
        return RequestRecord.from_row(rows[0]) if rows else None

    async def learn(self, mode: str, pace: float) -> None:
        """Note how long a tune took, in seconds of work a second of music."""
        await self._db.change(
            "INSERT INTO paces VALUES (:mode, :pace)"
            " ON CONFLICT DO UPDATE SET pace = paces.pace + :newest * (excluded.pace - paces.pace)",
            mode=mode,
            pace=pace,
            newest=NEWEST,
        )


async def _reached(rows: Rows, asker: Requester, limits: Limits, now: float) -> LimitReached | None:
    """The first limit that one request more would break. rows: of a transaction, or of a look."""
    [row] = await rows(
        "SELECT count(*) AS everybody, total(person = ?1) AS person, total(place = ?2) AS server"
        " FROM requests WHERE status IN ('queued', 'working')",
        (asker.person, asker.place),
    )
    for name, most in (("everybody", limits.everybody), ("person", limits.person), ("server", limits.server)):
        if row[name] >= most:
            return LimitReached(name, most)  # type: ignore[arg-type]
    if limits.cooldown <= 0:
        return None
    [last] = await rows("SELECT max(created) FROM requests WHERE person = ?", (asker.person,))
    wait = (last[0] or 0.0) + limits.cooldown - now
    return LimitReached("cooldown", limits.cooldown, wait) if wait > 0 else None
