"""Reports: a song and a reason, one for each person and song, kept until a moderator has handled it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.store.database.records import SONG_DELETED
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

REASON_LENGTH = 500
"""The longest reason, in characters."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is not handled yet. created: seconds since 1970."""

    song: str
    reporter: str
    reason: str
    created: float


class Reports:
    """The table `reports`. Reports are deleted along with their song."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, song_id: str, reporter: str, reason: str) -> bool:
        """Save a report. Return False if the person has reported the song before. Raise InputError."""
        reason = " ".join(reason.split())
        if not 1 <= len(reason) <= REASON_LENGTH:
            raise InputError(_("Say in 1 to {most} letters why you report this tune.").format(most=REASON_LENGTH))
        async with self._db.transaction():
            if not await self._db.rows("SELECT 1 FROM voted_songs WHERE id = ?", (song_id,)):
                raise InputError(SONG_DELETED)
            return bool(
                await self._db.execute(
                    "INSERT INTO reports (song, reporter, reason, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (song_id, reporter, reason, time.time()),
                )
            )

    async def take_back(self, song_id: str, reporter: str) -> None:
        """Remove a report that could not be forwarded."""
        await self._db.change(
            "DELETE FROM reports WHERE song = :song AND reporter = :reporter", song=song_id, reporter=reporter
        )

    async def waiting(self, scope: Scope | None) -> list[Report]:
        """Return the unhandled reports of a scope's songs, oldest first."""
        rows = await self._db.fetch(
            "SELECT song, reporter, reason, reports.created FROM reports JOIN songs ON songs.id = reports.song"
            " WHERE guild_id = ? AND handled IS NULL ORDER BY reports.number",
            (scope,),
        )
        return [Report(**dict(row)) for row in rows]

    async def handle(self, song_id: str) -> int:
        """Mark a song's reports as handled. Return how many there were."""
        return await self._db.change(
            "UPDATE reports SET handled = :now WHERE song = :song AND handled IS NULL", song=song_id
        )

    async def forget_handled(self, before: float) -> int:
        """Remove the reports that were handled before a time. Return how many there were."""
        return await self._db.change("DELETE FROM reports WHERE handled < :before", before=before)
