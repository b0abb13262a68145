"""The bot as its own process, connected to the stand-in: started, killed, and its database read from outside."""

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
    """One bot with one data folder, over as many processes as a test starts.

    generator: the module to start as it. gate: to be touched when the fake one's held jobs may end. clock:
    names the seconds by which the bot's clock is wrong.
    """

    def __init__(self, discord: StandIn, folder: Path, generator: str | None = "tests.fake_generator") -> None:
        self.data = folder / "var"
        self.log_file = folder / "bot.log"
        self.jobs_file = folder / "jobs.log"
        self.gate = folder / "gate"
        self.clock = folder / "clock"
        self._folder = folder
        self._discord = discord
        self._generator = generator
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it and wait until its gateway is ready."""
        self._discord.gateway.ready.clear()
        own = {
            "DISCORD_TOKEN": TOKEN,
            "CHIPTUNE_PORT": "0",
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
                sys.executable, str(RUNNER), cwd=self._folder, env={**os.environ, **own}, stdout=log, stderr=log
            )
        ready = asyncio.create_task(self._discord.gateway.ready.wait())
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait([ready, ended], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done():
            ready.cancel()
            raise RuntimeError(f"the bot did not come up:\n{self.log_file.read_text()}")

    async def end(self, sign: signal.Signals = signal.SIGTERM) -> int | None:
        """Send it a signal and wait until it has ended; its exit code, None where none runs."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(sign)
        async with asyncio.timeout(15):
            return await process.wait()

    def move_clock(self, seconds: float) -> None:
        """Put its clock forward or back, whether it runs or not."""
        wrong = float(self.clock.read_text()) if self.clock.exists() else 0.0
        new = self.clock.with_suffix(".new")
        new.write_text(str(wrong + seconds))
        new.replace(self.clock)  # never half written while the bot reads it

    def generator_pids(self) -> list[int]:
        """The process ids of the bot's children."""
        if self._process is None:
            return []
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of the database, read by a connection of our own; a change is committed."""
        with closing(sqlite3.connect(self.data / "chiptune.sqlite3", timeout=10)) as db:
            found = db.execute(sql, values).fetchall()
            db.commit()
            return found

    def log(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text()
