"""All that is done from time to time: what nobody needs any more is forgotten.

At the start and once a day. What a round does is the store's and the files'; when it is due stands here, by a clock
that a test can move.
"""

from __future__ import annotations

import logging
import sqlite3

from bot.clock import Clock, SystemClock
from bot.files.song_files import Files
from bot.settings import Settings
from bot.store import Store

log = logging.getLogger(__name__)

DAY = 24 * 3600.0
"""Seconds."""


class Retention:
    """Forgets by the settings `keep_days` and `grace_days`, and removes files that no row names."""

    def __init__(self, store: Store, files: Files, settings: Settings, clock: Clock | None = None) -> None:
        self._store = store
        self._files = files
        self._keep_seconds = settings.keep_days * DAY
        self._grace_seconds = settings.grace_days * DAY
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """A round now and one a day, until cancelled; a round that fails is logged, and the next one tries again."""
        while True:
            try:
                await self.round()
            except (OSError, sqlite3.Error):
                log.exception("the upkeep failed; it is tried again in a day")
            await self._clock.sleep(DAY)

    async def round(self) -> None:
        """Everything once."""
        now = self._clock.now()
        for server in await self._store.servers.left_before(now - self._grace_seconds):
            await self._files.remove_unnamed(await self._store.servers.erase(server, now - self._grace_seconds))
            log.info("everything of a server was removed, which the bot left")
        requests = await self._store.requests.forget_finished(now - self._keep_seconds)
        reports = await self._store.reports.forget_handled(now - self._keep_seconds)
        songs = await self._store.songs.forget_deleted()
        files = await self._files.collect(now)
        log.info("forgotten: %d requests, %d reports, %d deleted songs, %d files", requests, reports, songs, files)
