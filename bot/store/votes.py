"""Votes on songs: one for each person and song, which can be changed and removed.

A person's vote on their own song is saved and shown, but does not count in charts. Triggers (005_charts.sql) keep the
counts in the song's row up to date; `charts` ranks songs by them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bot.store.database.connections import Database
from bot.store.database.records import SONG_DELETED
from generator.protocol.errors import InputError

VOTE = "SELECT value FROM votes WHERE song = ? AND voter = ?"


@dataclass(frozen=True, slots=True)
class VoteResult:
    """The state after a vote.

    value: the person's vote on the song. votes: the song's sum. first_own: the vote is on the person's own song, and
    is their only such vote.
    """

    value: int
    votes: int
    first_own: bool


class Votes:
    """The table `votes`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def cast(self, song_id: str, voter: str, value: int) -> VoteResult:
        """Set a person's vote, -1 or 1; 0 removes it. Raise InputError if the song is deleted."""
        async with self._db.transaction():
            return await self._set(song_id, voter, value)

    async def toggle(self, song_id: str, voter: str, value: int) -> VoteResult:
        """Set a person's vote, or remove it if it has that value already. Raise InputError if the song is deleted."""
        async with self._db.transaction():
            return await self._set(
                song_id, voter, 0 if _value(await self._db.rows(VOTE, (song_id, voter))) == value else value
            )

    async def of(self, song_id: str, voter: str) -> int:
        """Return a person's vote on a song: -1, 1, or 0 for none."""
        return _value(await self._db.fetch(VOTE, (song_id, voter)))

    async def _set(self, song_id: str, voter: str, value: int) -> VoteResult:
        """Set a vote, inside a transaction, so that the song cannot be deleted meanwhile."""
        song = await self._db.rows("SELECT user_id FROM voted_songs WHERE id = ?", (song_id,))
        if not song:
            raise InputError(SONG_DELETED)
        first_own = value != 0 and song[0]["user_id"] == voter and not await self._voted_on_own(voter)
        if value:
            await self._db.execute(
                "INSERT INTO votes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (song_id, voter, value, time.time()),
            )
        else:
            await self._db.execute("DELETE FROM votes WHERE song = ? AND voter = ?", (song_id, voter))
        [(votes,)] = await self._db.rows("SELECT votes FROM songs WHERE id = ?", (song_id,))
        return VoteResult(value, votes, first_own)

    async def _voted_on_own(self, voter: str) -> bool:
        """Whether a vote of a person's stands on a song of their own."""
        sql = "SELECT 1 FROM votes JOIN songs ON songs.id = votes.song WHERE voter = ?1 AND user_id = ?1 LIMIT 1"
        return bool(await self._db.rows(sql, (voter,)))


def _value(rows: list[Any]) -> int:
    """A vote as `VOTE` gives it; 0 for none."""
    return int(rows[0][0]) if rows else 0
