"""What both sides keep of an upload beside its bytes: a name that is safe to store and to show."""

from __future__ import annotations

from bot.text import visible

NAME_LENGTH = 100


def clean_name(name: str | None) -> str | None:
    """An upload's name without folders and hidden characters, at most 100 characters; None where nothing is left."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return visible("".join(last.splitlines()))[:NAME_LENGTH].strip() or None
