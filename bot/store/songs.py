"""Songs that were made, and the history of a place. They are written when their request is composed.

A song that is deleted is nowhere shown. Where others name it as their parent an empty row titled “deleted” stays, so
that their lineage can still be read; else its rows go.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection

from bot.scope import Scope
from bot.store.database.cascade import remove_requests
from bot.store.database.connections import Database
from bot.store.database.records import VISIBLE, Song

HANGING = {
    "votes": "song = ?",
    "battles": "?1 IN (first, second)",
    "nominations": "song = ?",
    "reports": "song = ?",
    "files": "song = ?",
    "messages": "song = ?",
    "uploads": "request = ?",
}
"""What goes with a song that is deleted, table by table."""


class Songs:
    """The table `songs`, with the sum of each song's votes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, song_id: str, *, or_deleted: bool = False) -> Song | None:
        """One song. or_deleted: also one that was deleted and is somebody's parent; its title is “deleted”."""
        rows = await self._db.fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        if or_deleted and not rows:
            rows = await self._db.fetch("SELECT * FROM songs WHERE id = ?", (song_id,))
        return Song.from_row(rows[0]) if rows else None

    async def history(
        self, scope: Scope | None, *, channels: Collection[str] = (), limit: int = 20, before: str | None = None
    ) -> list[Song]:
        """A scope's songs, newest first; those that are listed in one channel alone only where it is among `channels`.

        before: the last song's id of the page before.
        """
        rows = await self._db.fetch(
            f"SELECT * FROM voted_songs WHERE guild_id = :scope AND {VISIBLE} AND (:before IS NULL"  # noqa: S608
            " OR number < (SELECT number FROM songs WHERE id = :before)) ORDER BY number DESC LIMIT :limit",
            {"scope": scope, "channels": json.dumps(list(channels)), "before": before, "limit": limit},
        )
        return [Song.from_row(row) for row in rows]

    async def delete(self, song_id: str) -> set[str]:
        """Delete a song with all that hangs on it (`HANGING`); the SHA-256 of the files that it named.

        Its request goes with it. Nothing happens where it is deleted already.
        """
        async with self._db.transaction():
            children = await self._db.rows(
                "SELECT 1 FROM songs WHERE parent = ?1 UNION ALL SELECT 1 FROM requests WHERE parent = ?1 LIMIT 1",
                (song_id,),
            )
            if not children:
                return await remove_requests(self._db, "id = ? AND status NOT IN ('queued', 'working')", song_id)
            named = await self._db.rows(
                "SELECT sha256 FROM files WHERE song = ?1 UNION SELECT sha256 FROM uploads WHERE request = ?1",
                (song_id,),
            )
            await self._empty(song_id)
            return {row["sha256"] for row in named}

    async def forget_deleted(self) -> int:
        """Forget deleted songs that are nobody's parent any more; how many."""
        async with self._db.transaction():
            rows = await self._db.rows(
                "SELECT id FROM songs AS song WHERE deleted IS NOT NULL"
                " AND NOT EXISTS (SELECT 1 FROM songs WHERE parent = song.id)"
                " AND NOT EXISTS (SELECT 1 FROM requests WHERE parent = song.id)"
            )
            for row in rows:
                await remove_requests(self._db, "id = ?", row["id"])
        return len(rows)

    async def _empty(self, song_id: str) -> None:
        """Leave of a song and its request only what the lineage of others needs."""
        for table, condition in HANGING.items():
            await self._db.execute(f"DELETE FROM {table} WHERE {condition}", (song_id,))  # noqa: S608
        await self._db.execute(
            "UPDATE songs SET deleted = coalesce(deleted, ?), title = 'deleted', digest = '', midi = '',"
            " audio = '', picture = '', user_id = NULL, message_id = NULL, report = '', report_said = NULL,"
            " got = '{}', features = '{}', timings = '{}' WHERE id = ?",
            (time.time(), song_id),
        )
        await self._db.execute(
            "UPDATE requests SET request = '{}', destination = '{}', user_id = NULL, error = NULL, error_said = NULL,"
            " status = 'posted' WHERE id = ?",
            (song_id,),
        )
