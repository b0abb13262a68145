"""`chiptune worker`: takes jobs from the queue in NATS and has them done by generator processes of its own.

A job is acknowledged once its answer is stored, and kept alive by heartbeats until then. So the job of a worker that
dies goes to another one. After SIGTERM, a worker takes no more jobs, finishes what it has, and ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from generator.protocol.client import GeneratorClient
from generator.protocol.cluster.queue import (
    DEAD,
    ERRORS,
    HEARTBEAT_SECONDS,
    JOBS,
    MAX_TRIES,
    WORKERS,
    Queue,
    connect,
    place_of,
    publish_once,
    subject,
)
from generator.protocol.errors import FAULT_SENTENCE, GeneratorDied, InputError, JobTooLong
from generator.protocol.results import AnyJob, ExportJob, Failure, Progress, answer_to_json, job_from_dict

log = logging.getLogger(__name__)

FETCH_SECONDS = 2.0
"""How long one look for a job waits."""
RETRY_SECONDS = 1.0
DRAIN_SECONDS = 600.0
"""How long a job may still run after SIGTERM; then it is handed back."""


class Worker:
    """Generator processes that empty a queue.

    processes: how many, each with one job at a time. command: starts one. heartbeat: see `queue.HEARTBEAT_SECONDS`.
    scratch: a folder for the files of jobs, for this worker alone.
    """

    def __init__(
        self,
        queue: Queue,
        scratch: Path,
        *,
        processes: int = 1,
        heartbeat: float = HEARTBEAT_SECONDS,
        command: Sequence[str] = (sys.executable, "-m", "generator"),
    ) -> None:
        self._queue = queue
        self._scratch = scratch
        self._heartbeat = heartbeat
        self._clients = [GeneratorClient(command, scratch=scratch / f"process{i}") for i in range(processes)]
        self._doing: dict[str, GeneratorClient] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Do jobs until `stop` is set, and then those that are under way."""
        cancels = await self._queue.connection.subscribe(subject("cancel", "*"), cb=self._cancel)
        lines = [asyncio.create_task(self._work(client, stop)) for client in self._clients]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *lines], return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                stopping.cancel()
            _, late = await asyncio.wait(lines, timeout=DRAIN_SECONDS)
            for line in late:
                line.cancel()
            for end in await asyncio.gather(*lines, return_exceptions=True):
                if isinstance(end, Exception):
                    raise end
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
            for client in self._clients:
                await client.close()
            with suppress(*ERRORS):
                await cancels.unsubscribe()

    async def _cancel(self, message: Msg) -> None:
        job_id = message.subject.rpartition(".")[2]
        if client := self._doing.get(job_id):
            await client.cancel(job_id)

    async def _work(self, client: GeneratorClient, stop: asyncio.Event) -> None:
        """Do one job after another with one process."""
        await client.warm_up()
        jobs = None
        while not stop.is_set():
            try:
                if jobs is None:
                    jobs = await self._queue.stream.pull_subscribe_bind(WORKERS, JOBS)
                for message in await jobs.fetch(1, timeout=FETCH_SECONDS):
                    await self._do(client, message)
            except nats.errors.TimeoutError:  # nothing to do
                continue
            except ERRORS as error:
                log.warning("the queue cannot be reached: %s", type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    async def _do(self, client: GeneratorClient, message: Msg) -> None:
        """Do a job, with heartbeats, and store its answer. Hand it back if this process is ended meanwhile."""
        job_id = message.subject.rpartition(".")[2]
        beating = asyncio.create_task(self._beat(message))
        self._doing[job_id] = client
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch, prefix="job-") as folder:
                answer = await self._answer(client, message, job_id, Path(folder))
                if answer is None:
                    await message.nak(RETRY_SECONDS)
                    return
                await publish_once(self._queue.stream, subject("answers", job_id), json.dumps(answer).encode())
            await message.ack_sync()
        except asyncio.CancelledError:
            with suppress(*ERRORS):
                await message.nak()
            raise
        finally:
            self._doing.pop(job_id, None)
            beating.cancel()

    async def _beat(self, message: Msg) -> None:
        """Tell the queue again and again that the job is under way."""
        while True:
            await asyncio.sleep(self._heartbeat / 3)
            with suppress(*ERRORS):
                await message.in_progress()

    async def _answer(self, client: GeneratorClient, message: Msg, job_id: str, folder: Path) -> dict[str, Any] | None:
        """Return the message that answers a job, or None if it should be tried again."""
        tries = message.metadata.num_delivered
        if tries > MAX_TRIES:
            log.error("job %s: given up after %d tries", job_id, MAX_TRIES)
            await self._queue.stream.publish(subject("dead", job_id), message.data, stream=DEAD)
            return _said(Failure(id=job_id, sentence=FAULT_SENTENCE, fault=True))

        def tell(progress: Progress) -> None:
            sending = asyncio.ensure_future(
                self._queue.connection.publish(subject("progress", job_id), answer_to_json(progress).encode())
            )
            sending.add_done_callback(lambda done: done.cancelled() or done.exception())

        try:
            job = await self._received(message, folder)
            if isinstance(job, ExportJob):
                ended: Any = await client.export(job, tell)
            else:
                ended = await client.run(job, tell)
        except InputError as error:
            ended = Failure(id=job_id, sentence=error.sentence)
        except JobTooLong as error:
            log.error("%s", error)
            return {"too_long": True}
        except GeneratorDied as error:
            log.error("job %s, try %d of %d: %s", job_id, tries, MAX_TRIES, error)
            return None
        return {**_said(ended), "files": await self._store(job_id, folder / "out")}

    async def _received(self, message: Msg, folder: Path) -> AnyJob:
        """Return a job with this machine's paths, after fetching its upload."""
        data = json.loads(message.data)
        out, upload = folder / "out", folder / "upload.mid"
        out.mkdir()
        for name in ("upload", "midi"):
            if data.get(name) is not None:
                data[name] = str(upload)
                try:
                    stored = await self._queue.files.get(f"in.{data['id']}")
                except NotFoundError as error:
                    raise GeneratorDied("the upload is gone") from error
                await asyncio.to_thread(upload.write_bytes, stored.data or b"")
        return job_from_dict({**data, "folder": str(out)})

    async def _store(self, job_id: str, folder: Path) -> dict[str, str]:
        """Store a job's files. Return the names of the objects by file name, new ones for each try."""
        stored: dict[str, str] = {}
        one_try = uuid.uuid4().hex
        for path in await asyncio.to_thread(_files_in, folder):
            stored[path.name] = f"out.{job_id}.{one_try}.{len(stored)}"
            await self._queue.files.put(stored[path.name], await asyncio.to_thread(path.read_bytes))
        return stored


def _files_in(folder: Path) -> list[Path]:
    """Return the regular files of a folder; none if it does not exist."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


def _said(answer: Any) -> dict[str, Any]:
    return {"answer": json.loads(answer_to_json(answer))}


async def work(
    url: str,
    *,
    credentials: str | None = None,
    processes: int = 1,
    heartbeat: float = HEARTBEAT_SECONDS,
    command: Sequence[str] = (sys.executable, "-m", "generator"),
) -> None:
    """Run a worker until SIGINT or SIGTERM. It waits for the server, also at its start."""
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    queue = None
    while queue is None and not stop.is_set():
        try:
            queue = await connect(url, credentials=credentials, heartbeat=heartbeat)
        except ERRORS as error:
            log.warning("NATS at %s cannot be reached: %s", place_of(url), type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
    if queue is None:
        return
    log.info("working for NATS at %s with %d process(es)", place_of(url), processes)
    try:
        with tempfile.TemporaryDirectory(prefix="chiptune-worker-") as scratch:
            worker = Worker(queue, Path(scratch), processes=processes, heartbeat=heartbeat, command=command)
            await worker.run(stop)
    finally:
        await queue.connection.close()
