"""How the local channel tells its people: not at all. The page asks, and the store holds the answers."""

from __future__ import annotations

from bot.store import Entry, Song
from bot.waiting import Place


class LocalPoster:
    """The backlog's poster for the origin "local": once the store says that an answer is there, it is delivered."""

    async def queued(self, entry: Entry, place: Place) -> None:
        """Nothing to do: the page asks for its place."""

    async def progress(self, entry: Entry, fraction: float, stage: str) -> None:
        """Nothing to do: the page asks the backlog."""

    async def post(self, entry: Entry, song: Song) -> str | None:
        """Nothing to do; there is no message and so no id."""
        return None

    async def refuse(self, entry: Entry, sentence: str) -> None:
        """Nothing to do: the page reads the sentence."""

    async def cancelled(self, entry: Entry, sentence: str) -> None:
        """Nothing to do: the page reads the sentence."""
