"""What the voters of a place like, found anew from the votes that stand whenever these have changed.

Votes that count are those that rank: of others than the one who asked for the tune. Tunes without features, which
earlier versions made, say nothing. What a taste is, and when it acts, is `bot.votes.taste_model`'s.
"""

from __future__ import annotations

import asyncio
import json

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.votes.taste_model import Liked, Vote, find_taste

NEWEST = 1000
"""A place's newest tunes with votes, and the newest votes on these: what people liked long ago fades."""
KEPT = 200
"""Places whose taste is kept in memory until their votes change."""


class Tastes:
    """The votes on songs, with the songs' features."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._found: dict[str, tuple[int, Liked]] = {}
        self._one_at_a_time = asyncio.Lock()  # several at once would hold up everything else, and often find the same

    async def of(self, scope: Scope) -> Liked:
        """A place's taste. Takes a third of a second at the most, in a thread, where votes have changed."""
        async with self._one_at_a_time:
            return await self._of(scope)

    async def _of(self, scope: Scope) -> Liked:
        rows = await self._db.fetch(
            "SELECT song, voter, value, features FROM votes JOIN ("
            " SELECT id, user_id, features FROM voted_songs"
            " WHERE guild_id = ?1 AND likes + dislikes > 0 AND features <> '{}' ORDER BY number DESC LIMIT ?2"
            ") AS newest ON newest.id = song"
            " WHERE voter IS NOT user_id ORDER BY created DESC, song, voter LIMIT ?2",
            (scope, NEWEST),
        )
        key = hash(tuple((row["song"], row["voter"], row["value"]) for row in rows))
        known = self._found.pop(scope, None)
        if known is None or known[0] != key:
            features = {row["song"]: json.loads(row["features"]) for row in rows}
            # Oldest first: a new vote leaves the others in the parts that are held out together.
            votes = [Vote(row["song"], row["voter"], row["value"] > 0, features[row["song"]]) for row in reversed(rows)]
            known = (key, await asyncio.to_thread(find_taste, votes))
        self._found[scope] = known  # the last one asked for comes last
        while len(self._found) > KEPT:
            del self._found[next(iter(self._found))]
        return known[1]
