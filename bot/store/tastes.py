"""The taste of a scope's voters, recomputed whenever the votes have changed.

Only votes on other people's tunes count. Tunes without features, which earlier versions made, are left out. What a
taste is, and when it acts, is in `bot.votes.taste_model`.
"""

from __future__ import annotations

import asyncio
import json

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.votes.taste_model import TasteEstimate, Vote, estimate_taste

NEWEST = 1000
"""The number of newest tunes with votes, and of newest votes on these: older ones no longer count."""
CACHE_SIZE = 200
"""The number of scopes whose taste is cached until their votes change."""


class Tastes:
    """The votes on songs, with the songs' features."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._cache: dict[str, tuple[int, TasteEstimate]] = {}
        # One computation at a time: several would block everything else, and often repeat each other.
        self._lock = asyncio.Lock()

    async def of(self, scope: Scope) -> TasteEstimate:
        """Return a scope's taste. If votes have changed this takes up to a third of a second, in a thread."""
        async with self._lock:
            return await self._of(scope)

    async def _of(self, scope: Scope) -> TasteEstimate:
        rows = await self._db.fetch(
            "SELECT song, voter, value, features FROM votes JOIN ("
            " SELECT id, user_id, features FROM voted_songs"
            " WHERE guild_id = ?1 AND likes + dislikes > 0 AND features <> '{}' ORDER BY number DESC LIMIT ?2"
            ") AS newest ON newest.id = song"
            " WHERE voter IS NOT user_id ORDER BY created DESC, song, voter LIMIT ?2",
            (scope, NEWEST),
        )
        key = hash(tuple((row["song"], row["voter"], row["value"]) for row in rows))
        cached = self._cache.pop(scope, None)
        if cached is None or cached[0] != key:
            features = {row["song"]: json.loads(row["features"]) for row in rows}
            # Oldest first, so that a new vote does not move the others to another fold.
            votes = [Vote(row["song"], row["voter"], row["value"] > 0, features[row["song"]]) for row in reversed(rows)]
            cached = (key, await asyncio.to_thread(estimate_taste, votes))
        self._cache[scope] = cached  # the most recently used comes last
        while len(self._cache) > CACHE_SIZE:
            del self._cache[next(iter(self._cache))]
        return cached[1]
