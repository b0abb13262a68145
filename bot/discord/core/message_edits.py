"""Edits messages that many users act on at once: one edit at a time, and the last one shows the final state.

What an edit shows is left to the callers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import discord

from generator.protocol.errors import InputError

log = logging.getLogger(__name__)

Edit = Callable[[], Awaitable[object]]
"""Makes a message show the state at the time of the call."""


class MessageEdits:
    """The edits in progress, by message id.

    An edit requested during another edit of the same message waits for it to end. Only the newest of the waiting edits
    is made, because it shows all that the others would.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Edit | None] = {}

    async def run(self, message: int, edit: Edit) -> None:
        """Edit a message, or leave the edit to the caller who is editing it already. Errors are logged."""
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
    """Make one edit. If it fails, for instance because the message is deleted, log that; the next edit repairs it."""
    try:
        await edit()
    except (discord.HTTPException, InputError) as error:
        log.info("a message could not be updated: %s", error)
