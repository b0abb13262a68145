"""When a contest's round ends its nominations and its votes: plain sums of seconds, so that no time zone has a say.

A round lasts a week of 7 x 24 hours: nominations five days, votes two. Deadlines are seconds since 1970 (UTC), worked
out when a round begins and kept; a change to or from summer time moves the hour that a clock on the wall shows then,
never the length of a stage. The next round's week begins where the last one's ended, whenever that was noticed, so that
weeks do not drift; only after a longer absence does it begin when the bot is back.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600
DAY = 24 * HOUR
NOMINATING = 5 * DAY
VOTING = 2 * DAY
LEAST_VOTING = DAY
"""Votes that begin late, and votes that nobody could cast while the bot was away, have so long at the least."""
LATE = 10 * 60
"""A deadline that is noticed so much later was slept through: the bot looks several times a minute."""
ABSENCE = DAY
"""A week that ended longer ago than this is no longer what the next one begins at."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A round's. voting: when nominations end and votes begin; closes: when votes end. Both in seconds since 1970."""

    voting: int
    closes: int


def beginning_at(start: float) -> Schedule:
    """Of a week that begins at a time."""
    begin = int(start)
    return Schedule(begin + NOMINATING, begin + NOMINATING + VOTING)


def following(closes: int, now: float) -> Schedule:
    """Of the round that begins now, after one that was to close at a time.

    Where that time is still to come, as after a round without nominations, the new one has its usual deadlines all the
    same, and longer for nominations.
    """
    return beginning_at(closes if now - closes <= ABSENCE else now)


def closing(closes: int, now: float) -> int:
    """When votes that begin now end: as planned, or later, so that there is time to vote."""
    return max(closes, int(now) + LEAST_VOTING)


def slept_through(closes: int, now: float) -> bool:
    """Whether the end of the votes is noticed so late that people may have had no chance to vote."""
    return now - closes > LATE
