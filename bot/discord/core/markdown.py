"""Text for Discord's messages: what people wrote, so that it neither formats nor mentions nor links.

Which characters can be seen at all is `bot.text`'s.
"""

from __future__ import annotations

import re

from bot.languages import say
from bot.scope import Scope
from bot.text import plain

TITLE_LENGTH = 80
SPECIAL_CHARACTERS = re.compile(r"([\\*_~|`<>@#:\[\]])")
"""What begins or ends a format, a mention, an emoji, a time, a link or a heading. Discord shows any of them as it is
behind a backslash. A colon is among them so that `https://…` is no link."""


def escape(text: str, length: int = TITLE_LENGTH) -> str:
    """A person's text as markdown that shows just that text, cut to `length`; never put at the start of a line."""
    return SPECIAL_CHARACTERS.sub(r"\\\1", plain(text, length)) or say("untitled")


def file_stem(title: str) -> str:
    """A file's name made of a title: Latin letters, figures and hyphens, which Discord leaves as they are."""
    return re.sub(r"[^A-Za-z0-9]+", "-", plain(title, TITLE_LENGTH)).strip("-").lower() or "tune"


def message_link(scope: Scope | None, channel: str | None, message: str) -> str:
    """A message's address; outside of servers Discord writes @me for the server."""
    server = scope and scope.server_id
    return f"https://discord.com/channels/{server or '@me'}/{channel}/{message}"
