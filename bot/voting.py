"""Votes as people cast them, on Discord and on the page: how many a minute, and what is said about them.

Which votes stand and which rank is the store's (`bot.store.votes`). How often somebody voted is remembered in memory
only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from bot.requests.wait_times import LimitError, approximate_time
from bot.scope import Scope
from bot.store import Song, Store, VoteResult
from generator.protocol.i18n import _, ngettext

MOST = 30
"""Votes of one person in a minute: more than anybody has listened to, fewer than a program would cast."""
MINUTE = 60.0
OWN = _("This tune is your own: your vote is shown, but charts count those of others alone.")
"""Said with the first such vote."""


OUTCOMES = {"a": 1.0, "b": 0.0, "even": 0.5}
"""What may be thought of a battle's two songs A and B, as `bot.store.battles` counts it."""
NO_PAIR = _("There are no two tunes here that you could compare: your own are left out, and those you have compared.")


class Voting:
    """Casts votes at the pace that a person may have. clock: seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._votes = store.votes
        self._battles = store.battles
        self._clock = clock
        self._times: dict[str, list[float]] = {}  # by person, of the last minute, oldest first

    async def cast(self, song_id: str, voter: str, value: int, *, person: str | None = None) -> VoteResult:
        """Set a vote, -1 or 1; 0 takes it back. Raises InputError where the song is gone, LimitError at the limit.

        person: whose limit it is, where that is not the voter's.
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
        """Judge two songs of a battle (`bot.store.battles`), which counts as a vote. Raises InputError, LimitError."""
        self.count(voter if person is None else person)
        return await self._battles.judge(scope, voter, first, second, outcome, channels=channels)

    async def toggle(self, song_id: str, voter: str, value: int) -> VoteResult:
        """The same; where that is the voter's vote already it is taken back."""
        self.count(voter)
        return await self._votes.toggle(song_id, voter, value)

    def count(self, person: str) -> None:
        """Note a vote of whatever kind, or a nomination. Raises LimitError where there were too many."""
        now = self._clock()
        lately = {one: [at for at in times if at > now - MINUTE] for one, times in self._times.items()}
        self._times = {one: times for one, times in lately.items() if times}
        times = self._times.setdefault(person, [])
        if len(times) >= MOST:
            wait = times[0] + MINUTE - now
            said = ngettext(
                "You have voted {n} time in a minute, which is the most: again in {time}.",
                "You have voted {n} times in a minute, which is the most: again in {time}.",
            )
            raise LimitError(said.counted(MOST, time=approximate_time(wait)), wait)
        times.append(now)
