"""Retention: remove data that is no longer needed, at the start and once a day.

This module decides when; the store and `Files` do the work.
"""

from __future__ import annotations

import logging
import sqlite3

from bot.clock import Clock, SystemClock
from bot.files.song_files import EXPORT, TAKES_SECONDS, Files
from bot.settings import Settings
from bot.store import Store
from generator.protocol.results import TAKES

log = logging.getLogger(__name__)

DAY = 24 * 3600.0
"""Seconds."""
EXPORT_SECONDS = 7 * DAY
"""How long an export is kept after it was made."""


class Retention:
    """Removes data older than the settings `keep_days` and `grace_days` allow, and files that no row names."""

    def __init__(self, store: Store, files: Files, settings: Settings, clock: Clock | None = None) -> None:
        self._store = store
        self._files = files
        self._keep_seconds = settings.keep_days * DAY
        self._grace_seconds = settings.grace_days * DAY
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Clean up now, and then once a day until cancelled. A failure is logged; the next attempt is a day later."""
        while True:
            try:
                await self.round()
            except (OSError, sqlite3.Error):
                log.exception("removing old data failed; the next attempt is in a day")
            await self._clock.sleep(DAY)

    async def round(self) -> None:
        """Clean up once."""
        now = self._clock.now()
        for server in await self._store.servers.left_before(now - self._grace_seconds):
            await self._files.remove_unnamed(await self._store.servers.erase(server, now - self._grace_seconds))
            log.info("the data of a server that the bot left was removed")
        requests = await self._store.requests.forget_finished(now - self._keep_seconds)
        reports = await self._store.reports.forget_handled(now - self._keep_seconds)
        songs = await self._store.songs.forget_deleted()
        exports = await self._files.forget_old(EXPORT, now - EXPORT_SECONDS)
        exports += await self._files.forget_old(TAKES, now - TAKES_SECONDS)
        files = await self._files.collect(now)
        removed = "removed: %d requests, %d reports, %d deleted songs, %d exports and takes, %d files"
        log.info(removed, requests, reports, songs, exports, files)
