"""What people who wait are told: their place, how long it will take, and what to do when they have asked for too much.

Who is next, and what the limits are, is the store's (`bot.store.queue`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.languages import command
from bot.store import LimitReached, Requester, Store
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _, joined, ngettext
from generator.protocol.names import DEFAULT_SECONDS
from generator.protocol.requests import Request
from generator.protocol.results import Progress

REMIX_SECONDS = 60.0
"""The length of a file that nobody has read yet."""
BAR_SECONDS = 2.0
"""A bar of four beats at 120 BPM, where no tempo is asked for."""
FRESH_SECONDS = 1.0
"""How long an estimate is good while nothing else changes."""

WHAT_TO_DO = {
    "discord": _("`{queue}` shows them, `{cancel}` takes one back.").format(
        queue=command("queue"), cancel=command("cancel")
    ),
    "local": _("Or cancel one of them."),
}
"""For somebody whose own requests are in the way, by origin."""


class LimitError(InputError):
    """Somebody asked for more than they may. retry_after: seconds until asking again can help."""

    def __init__(self, sentence: str, retry_after: float) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Where a request stands. position: 1 is the next, 0 is being worked on. seconds: until it is probably done."""

    position: int
    seconds: float

    @property
    def sentence(self) -> Sentence:
        """As people read it: `number 3, ready in about 2 minutes`."""
        said = _("number {number}, ready in {time}")
        if self.position <= 1:
            said = _("next, ready in {time}") if self.position else _("being made, ready in {time}")
        return said.format(number=self.position, time=approximate_time(self.seconds))

    def __str__(self) -> str:
        """The same in English."""
        return str(self.sentence)


class WaitTimes:
    """Everybody's place, asked of the store once a change or once a second, however many want to know.

    progress: by request, of those that are being worked on; read, never written.
    """

    def __init__(self, store: Store, progress: Mapping[str, Progress]) -> None:
        self._store = store
        self._progress = progress
        self._places: Mapping[str, QueuePosition] = {}
        self._good_until = float("-inf")
        self._asking = asyncio.Lock()

    def changed(self) -> None:
        """Somebody came, went or is being worked on: what was known is no longer good."""
        self._good_until = float("-inf")

    async def places(self) -> Mapping[str, QueuePosition]:
        """Everybody's place by request, the next one first."""
        now = asyncio.get_running_loop().time
        async with self._asking:
            if now() >= self._good_until:
                self._good_until = now() + FRESH_SECONDS  # before the look, so that a change during it counts
                self._places = await self._look()
            return self._places

    async def _look(self) -> Mapping[str, QueuePosition]:
        places, position, seconds = {}, 0, 0.0
        for one in await self._store.queue.line():
            progress = self._progress.get(one.id) if one.working else None
            seconds += one.work * (1.0 - progress.fraction if progress else 1.0)
            position += not one.working
            places[one.id] = QueuePosition(0 if one.working else position, seconds)
        return places


def approximate_time(seconds: float) -> Sentence:
    """A time to wait as people say it after “in”; it is a guess and should sound like one."""
    if seconds <= 5:
        return _("a few seconds")
    if seconds < 53:
        return ngettext("about {n} second", "about {n} seconds").counted(5 * round(seconds / 5))
    minutes, hours = max(1, round(seconds / 60)), max(1, round(seconds / 3600))
    if minutes < 55:
        return ngettext("about a minute", "about {n} minutes").counted(minutes)
    return ngettext("about an hour", "about {n} hours").counted(hours)


def expected_seconds(request: Request) -> float:
    """The seconds of music that a request will probably give."""
    if request.seconds:
        return float(request.seconds)
    if request.bars:
        return request.bars * (240.0 / request.bpm if request.bpm else BAR_SECONDS)
    return DEFAULT_SECONDS if request.mode == "generate" else REMIX_SECONDS


def _in_words(seconds: float) -> str:
    return _("in {time}").format(time=approximate_time(seconds))


def _on_discord(seconds: float) -> str:
    """As a time that Discord itself counts down."""
    return f"<t:{math.ceil(time.time() + seconds)}:R>"


WHEN = {"discord": _on_discord}
"""How a time to wait for is said, by origin."""


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
"""What is said at a limit, by its name."""


def limit_error(reached: LimitReached, in_the_way: Iterable[QueuePosition], asker: Requester) -> LimitError:
    """What to say to somebody whose request would break a limit. in_the_way: the requests that fill it."""
    wait = max(1.0, min((place.seconds for place in in_the_way), default=1.0))
    when = WHEN.get(asker.origin, _in_words)
    if reached.limit == "cooldown":
        wait = max(1.0, reached.wait or 0.0)
        said = ngettext(
            "Here a person can ask every second: again {when}.",
            "Here a person can ask every {n:g} seconds: again {when}.",
        )
        return LimitError(said.counted(reached.most, when=when(wait)), wait)
    said = _TOO_MANY.get(reached.limit, _TOO_MANY["everybody"])
    if reached.limit == "server" and not asker.in_server:
        said = _TOO_MANY["conversation"]
    full = said.counted(reached.most, when=when(wait))
    todo = WHAT_TO_DO.get(asker.origin, "") if reached.limit == "person" else ""
    return LimitError(joined(" ", full, todo), wait)
