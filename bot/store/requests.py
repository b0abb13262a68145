"""Requests on their way from the queue to their answer.

When one moves on is the backlog's to decide; who is next stands in `queue`. One that was cancelled moves on no more:
whoever works on it hears so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.store.database.records import SONG_JSON, KeptFile, RequestRecord, Song, columns, translation_json


class Requests:
    """The table `requests`, and the songs that they become."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, entry: RequestRecord) -> None:
        """Write a new request, whatever the limits, which `queue` keeps. A parent that is gone is none."""
        async with self._db.transaction():
            await insert(self._db, entry)

    async def get(self, request_id: str) -> RequestRecord | None:
        """One request; None also where its song was deleted."""
        rows = await self._db.fetch(
            "SELECT * FROM requests WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM songs WHERE id = ?1 AND deleted IS NOT NULL)",
            (request_id,),
        )
        return RequestRecord.from_row(rows[0]) if rows else None

    async def requeue(self, request_id: str) -> bool:
        """Put a working request back to its place in the queue; False where it was cancelled."""
        sql = "UPDATE requests SET status = 'queued', updated = :now WHERE id = :id AND status = 'working'"
        return await self._db.change(sql, id=request_id) == 1

    async def requeue_working(self) -> int:
        """Put everything that was being worked on back into the queue; how many these were."""
        return await self._db.change("UPDATE requests SET status = 'queued', updated = :now WHERE status = 'working'")

    async def compose(self, song: Song, files: Iterable[KeptFile] = ()) -> bool:
        """Write a finished song with its files; its request is composed. False where nobody waits for it any more.

        That is so where the request was cancelled or removed. Its parent is the one that the request names by now: one
        that was removed meanwhile is none.
        """
        row = columns(song)
        row |= {name: json.dumps(dict(row[name])) for name in SONG_JSON}
        row["report_said"] = translation_json(song.report)
        del row["votes"]
        async with self._db.transaction():
            asked = await self._db.rows("SELECT parent FROM requests WHERE id = ? AND NOT cancelled", (song.id,))
            if not asked:
                return False
            await self._db.insert("songs", {**row, "parent": asked[0]["parent"]})
            for file in files:
                await self._db.insert("files", {"song": song.id, **asdict(file)})
            await self._set_status(song.id, "composed", None)
        return True

    async def compose_failure(self, request_id: str, sentence: str) -> bool:
        """Note that a request ended without a song; the person is not told yet. False where it was cancelled."""
        sql = (
            "UPDATE requests SET status = 'composed', error = :error, error_said = :said, updated = :now"
            " WHERE id = :id AND NOT cancelled"
        )
        return await self._db.change(sql, id=request_id, error=sentence, said=translation_json(sentence)) == 1

    async def undelivered(self) -> list[RequestRecord]:
        """Composed requests whose answer was not delivered, oldest first."""
        rows = await self._db.fetch("SELECT * FROM requests WHERE status = 'composed' ORDER BY number")
        return [RequestRecord.from_row(row) for row in rows]

    async def posted(self, request_id: str, message_id: str | None = None) -> None:
        """The song was delivered; what the origin needed for that is forgotten."""
        async with self._db.transaction():
            await self._set_status(request_id, "posted", None)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))
            await self._db.execute("UPDATE songs SET message_id = ? WHERE id = ?", (message_id, request_id))

    async def refused(self, request_id: str, sentence: str) -> None:
        """The person was told that there is no song; what the origin needed for that is forgotten."""
        async with self._db.transaction():
            await self._set_status(request_id, "refused", sentence)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))

    async def count_open(self, *, user_id: str | None = None, scope: Scope | None = None) -> int:
        """How many requests of a person, of a scope, or of everybody are queued or working."""
        rows = await self._db.fetch(
            "SELECT count(*) FROM requests WHERE status IN ('queued', 'working')"
            " AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR guild_id = ?2)",
            (user_id, scope),
        )
        return int(rows[0][0])

    async def open_among(self, request_ids: Iterable[str]) -> set[str]:
        """Those of some requests that are queued or working."""
        rows = await self._db.fetch(
            "SELECT id FROM requests WHERE status IN ('queued', 'working') AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(request_ids)),),
        )
        return {row["id"] for row in rows}

    async def channels(self, request_ids: Iterable[str]) -> dict[str, str | None]:
        """The channels that some requests came from, where their tunes are posted."""
        rows = await self._db.fetch(
            "SELECT id, channel_id FROM requests WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(request_ids)),),
        )
        return {row["id"]: row["channel_id"] for row in rows}

    async def forget_finished(self, before: float) -> int:
        """Forget requests that ended before a time without a song, and the uploads of all that ended before it.

        How many requests were forgotten.
        """
        finished = "status NOT IN ('queued', 'working', 'composed') AND updated < ?"
        async with self._db.transaction():
            await self._db.execute(
                f"DELETE FROM uploads WHERE request IN (SELECT id FROM requests WHERE {finished})",  # noqa: S608
                (before,),
            )
            return await self._db.execute(
                f"DELETE FROM requests WHERE {finished} AND id NOT IN (SELECT id FROM songs)",  # noqa: S608
                (before,),
            )

    async def _set_status(self, request_id: str, status: str, error: str | None) -> None:
        await self._db.execute(
            "UPDATE requests SET status = ?, error = ?, error_said = ?, updated = ? WHERE id = ?",
            (status, error, translation_json(error), time.time(), request_id),
        )


async def insert(db: Database, entry: RequestRecord, **more: object) -> None:
    """Write a request's row, inside a transaction. more: what else its columns hold."""
    row = {**columns(entry), **more, "request": json.dumps(entry.request.to_dict())}
    row["destination"] = json.dumps(dict(entry.destination))
    parents = await db.rows("SELECT guild_id, only_in FROM songs WHERE id = ?", (entry.parent,))
    if not parents:
        row["parent"] = None
    elif entry.only_in is None and parents[0]["guild_id"] == entry.scope:
        # What comes of a song is listed no further than the song itself; elsewhere there is no such channel.
        row["only_in"] = parents[0]["only_in"]
    await db.insert("requests", row)
    if entry.request.upload:
        await db.insert("uploads", {"request": entry.id, "sha256": entry.request.upload})
