"""How the local channel tells its people: not at all. The page asks, and the store holds the answers."""

from __future__ import annotations

from bot.requests.wait_times import QueuePosition
from bot.store import RequestRecord, Song


class LocalDelivery:
    """The backlog's poster for the origin "local": once the store says that an answer is there, it is delivered."""

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        """Nothing to do: the page asks for its place."""

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """Nothing to do: the page asks the backlog."""

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Nothing to do; there is no message and so no id."""
        return None

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Nothing to do: the page reads the sentence."""

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Nothing to do: the page reads the sentence."""
