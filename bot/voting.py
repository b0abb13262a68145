"""Voting from Discord and from the page, with a rate limit for each person.

The votes themselves are in `bot.store.votes` and `bot.store.battles`. The times of votes are kept in memory only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from bot.requests.wait_times import LimitError, approximate_time
from bot.scope import Scope
from bot.store import Song, Store, VoteResult
from generator.protocol.i18n import _, ngettext

MOST = 30
"""Votes of one person in a minute: more than anybody can listen to, fewer than a script would cast."""
MINUTE = 60.0
OWN = _("This tune is your own: your vote is shown, but charts count those of others alone.")
"""Shown with the first such vote."""
OUTCOMES = {"a": 1.0, "b": 0.0, "even": 0.5}
"""The outcomes of a battle between songs A and B, as `bot.store.battles` stores them."""
NO_PAIR = _("There are no two tunes here that you could compare: your own are left out, and those you have compared.")


class Voting:
    """Casts votes within the rate limit. clock: returns seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._votes = store.votes
        self._battles = store.battles
        self._clock = clock
        self._times: dict[str, list[float]] = {}  # by person, of the last minute, oldest first

    async def cast(self, song_id: str, voter: str, value: int, *, person: str | None = None) -> VoteResult:
        """Set a vote, -1 or 1; 0 removes it. Raise InputError if the song is deleted, LimitError at the rate limit.

        person: whose rate limit applies, if not the voter's.
        """
        self.count(voter if person is None else person)
        return await self._votes.cast(song_id, voter, value)

    async def judge(
        self,
        scope: Scope,
        voter: str,
        first: str,
        second: str,
        outcome: float,
        *,
        channels: Collection[str] = (),
        person: str | None = None,
    ) -> tuple[Song, Song]:
        """Judge two songs of a battle, which counts as a vote. Raise InputError, LimitError."""
        self.count(voter if person is None else person)
        return await self._battles.judge(scope, voter, first, second, outcome, channels=channels)

    async def toggle(self, song_id: str, voter: str, value: int) -> VoteResult:
        """Set a vote, or remove it if it has that value already. Raise InputError, LimitError."""
        self.count(voter)
        return await self._votes.toggle(song_id, voter, value)

    def count(self, person: str) -> None:
        """Count a vote of any kind, or a nomination. Raise LimitError if there were too many in the last minute."""
        now = self._clock()
        recent = {name: [at for at in times if at > now - MINUTE] for name, times in self._times.items()}
        self._times = {name: times for name, times in recent.items() if times}
        times = self._times.setdefault(person, [])
        if len(times) >= MOST:
            wait = times[0] + MINUTE - now
            message = ngettext(
                "You have voted {n} time in a minute, which is the most: again in {time}.",
                "You have voted {n} times in a minute, which is the most: again in {time}.",
            )
            raise LimitError(message.counted(MOST, time=approximate_time(wait)), wait)
        times.append(now)
