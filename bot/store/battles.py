"""Judgements of two songs of a place at a time, heard without their names: one a person and pair, and it stands.

Nobody judges songs of their own. What the judgements say about songs is `bot.votes.ranking`'s, how often one may judge,
`bot.voting`'s.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Collection
from dataclasses import dataclass

from bot.scope import Scope
from bot.store.database.connections import Database
from bot.store.database.records import SONG_DELETED, VISIBLE, Song
from bot.votes.ranking import UNKNOWN, Judged, Strength, next_pair, strengths
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

POOL = 500
"""Pairs are made of so many of a place's newest songs: more would never be heard often enough."""
JUDGED = _("You have judged these two already: a first judgement stands.")
OWN_SONG = _("One of these two is your own tune: others judge it.")
ELSEWHERE = _("These two tunes were not made here.")
TWICE_THE_SAME = _("A battle needs two tunes, and these are the same one.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A song's place in the ranking of battles. rank: 1 is the first."""

    rank: int
    song: Song
    strength: Strength

    @property
    def low(self) -> float:
        """The chance to be preferred to an average song, its lower bound (95 %)."""
        return self.strength.low

    @property
    def high(self) -> float:
        """The same, its upper bound."""
        return self.strength.high


class Battles:
    """The table `battles`."""

    def __init__(self, database: Database, rng: random.Random | None = None) -> None:
        self._db = database
        self._rng = rng or random.Random()

    async def pair(self, scope: Scope, voter: str, *, channels: Collection[str] = ()) -> tuple[Song, Song] | None:
        """Two songs of a place that a person may judge next, neither of them the person's own; None: there are none.

        channels: as for `Songs.history`.
        """
        rows = await self._db.fetch(
            f"SELECT * FROM voted_songs WHERE guild_id = :scope AND {VISIBLE} AND user_id IS NOT :voter"  # noqa: S608
            " ORDER BY number DESC LIMIT :pool",
            {"scope": scope, "channels": json.dumps(list(channels)), "voter": voter, "pool": POOL},
        )
        songs = {row["id"]: Song.from_row(row) for row in rows}
        if len(songs) < 2:
            return None
        asked = await self._db.fetch("SELECT first, second FROM battles WHERE voter = ?", (voter,))
        known = await self._strengths(scope)
        left_out = {frozenset((row["first"], row["second"])) for row in asked}
        found = await asyncio.to_thread(next_pair, list(songs), known, left_out, self._rng)
        return (songs[found[0]], songs[found[1]]) if found else None

    async def judge(
        self, scope: Scope, voter: str, first: str, second: str, outcome: float, *, channels: Collection[str] = ()
    ) -> tuple[Song, Song]:
        """Write down what a person thinks of two songs of a place: 1 prefers the first, 0 the second, 0.5 neither.

        The two songs, whose names may be shown now. Raises InputError where one is gone, is the person's own or another
        place's, or where the person has judged the pair before.
        """
        if first == second:
            raise InputError(TWICE_THE_SAME)
        async with self._db.transaction():
            songs = (await self._song(first), await self._song(second))
            if any(song.scope != scope or song.only_in not in (None, *channels) for song in songs):
                raise InputError(ELSEWHERE)
            if any(song.user_id == voter for song in songs):
                raise InputError(OWN_SONG)
            ids = (first, second) if first < second else (second, first)
            value = outcome if first < second else 1 - outcome
            written = await self._db.execute(
                "INSERT INTO battles (first, second, voter, outcome, created) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (first, second, voter) DO NOTHING",
                (*ids, voter, value, time.time()),
            )
            if not written:
                raise InputError(JUDGED)
        return songs

    async def top(
        self, scope: Scope, *, channels: Collection[str] = (), limit: int = 10, start: int = 0
    ) -> list[Standing]:
        """A place's ranking by strength, of the songs that were judged. channels: as for `Songs.history`.

        start: how many are left out at its top.
        """
        closed = await self._db.fetch(
            f"SELECT id FROM songs WHERE guild_id = :scope AND NOT {VISIBLE}",  # noqa: S608
            {"scope": scope, "channels": json.dumps(list(channels))},
        )
        left_out = {row["id"] for row in closed}
        # Strengths are those of all judgements, so that a song has one strength wherever it is looked at.
        everywhere = await self._strengths(scope)
        known = {song: strength for song, strength in everywhere.items() if song not in left_out}
        # The lower bound, as in the charts of votes: what is hardly known does not come first.
        order = sorted(known, key=lambda song: (-known[song].low, song))[start : start + limit]
        standings = []
        for rank, song_id in enumerate(order, start + 1):
            rows = await self._db.fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
            standings += [Standing(rank, Song.from_row(row), known.get(song_id, UNKNOWN)) for row in rows]
        return standings

    async def _strengths(self, scope: Scope) -> dict[str, Strength]:
        rows = await self._db.fetch(
            "SELECT first, second, outcome FROM battles JOIN voted_songs ON voted_songs.id = first WHERE guild_id = ?"
            " ORDER BY battles.number",
            (scope,),
        )
        judged: list[Judged] = [(row["first"], row["second"], row["outcome"]) for row in rows]
        return await asyncio.to_thread(strengths, judged)

    async def _song(self, song_id: str) -> Song:
        """Inside a transaction, in which the song cannot be deleted meanwhile."""
        rows = await self._db.rows("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        if not rows:
            raise InputError(SONG_DELETED)
        return Song.from_row(rows[0])
