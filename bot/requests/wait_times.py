"""Wait times: positions in the queue, estimates of the time until a tune is ready, and the errors of limits.

The order of the queue and the counting of limits are in `bot.store.queue`.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.languages import command
from bot.store import LimitReached, Requester, Store
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _, joined, ngettext
from generator.protocol.results import Progress

CACHE_SECONDS = 1.0
"""How long estimates are cached while the queue does not change."""

ADVICE = {
    "discord": _("`{queue}` shows them, `{cancel}` takes one back.").format(
        queue=command("queue"), cancel=command("cancel")
    ),
    "local": _("Or cancel one of them."),
}
"""Advice for a person whose own requests fill the limit, by origin."""


class LimitError(InputError):
    """A limit is reached. retry_after: seconds until another attempt can succeed."""

    def __init__(self, sentence: str, retry_after: float) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Where a request is. position: 1 is next, 0 is being made. seconds: the estimated time until it is done."""

    position: int
    seconds: float

    @property
    def sentence(self) -> Sentence:
        """The position as people read it, such as `number 3, ready in about 2 minutes`."""
        sentence = _("number {number}, ready in {time}")
        if self.position <= 1:
            sentence = _("next, ready in {time}") if self.position else _("being made, ready in {time}")
        return sentence.format(number=self.position, time=approximate_time(self.seconds))

    def __str__(self) -> str:
        """Return the sentence in English."""
        return str(self.sentence)


class WaitTimes:
    """The positions of all open requests, queried once after a change or once a second, whoever asks.

    progress: by request id, of those that are being made; only read here. lanes: how many are made at once, each as
    fast as if it were alone.
    """

    def __init__(self, store: Store, progress: Mapping[str, Progress], *, lanes: int = 1) -> None:
        self._store = store
        self._progress = progress
        self._lanes = lanes
        self._places: Mapping[str, QueuePosition] = {}
        self._valid_until = float("-inf")
        self._lock = asyncio.Lock()

    def invalidate(self) -> None:
        """Forget the cached positions, because the queue has changed."""
        self._valid_until = float("-inf")

    async def places(self) -> Mapping[str, QueuePosition]:
        """Return the positions by request id, the next request first."""
        now = asyncio.get_running_loop().time
        async with self._lock:
            if now() >= self._valid_until:
                self._valid_until = now() + CACHE_SECONDS  # before the query, so that a change during it counts
                self._places = await self._query()
            return self._places

    async def _query(self) -> Mapping[str, QueuePosition]:
        places, position, lanes = {}, 0, [0.0] * self._lanes
        for request in await self._store.queue.line():
            progress = self._progress.get(request.id) if request.working else None
            work = request.work * (1.0 - progress.fraction if progress else 1.0)
            seconds = lanes[0] + work  # in the lane where its turn comes first
            heapq.heapreplace(lanes, seconds)
            position += not request.working
            places[request.id] = QueuePosition(0 if request.working else position, seconds)
        return places


def approximate_time(seconds: float) -> Sentence:
    """Return a duration as it reads after “in”, rounded because it is an estimate."""
    if seconds <= 5:
        return _("a few seconds")
    if seconds < 53:
        return ngettext("about {n} second", "about {n} seconds").counted(5 * round(seconds / 5))
    minutes, hours = max(1, round(seconds / 60)), max(1, round(seconds / 3600))
    if minutes < 55:
        return ngettext("about a minute", "about {n} minutes").counted(minutes)
    return ngettext("about an hour", "about {n} hours").counted(hours)


def _in_words(seconds: float) -> str:
    return _("in {time}").format(time=approximate_time(seconds))


def _on_discord(seconds: float) -> str:
    """Return a timestamp that Discord counts down by itself."""
    return f"<t:{math.ceil(time.time() + seconds)}:R>"


WHEN = {"discord": _on_discord}
"""How a wait is written, by origin; in words for any other."""


_TOO_MANY = {
    "person": ngettext(
        "You have {n:g} open request, which is the most here: the next can be asked for {when}.",
        "You have {n:g} open requests, which is the most here: the next can be asked for {when}.",
    ),
    "server": ngettext(
        "This server has {n:g} open request, which is the most here. Please ask again {when}.",
        "This server has {n:g} open requests, which is the most here. Please ask again {when}.",
    ),
    "conversation": ngettext(
        "This conversation has {n:g} open request, which is the most here. Please ask again {when}.",
        "This conversation has {n:g} open requests, which is the most here. Please ask again {when}.",
    ),
    "everybody": ngettext(
        "The queue is full with {n:g} open request. Please ask again {when}.",
        "The queue is full with {n:g} open requests. Please ask again {when}.",
    ),
}
"""The messages of limits, by the limit's name."""


def limit_error(reached: LimitReached, in_the_way: Iterable[QueuePosition], requester: Requester) -> LimitError:
    """Return the error for a request that would exceed a limit. in_the_way: the requests that fill the limit."""
    wait = max(1.0, min((place.seconds for place in in_the_way), default=1.0))
    when = WHEN.get(requester.origin, _in_words)
    if reached.limit == "cooldown":
        wait = max(1.0, reached.wait or 0.0)
        message = ngettext(
            "Here a person can ask every second: again {when}.",
            "Here a person can ask every {n:g} seconds: again {when}.",
        )
        return LimitError(message.counted(reached.most, when=when(wait)), wait)
    message = _TOO_MANY.get(reached.limit, _TOO_MANY["everybody"])
    if reached.limit == "server" and not requester.in_server:
        message = _TOO_MANY["conversation"]
    full = message.counted(reached.most, when=when(wait))
    advice = ADVICE.get(requester.origin, "") if reached.limit == "person" else ""
    return LimitError(joined(" ", full, advice), wait)
