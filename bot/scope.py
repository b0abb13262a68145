"""The scope of a song, a vote or a setting: a server, a conversation outside servers, or the local page.

Everything that people share (history, charts, battles, contests, taste, settings) is kept per scope.
"""

from __future__ import annotations

CONVERSATION = "channel:"


class Scope(str):
    """A scope. Its text is the key that the database stores in the columns named `guild_id`."""

    __slots__ = ()

    @classmethod
    def server(cls, server_id: int) -> Scope:
        """Return the scope of a Discord server."""
        return cls(server_id)

    @classmethod
    def conversation(cls, channel_id: int | None) -> Scope:
        """Return the scope of a Discord conversation outside servers: a direct message or a group."""
        return cls(f"{CONVERSATION}{channel_id}")

    @property
    def server_id(self) -> int | None:
        """The Discord server's id, or None if the scope is not a server."""
        return int(self) if self.isdecimal() else None


PAGE = Scope("local")
"""The scope of the local web page."""
