"""How those who wait are kept informed: where they stand in the queue, then how far their tune is.

From the moment that a request is accepted until its answer is delivered; at a polite pace, only when something that
people read has changed, and never with two edits of one message under way. What is said in which words is the posters'.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from bot.requests.delivery import Delivery, DeliveryError
from bot.requests.wait_times import QueuePosition, WaitTimes
from bot.store import RequestRecord
from generator.protocol.results import Progress

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 1.2
"""Between two edits of a message whose tune is being made: a polite pace."""
WAITING_SECONDS = 5.0
"""Between two edits of a message that waits."""
LOOK_SECONDS = 0.4
"""Between two looks at what is new."""
EDITS_A_SECOND = 10
"""Of all messages together, a fifth of what Discord allows a bot in all: with many that wait, each waits longer."""

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass(slots=True)
class _Told:
    """What somebody was told. at: when, by the loop's clock. edit: the telling itself, while it is under way."""

    entry: RequestRecord
    poster: Delivery
    news: object = None
    at: float = float("-inf")
    edit: asyncio.Task[None] | None = None


class ProgressUpdates:
    """Keeps everybody informed while `run` runs. spawn: runs something beside it. progress: of what is being made."""

    def __init__(
        self, posters: Mapping[str, Delivery], line: WaitTimes, progress: Mapping[str, Progress], spawn: Spawn
    ) -> None:
        self._posters = posters
        self._line = line
        self._progress = progress
        self._spawn = spawn
        self._told: dict[str, _Told] = {}

    def begin(self, entry: RequestRecord, place: QueuePosition | None = None) -> None:
        """Keep the one who asked informed from now on. place: where the request stands, to be said at once."""
        poster = self._posters.get(entry.origin)
        if poster and entry.id not in self._told:
            told = self._told[entry.id] = _Told(entry, poster)
            if place:
                self._tell(told, place)

    async def end(self, request_id: str) -> None:
        """Say no more of a request; returns when the last edit is done."""
        told = self._told.pop(request_id, None)
        if told and told.edit:
            await asyncio.wait([told.edit])

    async def run(self) -> None:
        """Tell what is new until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._tell_all()

    async def _tell_all(self) -> None:
        """One round: those who heard nothing for longest come first."""
        known = sorted(self._told.values(), key=lambda told: told.at)
        places = await self._line.places() if known else {}
        left = round(EDITS_A_SECOND * LOOK_SECONDS)
        for told in known:
            place = places.get(told.entry.id)
            if place is None:
                self._forget(told)
            elif left and self._tell(told, place):
                left -= 1

    def _forget(self, told: _Told) -> None:
        """It is open no longer: `end` comes next, or never where it was removed with the one who asked."""
        if told.edit is None or told.edit.done():
            self._told.pop(told.entry.id, None)

    def _tell(self, told: _Told, place: QueuePosition) -> bool:
        """Tell somebody where they stand, unless that is no news, or too soon."""
        now = asyncio.get_running_loop().time()
        news = str(place) if place.position else self._progress.get(told.entry.id)
        soon = now < told.at + (WAITING_SECONDS if place.position else PROGRESS_SECONDS)
        if news in (None, told.news) or soon or (told.edit and not told.edit.done()):
            return False
        told.news, told.at = news, now
        told.edit = self._spawn(self._edit(told, place))
        return True

    async def _edit(self, told: _Told, place: QueuePosition) -> None:
        """One piece of news; one that does not arrive is no harm."""
        entry, progress = told.entry, self._progress.get(told.entry.id)
        try:
            if place.position:
                await told.poster.queued(entry, place)
            elif progress:
                await told.poster.progress(entry, progress.fraction, progress.stage)
        except DeliveryError as error:
            log.warning("request %s: could not tell how it stands: %s", entry.id, error)
