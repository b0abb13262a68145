"""What people think of songs: one vote a person and song."""

from __future__ import annotations

import time

from bot.store.database import Database


class Votes:
    """The table `votes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def cast(self, song_id: str, voter: str, value: int) -> int:
        """Set one person's vote, -1 or 1; 0 takes it back. The song's new sum.

        The song must exist: sqlite3.IntegrityError otherwise.
        """
        async with self._db.transaction():
            if value:
                await self._db.execute(
                    "INSERT INTO votes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    (song_id, voter, value, time.time()),
                )
            else:
                await self._db.execute("DELETE FROM votes WHERE song = ? AND voter = ?", (song_id, voter))
            rows = await self._db.rows("SELECT coalesce(sum(value), 0) FROM votes WHERE song = ?", (song_id,))
        return int(rows[0][0])

    async def of(self, song_id: str, voter: str) -> int:
        """One person's vote on a song: -1, 1, or 0 for none."""
        rows = await self._db.fetch("SELECT value FROM votes WHERE song = ? AND voter = ?", (song_id, voter))
        return int(rows[0][0]) if rows else 0
