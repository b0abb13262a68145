"""Songs and the history of a scope. A song is saved when its request is composed (see `requests`).

A deleted song is shown nowhere. If it is the parent of other songs, an empty row titled “deleted” stays, so that their
lineage can still be read; otherwise its rows are removed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass

from bot.scope import Scope
from bot.store.database.cascade import remove_requests
from bot.store.database.connections import Database
from bot.store.database.records import VISIBLE, Song

DEPENDENT_ROWS = {
    "votes": "song = ?",
    "battles": "?1 IN (first, second)",
    "nominations": "song = ?",
    "reports": "song = ?",
    "files": "song = ?",
    "messages": "song = ?",
    "uploads": "request = ?",
}
"""The rows that are deleted along with a song: a condition for each table."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of its parent a song is: the `number`th of this mode, counted from 1. title: the parent's."""

    mode: str
    number: int
    title: str


class Songs:
    """The table `songs`, including the sum of each song's votes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, song_id: str, *, or_deleted: bool = False) -> Song | None:
        """Return a song, or None. or_deleted: also return the empty row of a deleted parent, titled “deleted”."""
        rows = await self._db.fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        if or_deleted and not rows:
            rows = await self._db.fetch("SELECT * FROM songs WHERE id = ?", (song_id,))
        return Song.from_row(rows[0]) if rows else None

    async def history(
        self, scope: Scope | None, *, channels: Collection[str] = (), limit: int = 20, before: str | None = None
    ) -> list[Song]:
        """Return a scope's songs, newest first.

        channels: the channels that the viewer is in; songs listed in one channel only appear if it is among these.
        before: the id of the last song of the previous page.
        """
        rows = await self._db.fetch(
            f"SELECT * FROM voted_songs WHERE guild_id = :scope AND {VISIBLE} AND (:before IS NULL"  # noqa: S608
            " OR number < (SELECT number FROM songs WHERE id = :before)) ORDER BY number DESC LIMIT :limit",
            {"scope": scope, "channels": json.dumps(list(channels)), "before": before, "limit": limit},
        )
        return [Song.from_row(row) for row in rows]

    async def family(self, song_id: str, *, limit: int = 100) -> list[Song]:
        """Return a song with its ancestors, and everything made from the oldest of them, in the order they were made.

        Songs of other scopes, and those that are listed in one channel only, are left out unless it is the song itself.
        """
        rows = await self._db.fetch(
            "WITH RECURSIVE up(id, parent) AS (SELECT id, parent FROM songs WHERE id = ?1"
            " UNION SELECT songs.id, songs.parent FROM songs JOIN up ON songs.id = up.parent),"
            " down(id) AS (SELECT id FROM up WHERE parent IS NULL"
            " UNION SELECT songs.id FROM songs JOIN down ON songs.parent = down.id)"
            " SELECT * FROM voted_songs WHERE id IN down AND (id = ?1"
            " OR (only_in IS NULL AND guild_id IS (SELECT guild_id FROM songs WHERE id = ?1)))"
            " ORDER BY number LIMIT ?2",
            (song_id, limit),
        )
        return [Song.from_row(row) for row in rows]

    async def versions(self, song_ids: Collection[str]) -> dict[str, Version]:
        """Return, by id, which version of its parent each of some songs is; songs without a parent are left out."""
        rows = await self._db.fetch(
            "SELECT song.id, requests.mode, parent.title,"
            " (SELECT count(*) FROM songs AS other JOIN requests AS theirs ON theirs.id = other.id"
            " WHERE other.parent = song.parent AND theirs.mode = requests.mode"
            " AND other.number <= song.number) AS rank"
            " FROM songs AS song JOIN requests ON requests.id = song.id JOIN songs AS parent ON parent.id = song.parent"
            " WHERE song.id IN (SELECT value FROM json_each(?)) AND parent.deleted IS NULL",
            (json.dumps(list(song_ids)),),
        )
        return {row["id"]: Version(row["mode"], row["rank"], row["title"]) for row in rows}

    async def delete(self, song_id: str) -> set[str]:
        """Delete a song with its request and `DEPENDENT_ROWS`. Return the SHA-256 of the files that these named.

        Do nothing if the song is deleted already.
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
        """Remove the rows of deleted songs that are no longer a parent. Return how many there were."""
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
        """Empty the rows of a song and its request, except for what the lineage of others needs."""
        for table, condition in DEPENDENT_ROWS.items():
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
