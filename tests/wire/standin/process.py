"""The bot as a process of its own, connected to the stand-in, with access to its log and database."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import Process
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.wire.standin.server import StandIn
from tests.wire.standin.world import TOKEN

ROOT = Path(__file__).parents[3]
RUNNER = Path(__file__).with_name("runner.py")


class Bot:
    """A bot with one data folder, over all the processes that a test starts.

    generator: the module to start as the generator; None for the real one. gate: touch this file to let the fake
    generator finish blocked jobs. clock: the file with the seconds by which the bot's clock is off. jobs: how many
    requests are made at once.
    """

    def __init__(
        self, discord: StandIn, folder: Path, generator: str | None = "tests.fake_generator", *, jobs: int = 1
    ) -> None:
        self.data = folder / "var"
        self.log_file = folder / "bot.log"
        self.jobs_file = folder / "jobs.log"
        self.gate = folder / "gate"
        self.clock = folder / "clock"
        self._folder = folder
        self._discord = discord
        self._generator = generator
        self._jobs = jobs
        self._process: Process | None = None

    async def start(self) -> None:
        """Start the bot, and wait until it is connected to the gateway."""
        self._discord.gateway.ready.clear()
        variables = {
            "DISCORD_TOKEN": TOKEN,
            "CHIPTUNE_PORT": "0",
            "CHIPTUNE_JOBS": str(self._jobs),
            "CHIPTUNE_DATA_DIR": str(self.data),
            "WIRE_PORT": str(self._discord.port),
            "WIRE_CA": str(self._discord.ca_file),
            "WIRE_CLOCK": str(self.clock),
            "FAKE_GENERATOR_LOG": str(self.jobs_file),
            "FAKE_GENERATOR_GATE": str(self.gate),
            "PYTHONPATH": str(ROOT),
            **({"WIRE_GENERATOR": self._generator} if self._generator else {}),
        }
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(RUNNER), cwd=self._folder, env={**os.environ, **variables}, stdout=log, stderr=log
            )
        ready = asyncio.create_task(self._discord.gateway.ready.wait())
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait([ready, ended], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done():
            ready.cancel()
            raise RuntimeError(f"the bot did not start:\n{self.log_file.read_text()}")

    async def end(self, sign: signal.Signals = signal.SIGTERM) -> int | None:
        """Send the bot a signal and wait until it has ended. Return its exit code, or None if it was not running."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(sign)
        async with asyncio.timeout(15):
            return await process.wait()

    def move_clock(self, seconds: float) -> None:
        """Move the bot's clock forward or back, whether it is running or not."""
        offset = float(self.clock.read_text()) if self.clock.exists() else 0.0
        new = self.clock.with_suffix(".new")
        new.write_text(str(offset + seconds))
        new.replace(self.clock)  # atomic: the bot never reads half a file

    def generator_pids(self) -> list[int]:
        """Return the process ids of the bot's children."""
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement in the bot's database, over a separate connection. Return the rows and commit changes."""
        with closing(sqlite3.connect(self.data / "chiptune.sqlite3", timeout=10)) as db:
            result = db.execute(sql, values).fetchall()
            db.commit()
            return result

    def log(self) -> str:
        """Return the log so far."""
        return self.log_file.read_text()
