"""The bot's side of the queue in NATS: a `Generator` whose jobs are done by workers on any machines.

A job is published once, whatever happens to the bot or the server meanwhile: after a restart of the bot, `run` finds
the job that is still under way, or its answer. Without a connection, it waits until there is one again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, TypeVar

from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from generator.protocol.cluster.queue import (
    ANSWERS,
    ERRORS,
    HEARTBEAT_SECONDS,
    JOBS,
    Queue,
    connect,
    held,
    place_of,
    publish_once,
    remove,
    subject,
)
from generator.protocol.connection.child import OnProgress
from generator.protocol.errors import CANCELLED_SENTENCE, GeneratorDied, JobTooLong
from generator.protocol.results import (
    AnyJob,
    Exported,
    ExportJob,
    Failure,
    Job,
    Progress,
    Result,
    answer_from_json,
)

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often the stream of answers is looked at, in case a message was missed while the connection was lost."""
RETRY_SECONDS = 1.0

T = TypeVar("T")


class NatsGenerator:
    """A generator on other machines. url, credentials: of the server; heartbeat: see `queue.HEARTBEAT_SECONDS`."""

    def __init__(self, url: str, *, credentials: str | None = None, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self._url = url
        self._credentials = credentials
        self._heartbeat = heartbeat
        self._queue: Queue | None = None
        self._connecting = asyncio.Lock()
        self._cancelled: dict[str, asyncio.Event] = {}

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._queue is not None and self._queue.connection.is_connected

    async def warm_up(self) -> None:
        """Connect before the first job. If that fails, it is logged, and the first job tries again."""
        try:
            await self._connected()
        except ERRORS as error:
            log.warning("NATS at %s cannot be reached: %s", place_of(self._url), type(error).__name__)

    async def run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Have one job done. Raise GeneratorDied if its answer makes no sense, JobTooLong if it took too much."""
        answer = await self._until_answered(job, job.upload, on_progress)
        if isinstance(answer, Exported):
            raise GeneratorDied(f"a worker exported something for job {job.id}")
        return answer

    async def export(self, job: ExportJob, on_progress: OnProgress) -> Exported | Failure:
        """Have a tune exported. Raise GeneratorDied and JobTooLong as `run` does."""
        answer = await self._until_answered(job, job.midi, on_progress)
        if isinstance(answer, Result):
            raise GeneratorDied(f"a worker composed something for job {job.id}")
        return answer

    async def cancel(self, job_id: str) -> None:
        """Withdraw a job that waits, or tell its worker to stop."""
        if (event := self._cancelled.get(job_id)) is None:
            return
        event.set()
        with suppress(*ERRORS):  # without a connection, the answer to the job comes to nothing
            queue = await self._connected()
            await queue.connection.publish(subject("cancel", job_id))
            await remove(queue.stream, JOBS, subject("jobs", job_id))
            await queue.connection.flush()

    async def close(self) -> None:
        """Close the connection. Jobs that are under way go on, and are found again by their ids."""
        queue, self._queue = self._queue, None
        if queue is not None:
            await queue.connection.close()

    async def _connected(self) -> Queue:
        """Return the connection, which is made on first use. Raise one of `ERRORS` or QueueError."""
        async with self._connecting:
            if self._queue is None:
                self._queue = await connect(self._url, credentials=self._credentials, heartbeat=self._heartbeat)
                log.info("connected to NATS at %s", place_of(self._url))
            return self._queue

    async def _until_answered(
        self, job: AnyJob, upload: str | None, on_progress: OnProgress
    ) -> Result | Exported | Failure:
        """Try until the job is answered, however often the connection breaks."""
        cancelled = self._cancelled.setdefault(job.id, asyncio.Event())
        told = False
        try:
            while True:
                try:
                    return await self._ask(await self._connected(), job, upload, on_progress, cancelled)
                except ERRORS as error:
                    if cancelled.is_set():
                        return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
                    if not told:
                        log.warning("job %s waits for NATS: %s", job.id, type(error).__name__)
                    told = True
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._cancelled.pop(job.id, None)

    async def _ask(
        self, queue: Queue, job: AnyJob, upload: str | None, on_progress: OnProgress, cancelled: asyncio.Event
    ) -> Result | Exported | Failure:
        """Publish the job unless it is under way, and wait for its answer."""
        answered = asyncio.Event()

        async def wake(_: Msg) -> None:
            answered.set()

        async def tell(message: Msg) -> None:
            progress = _parsed(message.data, answer_from_json)
            if isinstance(progress, Progress):
                on_progress(progress)

        watches = [
            await queue.connection.subscribe(subject("answers", job.id), cb=wake),
            await queue.connection.subscribe(subject("progress", job.id), cb=tell),
        ]
        try:
            message = await held(queue.stream, ANSWERS, subject("answers", job.id))
            if message is None:
                await _publish(queue, job, upload)
            while message is None and not cancelled.is_set():
                await _first_of(answered, cancelled)
                answered.clear()
                message = await held(queue.stream, ANSWERS, subject("answers", job.id))
            if message is None:
                return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
            return await _take(queue, job, message)
        finally:
            for watch in watches:
                with suppress(*ERRORS):
                    await watch.unsubscribe()


async def _publish(queue: Queue, job: AnyJob, upload: str | None) -> None:
    if upload is not None:
        data = await asyncio.to_thread(Path(upload).read_bytes)
        await queue.files.put(f"in.{job.id}", data)
    text = json.dumps({**job.to_dict(), "folder": ""})
    await publish_once(queue.stream, subject("jobs", job.id), text.encode())


async def _first_of(*events: asyncio.Event) -> None:
    """Wait until one of some events, but no longer than `LOOK_SECONDS`."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _take(queue: Queue, job: AnyJob, message: bytes) -> Result | Exported | Failure:
    """Fetch the files of an answer into the job's folder, then remove it with its files from the queue."""
    answer: dict[str, Any] = _parsed(message, json.loads)
    files = {PurePath(name).name: stored for name, stored in answer.get("files", {}).items()}
    try:
        for name, stored in files.items():
            await _fetch(queue, stored, Path(job.folder) / name)
    except NotFoundError as error:  # they are kept for a day
        await remove(queue.stream, ANSWERS, subject("answers", job.id))
        raise GeneratorDied(f"the files of job {job.id} are gone") from error
    await remove(queue.stream, ANSWERS, subject("answers", job.id))
    for stored in (*files.values(), f"in.{job.id}"):
        with suppress(NotFoundError):
            await queue.files.delete(stored)
    if answer.get("too_long"):
        raise JobTooLong(f"job {job.id} took too much")
    ended = _parsed(json.dumps(answer.get("answer")), answer_from_json)
    if isinstance(ended, Progress) or ended.id != job.id:
        raise GeneratorDied(f"a worker sent something other than an answer to job {job.id}")
    return ended


async def _fetch(queue: Queue, stored: str, path: Path) -> None:
    data = (await queue.files.get(stored)).data or b""
    await asyncio.to_thread(path.write_bytes, data)


def _parsed(data: bytes | str, parse: Callable[[bytes | str], T]) -> T:
    """Return what a message says. Raise GeneratorDied if it is none of ours."""
    try:
        return parse(data)
    except (ValueError, TypeError, KeyError) as error:
        raise GeneratorDied(f"a worker sent no valid message: {data[:80]!r}") from error
