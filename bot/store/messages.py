"""Messages that hold a song beside its first, whose id is in the song's own row: those that were posted again, and that
in which it won a contest's round.

They are written down, where that is possible before they show the song, so that whatever removes it can remove them,
too: those who can reach them do so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from bot.store.database.connections import Database

Place = tuple[str | None, str]
"""A message's channel, None where no row knows it, and its id."""


class Messages:
    """The table `messages`. With a song its rows go."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, song_id: str, channel_id: str, message_id: str, user_id: str) -> bool:
        """Note that a message holds a song. False where the song is gone.

        user_id: who has it posted; for a contest's winner its maker, "" where nobody is known.
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
        """Every message that holds a song: its own, where it has one, and then the others, oldest first."""
        rows = await self._db.fetch(
            "SELECT channel_id, message_id, 0 AS created FROM requests JOIN songs USING (id)"
            " WHERE id = ?1 AND message_id IS NOT NULL"
            " UNION ALL SELECT channel_id, message_id, created FROM messages WHERE song = ?1 ORDER BY created",
            (song_id,),
        )
        return _places(rows)

    async def of_person(self, user_id: str) -> list[Place]:
        """Every message that holds a song of a person's, or that the person had posted."""
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
