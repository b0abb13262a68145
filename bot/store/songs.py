"""Songs that were made, and the history of a place. They are written when their request is composed."""

from __future__ import annotations

from bot.store.database import Database
from bot.store.values import Song


class Songs:
    """The table `songs`, with the sum of each song's votes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, song_id: str) -> Song | None:
        """One song."""
        rows = await self._db.fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        return Song.from_row(rows[0]) if rows else None

    async def history(self, guild_id: str, *, limit: int = 20, before: str | None = None) -> list[Song]:
        """A guild's songs, newest first; `before` is the last song's id of the page before."""
        rows = await self._db.fetch(
            "SELECT * FROM voted_songs WHERE guild_id = ?1"
            " AND (?2 IS NULL OR number < (SELECT number FROM songs WHERE id = ?2)) ORDER BY number DESC LIMIT ?3",
            (guild_id, before, limit),
        )
        return [Song.from_row(row) for row in rows]
