"""Contests as they run: stages are passed when they are due, and servers are told of each, once.

Looks several times a minute, by a clock that a test can move, so that a restart or a change of the clock is nothing
special: what is due is in the rows. The rules of a round are the store's, how a server is told the announcer's.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import Protocol

from bot.clock import Clock, SystemClock
from bot.requests.delivery import MAX_RETRY_SECONDS, DeliveryError
from bot.scope import Scope
from bot.store import Announcement, Round, Song, Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""Between two looks at what is due; a message that lists nominations is edited so often at the most."""


class Announcer(Protocol):
    """How servers are told. Both methods raise PostError where that failed, and None or False mean: never again.

    What is refused for good is given up where nothing is posted; a message that is there is tried as long as it is.
    """

    async def post(self, announcement: Announcement) -> str | None:
        """Announce a stage; the message's id. May be called again for the same one and must then not post twice."""
        ...

    async def refresh(self, announcement: Announcement) -> bool:
        """Show in the message what is true by now; whether the message is still there."""
        ...


class Contests:
    """The contests of all places: what people do in them, by the time of one clock, and what happens by itself."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._announcer: Announcer | None = None
        self._news = asyncio.Event()
        self._later: dict[tuple[int, str], tuple[int, float]] = {}  # tries, and when to try again

    def announce_by(self, announcer: Announcer) -> None:
        """Whom servers are told by; until there is one (Discord switched off, say) announcements wait."""
        self._announcer = announcer

    async def start(self, scope: Scope, channel_id: str | None) -> Round:
        """Start a place's contest, or let one go on that was to end; its open round. Raises InputError."""
        found = await self._store.contests.start(scope, channel_id, self._clock.now())
        self._news.set()
        return found

    async def stop(self, scope: Scope, *, at_once: bool = False) -> Round:
        """Let the open round be the last, or end it at once without a winner. Raises InputError."""
        found = await self._store.contests.stop(scope, self._clock.now(), at_once=at_once)
        self._news.set()
        return found

    async def nominate(self, scope: Scope, song_id: str, person: str, *, round_id: str | None = None) -> Song:
        """Nominate a song. Raises InputError."""
        return await self._store.contests.nominate(scope, song_id, person, self._clock.now(), round_id=round_id)

    async def withdraw(self, scope: Scope, song_id: str, person: str) -> Song:
        """Take a nomination back. Raises InputError."""
        return await self._store.contests.withdraw(scope, song_id, person, self._clock.now())

    async def vote(self, scope: Scope, song_id: str, voter: str, *, round_id: str | None = None) -> Song:
        """Set a vote. Raises InputError."""
        return await self._store.contests.vote(scope, song_id, voter, self._clock.now(), round_id=round_id)

    async def run(self) -> None:
        """Pass what is due and tell of it until cancelled; what fails is logged and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            group.create_task(self._tell())

    async def _keep(self) -> None:
        """Pass stages; beside the telling, which may wait for Discord."""
        while True:
            try:
                if await self._store.rounds.pass_due(self._clock.now()):
                    self._news.set()
            except sqlite3.Error:
                log.exception("what is due in contests could not be seen; it is tried again")
            await self._clock.sleep(LOOK_SECONDS)

    async def _tell(self) -> None:
        while True:
            self._news.clear()
            try:
                await self.tell()
            except sqlite3.Error:
                log.exception("announcements could not be read or noted; they are tried again")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def tell(self) -> None:
        """Announce all that waits, one after the other; what fails is left for later."""
        announcer = self._announcer
        if announcer is None:
            return
        now = asyncio.get_running_loop().time()
        for one in await self._store.rounds.untold():
            key = (one.round.number, one.stage)
            tries, again = self._later.get(key, (0, now))
            if again > now:
                continue
            # Gathered: as beside the backlog, a fault in the telling of one ends nothing else.
            [error] = await asyncio.gather(self._tell_one(announcer, one), return_exceptions=True)
            wait = await self._wait_after(one, error, tries)
            if wait is None:
                self._later.pop(key, None)
            else:
                self._later[key] = (tries + 1, now + wait)

    async def _wait_after(self, one: Announcement, error: BaseException | None, tries: int) -> float | None:
        """Seconds until a stage is told of again, None: never, or it worked. Raises what is no failure of the telling.

        error: what the telling ended in. tries: how many came before.
        """
        match error:
            case None:
                return None
            case DeliveryError():
                log.warning("the stage %s of a contest could not be told of: %s", one.stage, error)
                if error.retryable:
                    return error.wait(tries)
                if one.message_id is not None:
                    return MAX_RETRY_SECONDS  # what it shows may have to go
                await self._store.rounds.drop(one)
                return None
            case Exception() if not isinstance(error, sqlite3.Error):
                log.error("a fault while telling of the stage %s of a contest", one.stage, exc_info=error)
                return MAX_RETRY_SECONDS
        raise error

    async def _tell_one(self, announcer: Announcer, one: Announcement) -> None:
        """Post or show anew, then note it. Raises PostError."""
        if one.message_id is None:
            message = await announcer.post(one)
        else:
            message = one.message_id if await announcer.refresh(one) else None
        if message is None:
            await self._store.rounds.drop(one)
        else:
            await self._store.rounds.told(one, message)
