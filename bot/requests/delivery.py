"""The interface through which the backlog reaches people, one implementation for each origin, and how it fails."""

from __future__ import annotations

from typing import Protocol

from bot.requests.wait_times import QueuePosition
from bot.store import RequestRecord, Song
from generator.protocol.errors import ChiptuneError

MAX_RETRY_SECONDS = 300.0
"""The longest pause between two attempts to deliver an answer."""
MAX_DOUBLINGS = 9
"""After so many doublings of one second the pause has reached its maximum."""


class DeliveryError(ChiptuneError):
    """An answer could not be delivered. retryable: whether another attempt can help; retry_after: in seconds."""

    def __init__(self, message: str, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after

    def wait(self, attempt: int) -> float:
        """Return the seconds until the next attempt. attempt: the one that failed, counted from 0."""
        if self.retry_after is not None:
            return self.retry_after
        return min(2.0 ** min(attempt, MAX_DOUBLINGS), MAX_RETRY_SECONDS)


class Delivery(Protocol):
    """Tells the people of one origin about their requests. Each method raises DeliveryError if it fails.

    The methods are called one at a time for one request. `queued` and `progress` are no longer called once an answer
    is given.
    """

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        """Tell the person where the request is in the queue; called again, at a limited rate, as it moves on."""
        ...

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """Tell the person how far the tune is; called about once a second, and only if something changed."""
        ...

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Deliver a song and return the message's id. A second call for the same entry must not post it twice."""
        ...

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Say why there is no song; may be called again for the same entry."""
        ...

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Say, in the song's place, that the request was cancelled; may be called again for the same entry."""
        ...
