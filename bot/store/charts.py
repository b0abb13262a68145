"""Charts: the songs of a scope that people like best, of a period.

They are ordered by the lower bound of the Wilson score interval for the share of likes (Wilson, 1927, "Probable
inference, the law of succession, and statistical inference", JASA 22, 209-212) at 95 %, so that a song which two people
like does not come before one which forty of forty-two like. Ties are resolved by age, the older song first. Votes on
one's own songs do not count (see `votes`), and a song that nobody else likes is in no chart.

The bound is a generated, indexed column (005_charts.sql).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection
from dataclasses import dataclass

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.store.database.records import VISIBLE, Song

Z = 1.959963984540054
"""The normal distribution's quantile of 97.5 %, for an interval of 95 %."""
DAY = 24 * 3600.0
PERIODS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "all": math.inf}
"""The length of each period, in seconds."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A song in a chart. rank: 1 is the first. low, high: the share of likes lies between them (95 %)."""

    rank: int
    song: Song
    likes: int
    dislikes: int
    low: float
    high: float


class Charts:
    """The table `songs`, ordered by votes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def top(
        self,
        scope: Scope,
        period: str,
        *,
        channels: Collection[str] = (),
        limit: int = 10,
        start: int = 0,
        now: float | None = None,
    ) -> list[Ranked]:
        """Return a scope's chart of a period of `PERIODS`. channels: as in `Songs.history`.

        start: how many songs are skipped at the top.
        """
        since = (time.time() if now is None else now) - PERIODS[period]
        rows = await self._db.fetch(
            "SELECT * FROM songs INDEXED BY songs_by_bound"  # noqa: S608
            f" WHERE guild_id = :scope AND likes > 0 AND created >= :since AND {VISIBLE}"
            " ORDER BY bound DESC, created, number LIMIT :limit OFFSET :start",
            {
                "scope": scope,
                "since": since,
                "channels": json.dumps(list(channels)),
                "limit": limit,
                "start": start,
            },
        )
        return [
            Ranked(rank, Song.from_row(row), row["likes"], row["dislikes"], *wilson(row["likes"], row["dislikes"]))
            for rank, row in enumerate(rows, start + 1)
        ]


def wilson(likes: int, dislikes: int) -> tuple[float, float]:
    """Return the Wilson score interval of the share of likes, without continuity correction; (0, 1) without votes."""
    votes = likes + dislikes
    if not votes:
        return 0.0, 1.0
    middle = likes + Z * Z / 2
    half = Z * math.sqrt(likes * dislikes / votes + Z * Z / 4)
    # At the ends the exact bounds avoid rounding errors.
    low = (middle - half) / (votes + Z * Z) if likes else 0.0
    high = (middle + half) / (votes + Z * Z) if dislikes else 1.0
    return low, high
