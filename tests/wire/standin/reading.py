"""Reads what the bot sent: the texts of a message's components, and the names of its files."""

from __future__ import annotations

from tests.wire.standin.components import TEXT, walk
from tests.wire.standin.world import Payload


def text(message: Payload) -> str:
    """Return all texts in the components of a message, or of an edit."""
    return "\n".join(part["content"] for part in walk(message.get("components") or []) if part["type"] == TEXT)


def names(message: Payload) -> list[str]:
    """Return the names of a message's files."""
    return [item["filename"] for item in message["attachments"]]
