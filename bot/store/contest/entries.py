"""What people do in a contest: start and stop it, nominate songs, vote, and see the winners.

A person has one vote in each round, which can be changed, and none for their own song. While a round is open nobody
sees how the votes stand, because people follow the leader. `rounds` moves rounds on; the rate limit of nominations and
votes is in `bot.voting`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.scope import Scope
from bot.store.contest import rounds
from bot.store.contest.rounds import ROUNDS, Round
from bot.store.contest.schedule import beginning_at
from bot.store.database.connections import Database, Rows
from bot.store.database.records import SONG_DELETED, Song
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, ngettext

MAX_PER_PERSON = 2
"""Songs that a person may nominate in a round."""
MAX_NOMINEES = 20
"""Songs in a round: as many as one message can list and one menu can offer."""
RUNNING = _("A contest is running here already.")
NOT_RUNNING = _("There is no contest here.")
ROUND_OVER = _("This round is over.")
NOT_NOMINATING = _("Nominations of this round are over.")
NOT_VOTING = _("There is nothing to vote for yet: tunes are being nominated.")
VOTING_OVER = _("The votes of this round are being counted.")
ELSEWHERE = _("Only tunes that were made here can be nominated.")
ONE_CHANNEL = _("This tune is listed in one channel alone: a contest is for tunes that everybody here may see.")
TWICE = _("This tune is nominated already.")
HAS_WON = _("This tune has won a round already.")
ENOUGH = ngettext(
    "You have nominated {n} tune, which is the most a person may in a round.",
    "You have nominated {n} tunes, which is the most a person may in a round.",
).counted(MAX_PER_PERSON)
FULL = ngettext("This round has {n} tune, which is the most.", "This round has {n} tunes, which is the most.").counted(
    MAX_NOMINEES
)
NO_NOMINEE = _("This tune is not in this round.")
OWN_SONG = _("This tune is your own: others vote for it.")
NOT_NOMINATED = _("You have not nominated this tune.")


@dataclass(frozen=True, slots=True)
class Nominee:
    """A song in a round. votes: None while the round is open. won: whether it is the winner."""

    song: Song
    votes: int | None
    won: bool


@dataclass(frozen=True, slots=True)
class Participation:
    """A person's part in a round: the ids of the song voted for and of the songs nominated."""

    vote: str | None
    nominated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Winner:
    """A song in the hall of fame, with the round that it won and its votes."""

    round: Round
    song: Song
    votes: int


