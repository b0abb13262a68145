"""Assembles the bot and runs it until it is told to stop.

Starts and stops the store, the generator, the backlog, the web page and, if a token is set, Discord, in the right
order, and turns start-up failures into one sentence.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.clock import Clock
from bot.contests.keeper import Contests
from bot.files.data_folder import DATABASE, SCRATCH, sole_owner
from bot.files.restore import finish_restore
from bot.files.retention import Retention
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.requests.delivery import Delivery
from bot.settings import Settings
from bot.store import Store
from bot.web.app import make_app, start
from bot.web.delivery import LocalDelivery
from generator.protocol.client import GeneratorClient
from generator.protocol.errors import FaultError

if TYPE_CHECKING:
    from generator.protocol.cluster.nats_generator import NatsGenerator

log = logging.getLogger(__name__)

GENERATOR = (sys.executable, "-m", "generator")

FINISH_SECONDS = 2.0
"""How long handlers of events may still run when the bot stops."""

Work = Callable[[], Coroutine[Any, Any, None]]
"""A part of the bot that runs until it is cancelled."""


async def serve(
    settings: Settings, *, generator_command: Sequence[str] = GENERATOR, clock: Clock | None = None
) -> None:
    """Run the bot until SIGINT or SIGTERM. Raise FaultError if it cannot start.

    clock: for retention and contests; None for the machine's.
    """
    stop = _stop_on_signals()
    async with AsyncExitStack() as stack:
        stack.enter_context(sole_owner(settings.data_dir))
        finish_restore(settings.data_dir)
        store = await _open_store(stack, settings.data_dir / DATABASE)
        stack.push_async_callback(_end_tasks_except, asyncio.all_tasks())
        files = await _open_files(store, settings.data_dir)
        generator = _make_generator(settings, generator_command)
        stack.push_async_callback(generator.close)
        deliveries: dict[str, Delivery] = {"local": LocalDelivery()}
        backlog = Backlog(store, generator, deliveries, files, jobs=settings.jobs)
        contests = Contests(store, clock)
        work: list[Work] = [backlog.run, contests.run, Retention(store, files, settings, clock).run]
        if settings.token:
            from bot.discord.app import DiscordSide  # noqa: PLC0415 (discord.py takes a second to import)

            side = await stack.enter_async_context(DiscordSide(settings, store, backlog, contests))
            deliveries["discord"] = side.delivery
            contests.announce_by(side.announcer)
            work.append(side.run)
        warming = asyncio.create_task(generator.warm_up())
        stack.callback(warming.cancel)
        runner, url = await start(make_app(settings, store, backlog, contests), settings)
        log.info("the page is at %s", url)
        try:
            await _run_until(stop, work)
        finally:
            await runner.cleanup()


def _make_generator(settings: Settings, command: Sequence[str]) -> GeneratorClient | NatsGenerator:
    """Return a generator on this machine, or one on the machines that the NATS server knows."""
    if settings.nats_url:
        from generator.protocol.cluster.nats_generator import NatsGenerator  # noqa: PLC0415  only some need it

        return NatsGenerator(settings.nats_url, credentials=settings.nats_credentials)
    return GeneratorClient(command, scratch=settings.data_dir.absolute() / SCRATCH)


async def _open_store(stack: AsyncExitStack, path: Path) -> Store:
    """Open the database. Raise FaultError if the file is not a database or cannot be read."""
    try:
        return await stack.enter_async_context(Store.open(path))
    except sqlite3.Error as error:
        raise FaultError(f"The database {path} cannot be opened: {error}.") from error


async def _end_tasks_except(these: set[asyncio.Task[Any]]) -> None:
    """End all other tasks of the loop, which may still use the store: handlers of events that came at the end.

    They may finish for a moment, then they are cancelled. A task may begin another one as it ends, as discord.py does
    to tell that it is ready.
    """
    now = asyncio.get_running_loop().time
    deadline = now() + FINISH_SECONDS
    while tasks := asyncio.all_tasks() - these:
        _, unfinished = await asyncio.wait(tasks, timeout=max(0.0, deadline - now()))
        if now() >= deadline:
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)


async def _open_files(store: Store, data_dir: Path) -> Files:
    """Return the files, after taking over those of earlier versions. Raise FaultError if that fails."""
    files = Files(store, data_dir)
    try:
        if count := await files.adopt_old():
            log.info("the files of %d songs were taken over", count)
    except OSError as error:
        raise FaultError(f"The files in {data_dir} cannot be taken over: {error.strerror}.") from error
    return files


async def _run_until(stop: asyncio.Event, work: Sequence[Work]) -> None:
    """Run all parts until `stop` is set or one part ends; then end the others, and raise its error."""
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
    """Return an event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    return stop
