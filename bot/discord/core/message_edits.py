"""Edits of a message that many people press at once: one at a time, and the last one shows what is true by then.

What an edit shows is left to whoever asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import discord

from generator.protocol.errors import InputError

log = logging.getLogger(__name__)

Edit = Callable[[], Awaitable[object]]
"""Shows in a message what is true when it is called."""


class MessageEdits:
    """The edits that are under way, by message.

    An edit that is asked for while another one of the same message is under way waits for its end; of those that wait
    only the newest is made, since it shows what all of them would.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Edit | None] = {}

    async def run(self, message: int, edit: Edit) -> None:
        """Edit a message, or leave that to the one who is just editing it. What fails is logged."""
        busy = message in self._waiting
        self._waiting[message] = edit
        if busy:
            return
        try:
            while newest := self._waiting[message]:
                self._waiting[message] = None
                await _make(newest)
        finally:
            del self._waiting[message]


async def _make(edit: Edit) -> None:
    """One edit; where it fails (the message is gone, say, or the bot may not reach it) the next one makes up for it."""
    try:
        await edit()
    except (discord.HTTPException, InputError) as error:
        log.info("what a message shows is old: %s", error)
