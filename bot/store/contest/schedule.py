"""The deadlines of a contest's rounds: plain sums of seconds, independent of time zones.

A round lasts 7 x 24 hours: five days of nominations, two of votes. Deadlines are seconds since 1970 (UTC), computed and
saved when a round begins, so summer time changes the local hour of a deadline, but not the length of a stage. The next
round begins at the deadline of the last one, even if that was noticed late, so that weeks do not drift; after a longer
absence it begins when the bot is back.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600
DAY = 24 * HOUR
NOMINATING = 5 * DAY
VOTING = 2 * DAY
LEAST_VOTING = DAY
"""The least time for votes that begin late, or that nobody could cast while the bot was away."""
LATE = 10 * 60
"""A deadline that is noticed so much later passed during an absence: the bot looks several times a minute."""
ABSENCE = DAY
"""If a round ended longer ago than this, the next one does not begin at its deadline."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A round's deadlines, in seconds since 1970. voting: nominations end and votes begin; closes: votes end."""

    voting: int
    closes: int


def beginning_at(start: float) -> Schedule:
    """Return the deadlines of a round that starts at `start`."""
    begin = int(start)
    return Schedule(begin + NOMINATING, begin + NOMINATING + VOTING)


def following(closes: int, now: float) -> Schedule:
    """Return the deadlines of the round that begins now, after one whose deadline was `closes`.

    If that deadline is still to come, as after a round without nominations, the new round has its usual deadlines, and
    so more time for nominations.
    """
    return beginning_at(closes if now - closes <= ABSENCE else now)


def closing(closes: int, now: float) -> int:
    """Return when votes that begin now end: as planned, or later, so that there is time to vote."""
    return max(closes, int(now) + LEAST_VOTING)


def slept_through(closes: int, now: float) -> bool:
    """Return whether the end of the votes is noticed so late that people may have had no chance to vote."""
    return now - closes > LATE
