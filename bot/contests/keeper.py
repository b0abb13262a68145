"""Runs contests: passes stages when they are due, and has each announced once.

The keeper looks several times a minute, by a clock that tests can move. What is due is in the database, so restarts and
changes of the clock need no special care. The rules of a round are in `bot.store.contest`, the wording of
announcements in the announcer.
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

POLL_SECONDS = 10.0
"""The time between two looks at what is due, and so between two edits of a message that lists nominations."""


class Announcer(Protocol):
    """Tells servers about their contest. Both methods raise DeliveryError if they fail.

    After a permanent failure an announcement that is not posted yet is given up; one that is posted is tried again.
    """

    async def post(self, announcement: Announcement) -> str | None:
        """Announce a stage. Return the message's id, or None to give up. A second call must not post it twice."""
        ...

    async def refresh(self, announcement: Announcement) -> bool:
        """Update the message of an announcement. Return False if the message no longer exists."""
        ...


class Contests:
    """The contests of all scopes, by one clock: the actions of people, and the stages that pass by themselves."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._announcer: Announcer | None = None
        self._wake = asyncio.Event()
        self._retries: dict[tuple[int, str], tuple[int, float]] = {}  # attempts, and when to try again

    def announce_by(self, announcer: Announcer) -> None:
        """Set the announcer. Without one (for example while Discord is switched off) announcements wait."""
        self._announcer = announcer

    async def start(self, scope: Scope, channel_id: str | None) -> Round:
        """Start a scope's contest, or continue one that was to end. Return its open round. Raise InputError."""
        current = await self._store.contests.start(scope, channel_id, self._clock.now())
        self._wake.set()
        return current

    async def stop(self, scope: Scope, *, at_once: bool = False) -> Round:
        """Make the open round the last, or end it at once without a winner. Return it. Raise InputError."""
        current = await self._store.contests.stop(scope, self._clock.now(), at_once=at_once)
        self._wake.set()
        return current

    async def nominate(self, scope: Scope, song_id: str, person: str, *, round_id: str | None = None) -> Song:
        """Nominate a song. Raise InputError."""
        return await self._store.contests.nominate(scope, song_id, person, self._clock.now(), round_id=round_id)

    async def withdraw(self, scope: Scope, song_id: str, person: str) -> Song:
        """Withdraw a nomination. Raise InputError."""
        return await self._store.contests.withdraw(scope, song_id, person, self._clock.now())

    async def vote(self, scope: Scope, song_id: str, voter: str, *, round_id: str | None = None) -> Song:
        """Set a vote. Raise InputError."""
        return await self._store.contests.vote(scope, song_id, voter, self._clock.now(), round_id=round_id)

    async def run(self) -> None:
        """Pass and announce stages until cancelled. Failures are logged and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_stages())
            group.create_task(self._announce_stages())

    async def _pass_stages(self) -> None:
        """Pass stages, independently of announcements, which may wait for Discord."""
        while True:
            try:
                if await self._store.rounds.pass_due(self._clock.now()):
                    self._wake.set()
            except sqlite3.Error:
                log.exception("what is due in contests could not be seen; it is tried again")
            await self._clock.sleep(POLL_SECONDS)

    async def _announce_stages(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.announce()
            except sqlite3.Error:
                log.exception("announcements could not be read or noted; they are tried again")
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def announce(self) -> None:
        """Send all pending announcements, one after the other. Failures are tried again later."""
        announcer = self._announcer
        if announcer is None:
            return
        now = asyncio.get_running_loop().time()
        for announcement in await self._store.rounds.pending():
            key = (announcement.round.number, announcement.stage)
            tries, again = self._retries.get(key, (0, now))
            if again > now:
                continue
            # `gather` returns the error: a fault in one announcement must not end the others.
            [error] = await asyncio.gather(self._send(announcer, announcement), return_exceptions=True)
            wait = await self._wait_after(announcement, error, tries)
            if wait is None:
                self._retries.pop(key, None)
            else:
                self._retries[key] = (tries + 1, now + wait)

    async def _wait_after(self, announcement: Announcement, error: BaseException | None, tries: int) -> float | None:
        """Return the seconds until an announcement is tried again, or None if it succeeded or is given up.

        error: how the attempt ended; raised again if it is neither a failed delivery nor a fault of the announcer.
        tries: how many attempts came before.
        """
        match error:
            case None:
                return None
            case DeliveryError():
                log.warning("the stage %s of a contest could not be announced: %s", announcement.stage, error)
                if error.retryable:
                    return error.wait(tries)
                if announcement.message_id is not None:
                    return MAX_RETRY_SECONDS  # what it shows may have to go
                await self._store.rounds.drop(announcement)
                return None
            case Exception() if not isinstance(error, sqlite3.Error):
                log.error("a fault while announcing the stage %s of a contest", announcement.stage, exc_info=error)
                return MAX_RETRY_SECONDS
        raise error

    async def _send(self, announcer: Announcer, announcement: Announcement) -> None:
        """Post or update an announcement, then save that. Raise DeliveryError."""
        if announcement.message_id is None:
            message = await announcer.post(announcement)
        else:
            message = announcement.message_id if await announcer.refresh(announcement) else None
        if message is None:
            await self._store.rounds.drop(announcement)
        else:
            await self._store.rounds.announced(announcement, message)
