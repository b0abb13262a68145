"""Updates for people who wait: their position in the queue, then the progress of their tune.

Updates run from the acceptance of a request until its answer is delivered. Their rate is limited, an update is sent
only if its text has changed, and one message is never edited twice at the same time. The wording is left to the
deliveries.
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
"""The shortest time between two edits of a message whose tune is being made."""
WAITING_SECONDS = 5.0
"""The shortest time between two edits of a message whose request is queued."""
POLL_SECONDS = 0.4
"""The time between two looks for changes."""
EDITS_PER_SECOND = 10
"""The limit for all messages together, a fifth of what Discord allows a bot. With many waiting, each waits longer."""

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass(slots=True)
class _Watch:
    """A request whose person is kept up to date.

    shown: what the last update showed. updated: when it was sent, by the loop's clock. edit: the update in progress.
    """

    entry: RequestRecord
    delivery: Delivery
    shown: object = None
    updated: float = float("-inf")
    edit: asyncio.Task[None] | None = None


class ProgressUpdates:
    """Sends updates while `run` runs.

    progress: of the requests that are being made. spawn: runs a coroutine as a task of the backlog.
    """

    def __init__(
        self,
        deliveries: Mapping[str, Delivery],
        wait_times: WaitTimes,
        progress: Mapping[str, Progress],
        spawn: Spawn,
    ) -> None:
        self._deliveries = deliveries
        self._wait_times = wait_times
        self._progress = progress
        self._spawn = spawn
        self._watches: dict[str, _Watch] = {}

    def begin(self, entry: RequestRecord, place: QueuePosition | None = None) -> None:
        """Keep the person of a request up to date from now on. place: shown at once if given."""
        delivery = self._deliveries.get(entry.origin)
        if delivery and entry.id not in self._watches:
            watch = self._watches[entry.id] = _Watch(entry, delivery)
            if place:
                self._update(watch, place)

    async def end(self, request_id: str) -> None:
        """Send no more updates of a request. Return when the update in progress is done."""
        watch = self._watches.pop(request_id, None)
        if watch and watch.edit:
            await asyncio.wait([watch.edit])

    async def run(self) -> None:
        """Send updates until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self._update_all()

    async def _update_all(self) -> None:
        """Update those first whose last update is the oldest."""
        watches = sorted(self._watches.values(), key=lambda watch: watch.updated)
        places = await self._wait_times.places() if watches else {}
        edits_left = round(EDITS_PER_SECOND * POLL_SECONDS)
        for watch in watches:
            place = places.get(watch.entry.id)
            if place is None:
                self._forget(watch)
            elif edits_left and self._update(watch, place):
                edits_left -= 1

    def _forget(self, watch: _Watch) -> None:
        """Forget a request that is no longer open. `end` never follows if it was removed along with its person."""
        if watch.edit is None or watch.edit.done():
            self._watches.pop(watch.entry.id, None)

    def _update(self, watch: _Watch, place: QueuePosition) -> bool:
        """Start an update unless nothing changed or the last one is too recent. Return whether it was started."""
        now = asyncio.get_running_loop().time()
        state = str(place) if place.position else self._progress.get(watch.entry.id)
        too_soon = now < watch.updated + (WAITING_SECONDS if place.position else PROGRESS_SECONDS)
        if state in (None, watch.shown) or too_soon or (watch.edit and not watch.edit.done()):
            return False
        watch.shown, watch.updated = state, now
        watch.edit = self._spawn(self._send(watch, place))
        return True

    async def _send(self, watch: _Watch, place: QueuePosition) -> None:
        """Send one update. A failure is only logged, because another update or the answer follows."""
        entry, progress = watch.entry, self._progress.get(watch.entry.id)
        try:
            if place.position:
                await watch.delivery.queued(entry, place)
            elif progress:
                await watch.delivery.progress(entry, progress.fraction, progress.stage)
        except DeliveryError as error:
            log.warning("request %s: could not send an update: %s", entry.id, error)
