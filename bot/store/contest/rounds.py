"""A contest's rounds as time goes by: which stage is due, how a round ends, and what is still to be announced of it.

A stage is passed in one transaction together with the announcement that it needs, and a round never goes back, whatever
the clock does. What people do in a round is `contests`'s; when stages are due, `bot.store.contest.schedule` says.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from typing import Literal

from bot.scope import PAGE, Scope
from bot.store.contest import schedule
from bot.store.contest.schedule import Schedule
from bot.store.database.connections import Database
from bot.store.database.records import fields_of

Stage = Literal["nominating", "voting", "over"]
Outcome = Literal["won", "no-nominations", "no-votes", "stopped"]
QUIET = 3
"""So many rounds in a row without a nomination end the contest."""


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a place's contest.

    id: by which buttons know it. ordinal: counts the place's rounds from 1. voting, closes, ended: seconds since 1970,
    when nominations end, when votes end, when the round really ended. outcome: None while it is open. voters: how many
    had voted, 0 while it is open. last: no round follows it.
    """

    number: int
    id: str
    scope: Scope
    ordinal: int
    stage: Stage
    voting: int
    closes: int
    ended: int | None
    outcome: Outcome | None
    voters: int
    last: bool = False

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Round:
        """From a row of `ROUNDS`."""
        values = fields_of(cls, row)
        return cls(**{**values, "last": bool(values["last"])})


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to be told of a stage of a round, or shown anew.

    channel_id: where it goes, None: not decided yet. message_id: what it became, None: it is not there yet. started_in:
    the channel in which the contest was started. waiting: how much happened since it was shown.
    """

    round: Round
    stage: Stage
    channel_id: str | None
    message_id: str | None
    started_in: str | None
    waiting: int


ROUNDS = """
    SELECT rounds.*, ending OR contests.guild_id IS NULL AS last
    FROM rounds LEFT JOIN contests USING (guild_id)
"""
"""Rounds with what their contest says of them; one that was ended has no contest any more."""
WINNER = """
    SELECT nominations.number, count(ballots.voter) AS votes
    FROM nominations JOIN ballots USING (round, song) JOIN songs ON songs.id = nominations.song
    WHERE round = ? GROUP BY nominations.number ORDER BY votes DESC, bound DESC, nominations.number LIMIT 1
"""
"""The song with the most votes. Of several it is the one that is liked most surely (`charts`), then the one that was
nominated first."""
IN_SERVERS = "guild_id NOT IN (SELECT guild_id FROM servers WHERE removed IS NOT NULL)"
"""What happens in a server that the bot was removed from waits until it is back."""

DUE = f"""
    SELECT number FROM rounds WHERE stage <> 'over' AND iif(stage = 'nominating', voting, closes) <= ? AND {IN_SERVERS}
    ORDER BY number
