"""Clocks that tests move: one in the same process, and one that a bot in a process of its own reads from a file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path


class MovedClock:
    """Stands still until it is moved. naps: how often somebody began to wait for it."""

    def __init__(self, start: float | None = None) -> None:
        self.time = time.time() if start is None else start
        self.changed = asyncio.Condition()
        self.naps = 0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        until = self.time + seconds
        async with self.changed:
            self.naps += 1
            self.changed.notify_all()
            await self.changed.wait_for(lambda: self.time >= until)

    async def until_naps(self, count: int) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: self.naps >= count)

    async def move(self, seconds: float) -> None:
        async with self.changed:
            self.time += seconds
            self.changed.notify_all()


class FileClock:
    """The machine's clock, wrong by the seconds that a file names; somebody who sleeps wakes when the file changes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> float:
        return time.time() + self._wrong()

    async def sleep(self, seconds: float) -> None:
        until, wrong = time.monotonic() + seconds, self._wrong()
        while time.monotonic() < until and self._wrong() == wrong:
            await asyncio.sleep(0.02)

    def _wrong(self) -> float:
        return float(self._file.read_text()) if self._file.exists() else 0.0
