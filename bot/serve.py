"""Putting the bot together and running it until it is told to stop.

The store, the generator, the backlog, the local channel and, where a token is set, Discord. What each of them does
is left to them; here stand only the order of start and end, and start-up failures as one sentence.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from bot.backlog import Backlog, Poster
from bot.files import Files
from bot.settings import Settings
from bot.store import Store
from bot.web.app import make_app, start
from bot.web.poster import LocalPoster
from generator.client import GeneratorClient
from generator.contract import FaultError

log = logging.getLogger(__name__)

GENERATOR = (sys.executable, "-m", "generator")
DATABASE = "chiptune.sqlite3"

Work = Callable[[], Coroutine[Any, Any, None]]
"""A part of the bot that runs until it is cancelled."""


async def serve(settings: Settings, *, generator_command: Sequence[str] = GENERATOR) -> None:
    """Run the bot until SIGINT or SIGTERM. Raises FaultError with one sentence where it cannot start."""
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        stack.enter_context(_sole_owner(settings.data_dir))
        store = await _open_store(stack, settings.data_dir / DATABASE)
        generator = GeneratorClient(generator_command)
        stack.push_async_callback(generator.close)
        posters: dict[str, Poster] = {"local": LocalPoster()}
        files = Files(store, settings.data_dir)
        backlog = Backlog(store, generator, posters, files)
        work: list[Work] = [backlog.run]
        if settings.token:
            from bot.discord.app import DiscordSide  # noqa: PLC0415 (discord.py takes a second to import)

            side = await stack.enter_async_context(DiscordSide(settings, store, backlog))
            posters["discord"] = side.poster
            work.append(side.run)
        warming = asyncio.create_task(generator.warm_up())
        stack.callback(warming.cancel)
        runner, url = await start(make_app(settings, store, backlog), settings.host, settings.port)
        log.info("the page is at %s", url)
        try:
            await _run_until(stop, work)
        finally:
            await runner.cleanup()


async def _open_store(stack: AsyncExitStack, path: Path) -> Store:
    """The database; raises FaultError where the file is none or cannot be read."""
    try:
        return await stack.enter_async_context(Store.open(path))
    except sqlite3.Error as error:
        raise FaultError(f"The database {path} cannot be opened: {error}.") from error


async def _run_until(stop: asyncio.Event, work: Sequence[Work]) -> None:
    """Run everything until told to stop, or until one part ends, which takes the others along. Raises its error."""
    tasks = [asyncio.create_task(part()) for part in work]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            log.info("stopping")
    finally:
        for task in (stopping, *tasks):
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


def _stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    return stop


@contextmanager
def _sole_owner(data_dir: Path) -> Iterator[None]:
    """The data folder, made and locked: a second bot on it would do the first one's unfinished requests again."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # its rows hold what answers need
        lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FaultError(
            f"The data folder {data_dir} cannot be written: {error.strerror}. Set CHIPTUNE_DATA_DIR to another one."
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FaultError(f"Another bot is running on the data folder {data_dir}.") from error
        yield
    finally:
        os.close(lock)
