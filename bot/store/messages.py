"""Further messages that show a song: replays, and the announcement of a contest that it won.

The id of a song's first message is in the song's own row. Messages are saved, if possible before they show the song,
so that they can be deleted along with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from bot.store.database.connections import Database

Place = tuple[str | None, str]
"""A message: the id of its channel, or None if it is unknown, and its own id."""


class Messages:
    """The table `messages`. Its rows are deleted along with their song."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, song_id: str, channel_id: str, message_id: str, user_id: str) -> bool:
        """Save that a message shows a song. Return False if the song is deleted.

        user_id: who had it posted; for a contest's winner the song's owner, or "" if nobody is known.
        """
        async with self._db.transaction():
            if not await self._db.rows("SELECT 1 FROM voted_songs WHERE id = ?", (song_id,)):
                return False
            await self._db.execute(
                "INSERT INTO messages (message_id, channel_id, song, user_id, created) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (message_id, channel_id, song_id, user_id, time.time()),
            )
        return True

    async def of(self, song_id: str) -> list[Place]:
        """Return all messages that show a song: its first one if there is one, then the others, oldest first."""
        rows = await self._db.fetch(
            "SELECT channel_id, message_id, 0 AS created FROM requests JOIN songs USING (id)"
            " WHERE id = ?1 AND message_id IS NOT NULL"
            " UNION ALL SELECT channel_id, message_id, created FROM messages WHERE song = ?1 ORDER BY created",
            (song_id,),
        )
        return _places(rows)

    async def of_person(self, user_id: str) -> list[Place]:
        """Return all messages that show a person's songs, or that the person had posted."""
        rows = await self._db.fetch(
            "SELECT requests.channel_id, songs.message_id FROM requests JOIN songs USING (id)"
            " WHERE songs.user_id = ?1 AND message_id IS NOT NULL"
            " UNION SELECT channel_id, message_id FROM messages"
            " WHERE user_id = ?1 OR song IN (SELECT id FROM songs WHERE user_id = ?1)",
            (user_id,),
        )
        return _places(rows)


def _places(rows: Iterable[Any]) -> list[Place]:
    return [(row["channel_id"], row["message_id"]) for row in rows]
