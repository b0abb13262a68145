"""Requests on their way from the queue to their answer.

The backlog decides when a request moves on, and `queue` which one is next. A cancelled request does not move on: the
methods here report it as False.
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
        """Save a new request without checking limits (see `Queue.add`). A parent that no longer exists is left out."""
        async with self._db.transaction():
            await insert(self._db, entry)

    async def get(self, request_id: str) -> RequestRecord | None:
        """Return a request, or None if there is none or its song was deleted."""
        rows = await self._db.fetch(
            "SELECT * FROM requests WHERE id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM songs WHERE id = ?1 AND deleted IS NOT NULL)",
            (request_id,),
        )
        return RequestRecord.from_row(rows[0]) if rows else None

    async def requeue(self, request_id: str) -> bool:
        """Put a working request back into the queue. Return False if it was cancelled."""
        sql = "UPDATE requests SET status = 'queued', updated = :now WHERE id = :id AND status = 'working'"
        return await self._db.change(sql, id=request_id) == 1

    async def requeue_working(self) -> int:
        """Put all working requests back into the queue. Return how many there were."""
        return await self._db.change("UPDATE requests SET status = 'queued', updated = :now WHERE status = 'working'")

    async def forgive_working(self) -> None:
        """Take back the attempt of working requests, because the bot was stopped on purpose."""
        await self._db.change("UPDATE requests SET attempts = max(0, attempts - 1) WHERE status = 'working'")

    async def compose(self, song: Song, files: Iterable[KeptFile] = ()) -> bool:
        """Save a finished song with its files, and mark its request as composed.

        Return False, and save nothing, if the request was cancelled or removed. The song's parent is the one that the
        request's row names now, because a parent may have been removed meanwhile.
        """
        row = columns(song)
        row |= {name: json.dumps(dict(row[name])) for name in SONG_JSON}
        row["report_said"] = translation_json(song.report)
        del row["votes"]
        async with self._db.transaction():
            parents = await self._db.rows("SELECT parent FROM requests WHERE id = ? AND NOT cancelled", (song.id,))
            if not parents:
                return False
            await self._db.insert("songs", {**row, "parent": parents[0]["parent"]})
            for file in files:
                await self._db.insert("files", {"song": song.id, **asdict(file)})
            await self._set_status(song.id, "composed", None)
        return True

    async def compose_failure(self, request_id: str, sentence: str) -> bool:
        """Save that a request ended without a song, to be delivered later. Return False if it was cancelled."""
        sql = (
            "UPDATE requests SET status = 'composed', error = :error, error_said = :said, updated = :now"
            " WHERE id = :id AND NOT cancelled"
        )
        return await self._db.change(sql, id=request_id, error=sentence, said=translation_json(sentence)) == 1

    async def undelivered(self) -> list[RequestRecord]:
        """Return the composed requests whose answer is not delivered yet, oldest first."""
        rows = await self._db.fetch("SELECT * FROM requests WHERE status = 'composed' ORDER BY number")
        return [RequestRecord.from_row(row) for row in rows]

    async def posted(self, request_id: str, message_id: str | None = None) -> None:
        """Mark a request as posted, and forget its destination."""
        async with self._db.transaction():
            await self._set_status(request_id, "posted", None)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))
            await self._db.execute("UPDATE songs SET message_id = ? WHERE id = ?", (message_id, request_id))

    async def refused(self, request_id: str, sentence: str) -> None:
        """Mark a request as refused, and forget its destination."""
        async with self._db.transaction():
            await self._set_status(request_id, "refused", sentence)
            await self._db.execute("UPDATE requests SET destination = '{}' WHERE id = ?", (request_id,))

    async def count_open(self, *, user_id: str | None = None, scope: Scope | None = None) -> int:
        """Return how many requests of a person, of a scope, or of everybody are open."""
        rows = await self._db.fetch(
            "SELECT count(*) FROM requests WHERE status IN ('queued', 'working')"
            " AND (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR guild_id = ?2)",
            (user_id, scope),
        )
        return int(rows[0][0])

    async def open_among(self, request_ids: Iterable[str]) -> set[str]:
        """Return the ids of the requests that are open among some."""
        rows = await self._db.fetch(
            "SELECT id FROM requests WHERE status IN ('queued', 'working') AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(request_ids)),),
        )
        return {row["id"] for row in rows}

    async def channels(self, request_ids: Iterable[str]) -> dict[str, str | None]:
        """Return the channels that some requests came from, in which their tunes are posted, by request id."""
        rows = await self._db.fetch(
            "SELECT id, channel_id FROM requests WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(request_ids)),),
        )
        return {row["id"]: row["channel_id"] for row in rows}

    async def forget_finished(self, before: float) -> int:
        """Forget requests that ended before a time without a song, and the uploads of all that ended before it.

        Return how many requests were forgotten.
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
    """Insert a request's row, inside a transaction. more: values of further columns."""
    row = {**columns(entry), **more, "request": json.dumps(entry.request.to_dict())}
    row["destination"] = json.dumps(dict(entry.destination))
    parents = await db.rows("SELECT guild_id, only_in FROM songs WHERE id = ?", (entry.parent,))
    if not parents:
        row["parent"] = None
    elif entry.only_in is None and parents[0]["guild_id"] == entry.scope:
        # A remix is listed no more widely than its parent. In another scope the parent's channel does not exist.
        row["only_in"] = parents[0]["only_in"]
    await db.insert("requests", row)
    if entry.request.upload:
        await db.insert("uploads", {"request": entry.id, "sha256": entry.request.upload})