"""  # noqa: S608 (our own text)


class Rounds:
    """The tables `rounds` and `announcements`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def pass_due(self, now: float) -> int:
        """Pass every stage whose deadline is over; how many were passed. now: seconds since 1970."""
        rows = await self._db.fetch(DUE, (now,))
        return sum([await self._pass(row["number"], now) for row in rows])

    async def untold(self) -> list[Announcement]:
        """What is to be announced, oldest first, then what is to be shown anew."""
        rows = await self._db.fetch(
            f"SELECT announcements.stage AS told, announcements.channel_id AS aimed, message_id, waiting, shown.*"  # noqa: S608
            f" FROM announcements JOIN ({ROUNDS}) AS shown ON shown.number = round"
            f" WHERE waiting > 0 AND {IN_SERVERS} ORDER BY message_id IS NOT NULL, round"
        )
        return [
            Announcement(
                Round.from_row(row),
                row["told"],
                row["aimed"],
                row["message_id"],
                row["channel_id"],
                row["waiting"],
            )
            for row in rows
        ]

    async def aim(self, announcement: Announcement, channel_id: str) -> None:
        """Write down where an announcement goes, before it is sent: after a crash it is looked for there."""
        await self._set(announcement, "channel_id = :channel", channel=channel_id)

    async def told(self, announcement: Announcement, message_id: str) -> None:
        """It is there, and shows what was true when it was read; what happened since stays to be shown."""
        await self._set(
            announcement,
            "message_id = :message, waiting = max(0, waiting - :seen)",
            message=message_id,
            seen=announcement.waiting,
        )

    async def drop(self, announcement: Announcement) -> None:
        """It cannot be told any more, or need not: never try again."""
        await self._db.change(
            "DELETE FROM announcements WHERE round = :round AND stage = :stage",
            round=announcement.round.number,
            stage=announcement.stage,
        )

    async def _set(self, announcement: Announcement, what: str, **values: object) -> None:
        await self._db.change(
            f"UPDATE announcements SET {what} WHERE round = :round AND stage = :stage",  # noqa: S608 (our own text)
            round=announcement.round.number,
            stage=announcement.stage,
            **values,
        )

    async def _pass(self, number: int, now: float) -> bool:
        """Pass the stage that a round is in; False where that is not due any more."""
        async with self._db.transaction():
            rows = await self._db.rows(f"{ROUNDS} WHERE number = ?", (number,))
            if not rows:
                return False
            found = Round.from_row(rows[0])
            if found.stage == "nominating" and found.voting <= now:
                await self._end_nominations(found, now)
                return True
            if found.stage == "voting" and found.closes <= now:
                await self._end_votes(found, now)
                return True
        return False

    async def _end_nominations(self, found: Round, now: float) -> None:
        if not await self._db.rows("SELECT 1 FROM nominations WHERE round = ?", (found.number,)):
            await self._end(found, "no-nominations", now)
            return
        await self._db.execute(
            "UPDATE rounds SET stage = 'voting', closes = ? WHERE number = ?",
            (schedule.closing(found.closes, now), found.number),
        )
        await announce(self._db, found.number, found.scope, "voting")

    async def _end_votes(self, found: Round, now: float) -> None:
        winner = await self._db.rows(WINNER, (found.number,))
        if winner:
            await self._db.execute("UPDATE nominations SET won = 1 WHERE number = ?", (winner[0]["number"],))
            await self._end(found, "won", now)
        elif schedule.slept_through(found.closes, now) and await self._nominees(found.number):
            await self._db.execute(
                "UPDATE rounds SET closes = ? WHERE number = ?", (schedule.closing(found.closes, now), found.number)
            )
            await self._db.execute("UPDATE announcements SET waiting = waiting + 1 WHERE round = ?", (found.number,))
        else:
            await self._end(found, "no-votes", now)

    async def _nominees(self, number: int) -> int:
        return len(await self._db.rows("SELECT 1 FROM nominations WHERE round = ?", (number,)))

    async def _end(self, found: Round, outcome: Outcome, now: float) -> None:
        """End a round, and begin the next one where there is to be one."""
        await end(self._db, found, outcome, now)
        await self._db.execute(
            "UPDATE contests SET quiet = iif(?, quiet + 1, 0) WHERE guild_id = ?",
            (outcome == "no-nominations", found.scope),
        )
        quiet = await self._db.rows("SELECT 1 FROM contests WHERE guild_id = ? AND quiet >= ?", (found.scope, QUIET))
        if found.last or quiet:
            await self._db.execute("DELETE FROM contests WHERE guild_id = ?", (found.scope,))
        else:
            await begin(self._db, found.scope, schedule.following(found.closes, now))


async def begin(database: Database, scope: Scope, when: Schedule) -> None:
    """Begin a place's next round, inside a transaction."""
    await database.execute(
        "INSERT INTO rounds (id, guild_id, channel_id, ordinal, voting, closes)"
        " SELECT ?1, guild_id, channel_id,"
        " (SELECT coalesce(max(ordinal), 0) + 1 FROM rounds WHERE guild_id = ?2), ?3, ?4"
        " FROM contests WHERE guild_id = ?2",
        (uuid.uuid4().hex, scope, when.voting, when.closes),
    )
    [row] = await database.rows("SELECT last_insert_rowid()")
    await announce(database, row[0], scope, "nominating")


async def end(database: Database, found: Round, outcome: Outcome, now: float) -> None:
    """End a round, inside a transaction: votes are counted, who gave them is forgotten."""
    await database.execute(
        "UPDATE nominations SET nominator = NULL, votes ="
        " (SELECT count(*) FROM ballots WHERE ballots.round = nominations.round AND ballots.song = nominations.song)"
        " WHERE round = ?",
        (found.number,),
    )
    await database.execute(
        "UPDATE rounds SET stage = 'over', outcome = ?, ended = ?,"
        " voters = (SELECT count(*) FROM ballots WHERE round = number) WHERE number = ?",
        (outcome, int(now), found.number),
    )
    await database.execute("DELETE FROM ballots WHERE round = ?", (found.number,))
    await announce(database, found.number, found.scope, "over")


async def announce(database: Database, number: int, scope: Scope, stage: Stage) -> None:
    """Have a stage announced, inside a transaction, and the messages of the stages before it shown anew.

    Of these, what is not on its way yet need not come any more; what is, may be there by now. The page shows rounds as
    they are, and is told nothing.
    """
    await database.execute(
        "DELETE FROM announcements WHERE round = ? AND message_id IS NULL AND channel_id IS NULL", (number,)
    )
    await database.execute("UPDATE announcements SET waiting = waiting + 1 WHERE round = ?", (number,))
    if scope != PAGE:
        await database.execute("INSERT INTO announcements (round, stage) VALUES (?, ?)", (number, stage))
