"""What the backlog asks of those who tell people: one poster for each origin, and how a poster says that it failed."""

from __future__ import annotations

from typing import Protocol

from bot.requests.wait_times import QueuePosition
from bot.store import RequestRecord, Song
from generator.protocol.errors import ChiptuneError

LONGEST_WAIT_SECONDS = 300.0
"""Between two tries to deliver an answer."""
DOUBLINGS = 9
"""Of a second, after which the wait is longer than that."""


class DeliveryError(ChiptuneError):
    """An answer could not be delivered. retryable: whether trying again can help; retry_after: in seconds."""

    def __init__(self, message: str, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after

    def wait(self, attempt: int) -> float:
        """Seconds until the next try. attempt: the one that failed, counted from 0; there may be thousands."""
        if self.retry_after is not None:
            return self.retry_after
        return min(2.0 ** min(attempt, DOUBLINGS), LONGEST_WAIT_SECONDS)


class Delivery(Protocol):
    """How the people of one origin are told. Each method raises PostError where that failed.

    For one request they are called one at a time, and `queued` and `progress` no more once an answer is given.
    """

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        """The request is in the queue; called again, at a polite pace, as it moves on."""
        ...

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """The request is being worked on; called about once a second, and only when something changed."""
        ...

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Deliver a song; the message's id. May be called again for the same entry and must then not post twice."""
        ...

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Say why there is no song; may be called again for the same entry."""
        ...

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Say, where the song would have been, that it was taken back; may be called again for the same entry."""
        ...