class Contests:
    """The tables `contests`, `nominations` and `ballots`. now: seconds since 1970 in every method."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def start(self, scope: Scope, channel_id: str | None, now: float) -> Round:
        """Start a scope's contest, or continue one that was to end. Return its open round. Raise InputError."""
        async with self._db.transaction():
            contests = await self._db.rows("SELECT ending FROM contests WHERE guild_id = ?", (scope,))
            if contests and not contests[0]["ending"]:
                raise InputError(RUNNING)
            await self._db.execute(
                "INSERT INTO contests (guild_id, channel_id) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET ending = 0, quiet = 0, channel_id = excluded.channel_id",
                (scope, channel_id),
            )
            if contests:
                sql = "UPDATE rounds SET channel_id = ? WHERE guild_id = ? AND stage <> 'over'"
                await self._db.execute(sql, (channel_id, scope))
            else:
                await rounds.begin(self._db, scope, beginning_at(now))
            return await self._open(scope)

    async def stop(self, scope: Scope, now: float, *, at_once: bool = False) -> Round:
        """Make the open round the last, or end it at once without a winner. Return that round. Raise InputError."""
        async with self._db.transaction():
            current = await self._open(scope)
            if at_once:
                await self._db.execute("DELETE FROM contests WHERE guild_id = ?", (scope,))
                await rounds.end(self._db, current, "stopped", now)
            else:
                await self._db.execute("UPDATE contests SET ending = 1 WHERE guild_id = ?", (scope,))
        return current

    async def open(self, scope: Scope) -> Round | None:
        """Return a scope's open round, or None."""
        rows = await self._db.fetch(f"{ROUNDS} WHERE guild_id = ? AND stage <> 'over'", (scope,))
        return Round.from_row(rows[0]) if rows else None

    async def last(self, scope: Scope) -> Round | None:
        """Return the scope's last round that ended, or None."""
        rows = await self._db.fetch(
            f"{ROUNDS} WHERE guild_id = ? AND stage = 'over' ORDER BY ordinal DESC LIMIT 1", (scope,)
        )
        return Round.from_row(rows[0]) if rows else None

    async def get(self, scope: Scope, round_id: str) -> Round | None:
        """Return a round of a scope by its id, or None."""
        rows = await self._db.fetch(f"{ROUNDS} WHERE guild_id = ? AND id = ?", (scope, round_id))
        return Round.from_row(rows[0]) if rows else None

    async def nominees(self, number: int) -> list[Nominee]:
        """Return a round's songs in the order of nomination; once it is over, the winner first, then by votes."""
        rows = await self._db.fetch(
            "SELECT nominations.votes AS given, won, voted_songs.* FROM nominations"
            " JOIN voted_songs ON voted_songs.id = song WHERE round = ?"
            " ORDER BY won DESC, coalesce(given, 0) DESC, nominations.number",
            (number,),
        )
        return [Nominee(Song.from_row(row), row["given"], bool(row["won"])) for row in rows]

    async def mine(self, number: int, person: str) -> Participation:
        """Return a person's part in an open round."""
        async with self._db.snapshot() as rows:
            vote = await rows("SELECT song FROM ballots WHERE round = ? AND voter = ?", (number, person))
            nominated = await _nominated(rows, number, person)
        return Participation(vote[0]["song"] if vote else None, nominated)

    async def nominatable(self, scope: Scope, limit: int) -> list[Song]:
        """Return a scope's newest songs that could be nominated in its open round."""
        rows = await self._db.fetch(
            "SELECT * FROM voted_songs WHERE guild_id = ?1 AND only_in IS NULL"
            " AND id NOT IN (SELECT song FROM nominations JOIN rounds ON rounds.number = round"
            " WHERE guild_id = ?1 AND (won OR stage <> 'over'))"
            " ORDER BY number DESC LIMIT ?2",
            (scope, limit),
        )
        return [Song.from_row(row) for row in rows]

    async def nominate(
        self, scope: Scope, song_id: str, person: str, now: float, *, round_id: str | None = None
    ) -> Song:
        """Nominate a song. round_id: the round that is meant, if it must be that one. Raise InputError."""
        async with self._db.transaction():
            current = await self._open(scope, round_id)
            if current.stage != "nominating" or now >= current.voting:
                raise InputError(NOT_NOMINATING)
            song = await _song(self._db.rows, song_id)
            if song.scope != scope:
                raise InputError(ELSEWHERE)
            if song.only_in:
                raise InputError(ONE_CHANNEL)
            await self._check_free(current.number, song_id, person)
            await self._db.execute(
                "INSERT INTO nominations (round, song, nominator) VALUES (?, ?, ?)", (current.number, song_id, person)
            )
        return song

    async def withdraw(self, scope: Scope, song_id: str, person: str, now: float) -> Song:
        """Withdraw a person's own nomination, while songs are nominated. Raise InputError."""
        async with self._db.transaction():
            current = await self._open(scope)
            if current.stage != "nominating" or now >= current.voting:
                raise InputError(NOT_NOMINATING)
            song = await _song(self._db.rows, song_id)
            gone = await self._db.execute(
                "DELETE FROM nominations WHERE round = ? AND song = ? AND nominator = ?",
                (current.number, song_id, person),
            )
            if not gone:
                raise InputError(NOT_NOMINATED)
        return song

    async def vote(self, scope: Scope, song_id: str, voter: str, now: float, *, round_id: str | None = None) -> Song:
        """Set a person's vote in an open round. Raise InputError."""
        async with self._db.transaction():
            current = await self._open(scope, round_id)
            if current.stage != "voting":
                raise InputError(NOT_VOTING)
            if now >= current.closes:
                raise InputError(VOTING_OVER)
            if not await self._db.rows(
                "SELECT 1 FROM nominations WHERE round = ? AND song = ?", (current.number, song_id)
            ):
                raise InputError(NO_NOMINEE)
            song = await _song(self._db.rows, song_id)
            if song.user_id == voter:
                raise InputError(OWN_SONG)
            await self._db.execute(
                "INSERT INTO ballots (round, voter, song) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET song = excluded.song",
                (current.number, voter, song_id),
            )
        return song

    async def hall_of_fame(self, scope: Scope, *, limit: int = 10, start: int = 0) -> list[Winner]:
        """Return the songs that won a scope's rounds, newest first. start: how many are skipped."""
        async with self._db.snapshot() as rows:
            won = await rows(
                "SELECT round, song, nominations.votes FROM nominations JOIN rounds ON rounds.number = round"
                " WHERE guild_id = ? AND won ORDER BY round DESC LIMIT ? OFFSET ?",
                (scope, limit, start),
            )
            return [
                Winner(await _round(rows, row["round"]), await _song(rows, row["song"]), row["votes"]) for row in won
            ]

    async def _open(self, scope: Scope, round_id: str | None = None) -> Round:
        """Return the open round, inside a transaction. Raise InputError if it is not `round_id`, or none."""
        rows = await self._db.rows(f"{ROUNDS} WHERE guild_id = ? AND stage <> 'over'", (scope,))
        if round_id is not None and (not rows or rows[0]["id"] != round_id):
            raise InputError(ROUND_OVER)
        if not rows:
            raise InputError(NOT_RUNNING)
        return Round.from_row(rows[0])

    async def _check_free(self, number: int, song_id: str, person: str) -> None:
        """Raise InputError if a person cannot nominate a song, inside a transaction."""
        nominations = await self._db.rows(
            "SELECT won FROM nominations WHERE song = ? AND (won OR round = ?)", (song_id, number)
        )
        if nominations:
            raise InputError(HAS_WON if nominations[0]["won"] else TWICE)
        if len(await _nominated(self._db.rows, number, person)) >= MAX_PER_PERSON:
            raise InputError(ENOUGH)
        if len(await self._db.rows("SELECT 1 FROM nominations WHERE round = ?", (number,))) >= MAX_NOMINEES:
            raise InputError(FULL)


async def _round(rows: Rows, number: int) -> Round:
    """Return a round by its number, which another row of the same snapshot names."""
    return Round.from_row((await rows(f"{ROUNDS} WHERE number = ?", (number,)))[0])


async def _song(rows: Rows, song_id: str) -> Song:
    """Return a song, inside a transaction or snapshot. Raise InputError if it is deleted."""
    songs = await rows("SELECT * FROM voted_songs WHERE id = ?", (song_id,))
    if not songs:
        raise InputError(SONG_DELETED)
    return Song.from_row(songs[0])


async def _nominated(rows: Rows, number: int, person: str) -> tuple[str, ...]:
    nominations = await rows(
        "SELECT song FROM nominations WHERE round = ? AND nominator = ? ORDER BY number", (number, person)
    )
    return tuple(row["song"] for row in nominations)
