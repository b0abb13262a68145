"""Battles: judgements of two songs of a scope, played without their titles, one for each person and pair.

Nobody judges their own songs. `bot.votes.ranking` turns the judgements into strengths; how often a person may judge is
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
from bot.votes.ranking import UNJUDGED, Judgement, Strength, next_pair, strengths
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

POOL = 500
"""Pairs are drawn from so many of a scope's newest songs: more would not be judged often enough."""
JUDGED = _("You have judged these two already: a first judgement stands.")
OWN_SONG = _("One of these two is your own tune: others judge it.")
ELSEWHERE = _("These two tunes were not made here.")
TWICE_THE_SAME = _("A battle needs two tunes, and these are the same one.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A song's rank by battles, counted from 1, and its strength."""

    rank: int
    song: Song
    strength: Strength

    @property
    def low(self) -> float:
        """The lower bound (95 %) of the probability of being preferred to an average song."""
        return self.strength.low

    @property
    def high(self) -> float:
        """The upper bound of that probability."""
        return self.strength.high


class Battles:
    """The table `battles`."""

    def __init__(self, database: Database, rng: random.Random | None = None) -> None:
        self._db = database
        self._rng = rng or random.Random()

    async def pair(self, scope: Scope, voter: str, *, channels: Collection[str] = ()) -> tuple[Song, Song] | None:
        """Return two songs of a scope for a person to judge, neither of them their own, or None if there are none.

        channels: as in `Songs.history`.
        """
        rows = await self._db.fetch(
            f"SELECT * FROM voted_songs WHERE guild_id = :scope AND {VISIBLE} AND user_id IS NOT :voter"  # noqa: S608
            " ORDER BY number DESC LIMIT :pool",
            {"scope": scope, "channels": json.dumps(list(channels)), "voter": voter, "pool": POOL},
        )
        songs = {row["id"]: Song.from_row(row) for row in rows}
        if len(songs) < 2:
            return None
        judged = await self._db.fetch("SELECT first, second FROM battles WHERE voter = ?", (voter,))
        strength_by_song = await self._strengths(scope)
        left_out = {frozenset((row["first"], row["second"])) for row in judged}
        pair = await asyncio.to_thread(next_pair, list(songs), strength_by_song, left_out, self._rng)
        return (songs[pair[0]], songs[pair[1]]) if pair else None

    async def judge(
        self, scope: Scope, voter: str, first: str, second: str, outcome: float, *, channels: Collection[str] = ()
    ) -> tuple[Song, Song]:
        """Save a person's judgement of two songs: 1 prefers the first, 0 the second, 0.5 neither.

        Return the two songs, whose titles may be shown now. Raise InputError if one is deleted, is the person's own or
        belongs to another scope, or if the person has judged the pair before.
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
        """Return a scope's judged songs by strength. channels: as in `Songs.history`.

        start: how many songs are skipped at the top.
        """
        hidden = await self._db.fetch(
            f"SELECT id FROM songs WHERE guild_id = :scope AND NOT {VISIBLE}",  # noqa: S608
            {"scope": scope, "channels": json.dumps(list(channels))},
        )
        left_out = {row["id"] for row in hidden}
        # Strengths come from all judgements, so that a song has the same strength in every channel.
        everywhere = await self._strengths(scope)
        shown = {song: strength for song, strength in everywhere.items() if song not in left_out}
        # By the lower bound, as in the charts of votes: a song with few judgements does not come first.
        order = sorted(shown, key=lambda song: (-shown[song].low, song))[start : start + limit]
        standings = []
        for rank, song_id in enumerate(order, start + 1):
            rows = await self._db.fetch("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
            standings += [Standing(rank, Song.from_row(row), shown.get(song_id, UNJUDGED)) for row in rows]
        return standings

    async def _strengths(self, scope: Scope) -> dict[str, Strength]:
        rows = await self._db.fetch(
            "SELECT first, second, outcome FROM battles JOIN voted_songs ON voted_songs.id = first WHERE guild_id = ?"
            " ORDER BY battles.number",
            (scope,),
        )
        judged: list[Judgement] = [(row["first"], row["second"], row["outcome"]) for row in rows]
        return await asyncio.to_thread(strengths, judged)

    async def _song(self, song_id: str) -> Song:
        """Return a song, inside a transaction. Raise InputError if it is deleted."""
        rows = await self._db.rows("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
        if not rows:
            raise InputError(SONG_DELETED)
        return Song.from_row(rows[0])
