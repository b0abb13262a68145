"""A contest's rounds as time passes: which stage is due, how a round ends, and which announcements are pending.

A stage is passed in one transaction together with the announcement that it needs, and a round never goes back, even if
the clock does. What people do in a round is in `bot.store.contest.entries`; `bot.store.contest.schedule` computes
when stages are due.
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
"""After so many rounds in a row without a nomination the contest ends."""


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a scope's contest.

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
        """Return the round of a row of `ROUNDS`."""
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
"""Rounds with their contest's state. A contest that has ended has no row, so its round counts as the last."""
WINNER = """
    SELECT nominations.number, count(ballots.voter) AS votes
    FROM nominations JOIN ballots USING (round, song) JOIN songs ON songs.id = nominations.song
    WHERE round = ? GROUP BY nominations.number ORDER BY votes DESC, bound DESC, nominations.number LIMIT 1
"""
"""The song with the most votes. Ties are resolved by the bound of `charts`, then by the order of nomination."""
IN_SERVERS = "guild_id NOT IN (SELECT guild_id FROM servers WHERE removed IS NOT NULL)"
"""Rounds in a server that the bot was removed from wait until it is back."""

DUE = f"""
    SELECT number FROM rounds WHERE stage <> 'over' AND iif(stage = 'nominating', voting, closes) <= ? AND {IN_SERVERS}
    ORDER BY number
"""  # noqa: S608 (our own text)


class Rounds:
    """The tables `rounds` and `announcements`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def pass_due(self, now: float) -> int:
        """Pass every stage whose deadline is over. Return how many there were. now: seconds since 1970."""
        rows = await self._db.fetch(DUE, (now,))
        return sum([await self._pass(row["number"], now) for row in rows])

    async def pending(self) -> list[Announcement]:
        """Return the announcements to post, oldest first, then those to update."""
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

    async def set_channel(self, announcement: Announcement, channel_id: str) -> None:
        """Save the channel of an announcement before it is sent, so that it can be found there after a crash."""
        await self._set(announcement, "channel_id = :channel", channel=channel_id)

    async def announced(self, announcement: Announcement, message_id: str) -> None:
        """Save that an announcement is posted or updated. Changes since it was read stay pending."""
        await self._set(
            announcement,
            "message_id = :message, waiting = max(0, waiting - :seen)",
            message=message_id,
            seen=announcement.waiting,
        )

    async def drop(self, announcement: Announcement) -> None:
        """Give an announcement up: it cannot be posted any more, or need not."""
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
        """Pass the stage that a round is in. Return False if it is no longer due."""
        async with self._db.transaction():
            rows = await self._db.rows(f"{ROUNDS} WHERE number = ?", (number,))
            if not rows:
                return False
            current = Round.from_row(rows[0])
            if current.stage == "nominating" and current.voting <= now:
                await self._end_nominations(current, now)
                return True
            if current.stage == "voting" and current.closes <= now:
                await self._end_votes(current, now)
                return True
        return False

    async def _end_nominations(self, current: Round, now: float) -> None:
        if not await self._db.rows("SELECT 1 FROM nominations WHERE round = ?", (current.number,)):
            await self._end(current, "no-nominations", now)
            return
        await self._db.execute(
            "UPDATE rounds SET stage = 'voting', closes = ? WHERE number = ?",
            (schedule.closing(current.closes, now), current.number),
        )
        await announce(self._db, current.number, current.scope, "voting")

    async def _end_votes(self, current: Round, now: float) -> None:
        winner = await self._db.rows(WINNER, (current.number,))
        if winner:
            await self._db.execute("UPDATE nominations SET won = 1 WHERE number = ?", (winner[0]["number"],))
            await self._end(current, "won", now)
        elif schedule.slept_through(current.closes, now) and await self._nominees(current.number):
            await self._db.execute(
                "UPDATE rounds SET closes = ? WHERE number = ?", (schedule.closing(current.closes, now), current.number)
            )
            await self._db.execute("UPDATE announcements SET waiting = waiting + 1 WHERE round = ?", (current.number,))
        else:
            await self._end(current, "no-votes", now)

    async def _nominees(self, number: int) -> int:
        return len(await self._db.rows("SELECT 1 FROM nominations WHERE round = ?", (number,)))

    async def _end(self, current: Round, outcome: Outcome, now: float) -> None:
        """End a round, and begin the next one if there is to be one."""
        await end(self._db, current, outcome, now)
        await self._db.execute(
            "UPDATE contests SET quiet = iif(?, quiet + 1, 0) WHERE guild_id = ?",
            (outcome == "no-nominations", current.scope),
        )
        quiet = await self._db.rows("SELECT 1 FROM contests WHERE guild_id = ? AND quiet >= ?", (current.scope, QUIET))
        if current.last or quiet:
            await self._db.execute("DELETE FROM contests WHERE guild_id = ?", (current.scope,))
        else:
            await begin(self._db, current.scope, schedule.following(current.closes, now))


async def begin(database: Database, scope: Scope, when: Schedule) -> None:
    """Begin a scope's next round, inside a transaction."""
    await database.execute(
        "INSERT INTO rounds (id, guild_id, channel_id, ordinal, voting, closes)"
        " SELECT ?1, guild_id, channel_id,"
        " (SELECT coalesce(max(ordinal), 0) + 1 FROM rounds WHERE guild_id = ?2), ?3, ?4"
        " FROM contests WHERE guild_id = ?2",
        (uuid.uuid4().hex, scope, when.voting, when.closes),
    )
    [row] = await database.rows("SELECT last_insert_rowid()")
    await announce(database, row[0], scope, "nominating")


async def end(database: Database, current: Round, outcome: Outcome, now: float) -> None:
    """End a round, inside a transaction: count the votes, and forget who cast them."""
    await database.execute(
        "UPDATE nominations SET nominator = NULL, votes ="
        " (SELECT count(*) FROM ballots WHERE ballots.round = nominations.round AND ballots.song = nominations.song)"
        " WHERE round = ?",
        (current.number,),
    )
    await database.execute(
        "UPDATE rounds SET stage = 'over', outcome = ?, ended = ?,"
        " voters = (SELECT count(*) FROM ballots WHERE round = number) WHERE number = ?",
        (outcome, int(now), current.number),
    )
    await database.execute("DELETE FROM ballots WHERE round = ?", (current.number,))
    await announce(database, current.number, current.scope, "over")


async def announce(database: Database, number: int, scope: Scope, stage: Stage) -> None:
    """Queue the announcement of a stage and updates of earlier announcements, inside a transaction.

    Earlier announcements that were not sent yet are dropped; those without a message id may have been sent. The page
    has no announcements, because it shows the current state.
    """
    await database.execute(
        "DELETE FROM announcements WHERE round = ? AND message_id IS NULL AND channel_id IS NULL", (number,)
    )
    await database.execute("UPDATE announcements SET waiting = waiting + 1 WHERE round = ?", (number,))
    if scope != PAGE:
        await database.execute("INSERT INTO announcements (round, stage) VALUES (?, ?)", (number, stage))
