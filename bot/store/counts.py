"""How much of everything is stored, for metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bot.store.database.connections import Database


@dataclass(frozen=True, slots=True)
class Totals:
    """What the bot stores. requests: by status. oldest_seconds: age of the oldest open request, 0 without one.

    pace: seconds of work for a second of music, by mode, as learnt.
    """

    requests: dict[str, int]
    songs: int
    votes: int
    oldest_seconds: float
    pace: dict[str, float]


class Counts:
    """The counts in a database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def now(self) -> Totals:
        """Return the counts of this moment."""
        statuses = await self._db.fetch("SELECT status, count(*) AS count FROM requests GROUP BY status")
        [row] = await self._db.fetch(
            "SELECT (SELECT count(*) FROM songs WHERE deleted IS NULL) AS songs, (SELECT count(*) FROM votes) AS votes,"
            " (SELECT min(created) FROM requests WHERE status IN ('queued', 'working')) AS oldest"
        )
        paces = await self._db.fetch("SELECT mode, pace FROM paces")
        return Totals(
            requests={status["status"]: status["count"] for status in statuses},
            songs=row["songs"],
            votes=row["votes"],
            oldest_seconds=max(0.0, time.time() - row["oldest"]) if row["oldest"] else 0.0,
            pace={pace["mode"]: pace["pace"] for pace in paces},
        )
