"""Escapes what people wrote for Discord's messages, so that it neither formats nor mentions nor links.

Which characters are visible at all is left to `bot.text`.
"""

from __future__ import annotations

import re

from bot.languages import say
from bot.scope import Scope
from bot.text import plain

TITLE_LENGTH = 80
SPECIAL_CHARACTERS = re.compile(r"([\\*_~|`<>@#:\[\]])")
"""Characters that begin or end a format, a mention, an emoji, a time, a link or a heading. A backslash makes Discord
show them as they are. The colon is among them so that `https://…` does not become a link."""


def escape(text: str, length: int = TITLE_LENGTH) -> str:
    """Return markdown that shows exactly this text, cut to `length`. Do not put it at the start of a line."""
    return SPECIAL_CHARACTERS.sub(r"\\\1", plain(text, length)) or say("untitled")


def file_stem(title: str) -> str:
    """Return a file name without suffix for a title: Latin letters, digits and hyphens, which Discord keeps."""
    return re.sub(r"[^A-Za-z0-9]+", "-", plain(title, TITLE_LENGTH)).strip("-").lower() or "tune"


def message_link(scope: Scope | None, channel: str | None, message: str) -> str:
    """Return the address of a message. Outside servers, Discord writes @me for the server."""
    server = scope and scope.server_id
    return f"https://discord.com/channels/{server or '@me'}/{channel}/{message}"
