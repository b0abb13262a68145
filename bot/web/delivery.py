"""The delivery of the web page: it sends nothing, because the page polls the API."""

from __future__ import annotations

from bot.requests.wait_times import QueuePosition
from bot.store import RequestRecord, Song


class LocalDelivery:
    """The delivery for the origin "local": an answer counts as delivered once it is in the store."""

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        """Do nothing: the page polls its position."""

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """Do nothing: the page polls the progress."""

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Do nothing. Return None, because there is no message."""
        return None

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Do nothing: the page polls the error."""

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Do nothing: the page polls the error."""
