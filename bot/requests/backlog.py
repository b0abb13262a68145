"""The backlog: requests on their way from acceptance to the posted tune.

A request is saved before it is acknowledged, and stays in the database until it is answered, so that a crash of the
bot or of the generator loses nothing and answers nothing twice. Several requests at once go to the generator, in the
store's fair order. One during which it died goes alone the next time, so that it harms no other twice. Answers are
delivered concurrently, so that a slow or broken chat does not hold up the music. The generator makes the tunes,
`submissions` decides what a request holds, the deliveries (one for each origin) tell people, and `progress_updates`
decides how often.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import os
import sqlite3
import time
import uuid
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from bot.files.song_files import Files
from bot.requests.cost import check_work, expected_seconds, units_of
from bot.requests.delivery import Delivery, DeliveryError
from bot.requests.exports import Exports
from bot.requests.progress_updates import ProgressUpdates
from bot.requests.wait_times import LimitError, QueuePosition, WaitTimes, limit_error
from bot.scope import Scope
from bot.store import LimitReached, Limits, Requester, RequestRecord, Song, Store
from generator.protocol.client import Generator
from generator.protocol.errors import CANCELLED_SENTENCE, FAULT_SENTENCE, GeneratorDied, InputError, JobTooLong
from generator.protocol.i18n import _
from generator.protocol.logs import about_request
from generator.protocol.midi_length import midi_length
from generator.protocol.requests import Request
from generator.protocol.results import Failure, Job, Progress, Result

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""A request during which the generator, or the whole bot, died so many times is refused."""
MAX_AGE_SECONDS = 24 * 3600.0
"""A request that waited for longer is refused, because hardly anybody still waits for it."""
TOO_OLD = _("This waited for over a day, so it was given up. Please ask again.")
TOO_LONG = _("This took too long, so it was given up. A shorter tune or fewer takes will do.")
NO_REQUEST = _("There is no such request: it may be answered already.")
TOO_LATE = _("It is too late to cancel this: it is on its way.")
BY_ANOTHER = _("This was cancelled by a moderator.")
TOTAL_LIMIT = 500
"""Open requests of all people together, which is hours of work for one machine."""
LOOK_SECONDS = 5.0
"""How often an idle or paused queue looks whether things can be stored."""


class Backlog:
    """The queue and its worker.

    deliveries: by origin; an answer stays undelivered while its origin has none, for example because Discord is
    switched off. files: of songs and uploads. jobs: how many requests are made at once. everybody: how many may be open
    at once, whoever asked.
    look_seconds: how often the data folder and the disk are looked at.

    exports: of songs; they take turns with the requests. trouble: why the queue pauses, in a sentence; None while it
    works.
    """

    def __init__(
        self,
        store: Store,
        generator: Generator,
        deliveries: Mapping[str, Delivery],
        files: Files,
        *,
        jobs: int = 1,
        everybody: int = TOTAL_LIMIT,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._store = store
        self._generator = generator
        self._deliveries = deliveries
        self.files = files
        self._export_turn = asyncio.Lock()
        self.exports = Exports(store, generator, files, self._export_turn)
        self._progress: dict[str, Progress] = {}
        self._cancelled: set[str] = set()
        self._jobs = jobs
        self._making: set[asyncio.Task[None]] = set()
        self._everybody = everybody
        self._look_seconds = look_seconds
        self.trouble: str | None = None
        self._wait_times = WaitTimes(store, self._progress, lanes=min(jobs, os.cpu_count() or 1))
        self._updates = ProgressUpdates(deliveries, self._wait_times, self._progress, self._spawn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._began = time.time() - time.monotonic()

    def progress(self, request_id: str) -> Progress | None:
        """Return the progress of a request that is being made, or None."""
        return self._progress.get(request_id)

    async def place(self, request_id: str) -> QueuePosition | None:
        """Return the position of an open request, or None if it is not open."""
        return (await self._wait_times.places()).get(request_id)

    async def open(
        self, *, user_id: str | None = None, scope: Scope | None = None
    ) -> list[tuple[RequestRecord, QueuePosition]]:
        """Return the open requests of a person, of a scope, or of everybody, in the order of the queue."""
        entries = await self._store.queue.open(user_id=user_id, scope=scope)
        places = await self._wait_times.places()
        requests = [(entry, places[entry.id]) for entry in entries if entry.id in places]
        return sorted(requests, key=lambda request: request[1].position)

    async def check_limits(self, requester: Requester) -> None:
        """Raise LimitError if `accept` would now. This reserves nothing."""
        if reached := await self._store.queue.reached(requester, await self._limits(requester)):
            raise await self._limit_error(requester, reached)

    async def accept(
        self,
        request: Request,
        *,
        origin: str,
        destination: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        scope: Scope | None = None,
        channel_id: str | None = None,
        only_in: str | None = None,
        parent: str | None = None,
        upload: bytes | None = None,
    ) -> RequestRecord:
        """Put a request into the queue. Once this returns, the request will be answered.

        only_in: the only channel that lists the song, or None if its whole scope does. upload: the MIDI file that
        `request.upload` names, or None if it is stored already. Raise InputError if the file is not a MIDI file or the
        request is too much work, LimitError if the person or the server has too many open requests, FaultError if the
        file cannot be stored.
        """
        entry = RequestRecord(
            id=uuid.uuid4().hex,
            origin=origin,
            request=request,
            destination=destination or {},
            user_id=user_id,
            scope=scope,
            channel_id=channel_id,
            only_in=only_in,
            parent=parent,
        )
        async with self.files.keeping_upload(request.upload, upload):
            requester = Requester.of(entry)
            units = units_of(request, await self._expected_seconds(request))
            check_work(units, await self._store.queue.pace(request.mode))
            reached = await self._store.queue.add(entry, await self._limits(requester), units)
            if reached:
                raise await self._limit_error(requester, reached)
        self._wait_times.invalidate()
        try:
            self._updates.begin(entry, await self.place(entry.id))
        finally:
            self._wake.set()
        return entry

    async def cancel(self, request_id: str, *, by: str | None) -> None:
        """Cancel a request that is queued or being made. by: the user who cancels it.

        The caller decides who may do so. Raise InputError if it is too late.
        """
        entry = await self._store.requests.get(request_id)
        if entry is None:
            raise InputError(NO_REQUEST)
        sentence = CANCELLED_SENTENCE if by == entry.user_id else BY_ANOTHER
        cancelled = await self._store.queue.cancel(request_id, sentence)
        if cancelled is None:
            raise InputError(TOO_LATE)
        self._wait_times.invalidate()
        self._spawn(self._deliver(cancelled))
        if cancelled.attempts:  # it is being made, or was
            self._cancelled.add(request_id)
            await self._generator.cancel(request_id)

    async def run(self) -> None:
        """Work until cancelled, beginning with what an earlier run left. Unfinished requests stay in the database."""
        if count := await self._store.requests.requeue_working():
            log.info("%d unfinished request(s) taken up again", count)
        for entry in await self._store.requests.undelivered():
            self._spawn(self._deliver(entry))
        for entry in await self._store.queue.open():
            self._updates.begin(entry)
        self._spawn(self._updates.run())
        try:
            while True:
                try:
                    await self._step()
                except (sqlite3.OperationalError, OSError) as error:
                    await self._pause(f"Nothing can be stored: {error}.")
        finally:
            await self.exports.close()
            ending = self._making | self._tasks
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            await self._store.requests.forgive_working()

    async def _step(self) -> None:
        """Begin the next request, or wait until there is one or room for it. Pause while nothing can be stored."""
        if trouble := self.files.trouble():
            await self._pause(trouble)
            return
        if self.trouble:  # what was being made then is made again
            await self._until_free(1)
            await self._store.requests.forgive_working()
            await self._store.requests.requeue_working()
            self.trouble = None
            log.info("the queue goes on")
        await self._until_free(self._jobs)
        self._wake.clear()
        entry = await self._store.queue.take()
        self._wait_times.invalidate()
        if entry is not None and entry.attempts > 1:
            await self._work_alone(entry)
            return
        if entry is not None:
            self._begin(entry)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_seconds):
                await self._wake.wait()

    def _begin(self, entry: RequestRecord) -> None:
        task = asyncio.create_task(self._work(entry))
        self._making.add(task)
        task.add_done_callback(lambda _: self._wake.set())

    async def _work_alone(self, entry: RequestRecord) -> None:
        """Make a request with nothing beside it, because the generator or the bot died while it was made before."""
        async with self._export_turn:
            await self._until_free(1)
            self._begin(entry)
            await self._until_free(1)

    async def _until_free(self, jobs: int) -> None:
        """Wait until fewer than so many requests are being made. Raise the error of one that failed."""
        while True:
            done = {task for task in self._making if task.done()}
            self._making -= done
            for task in done:
                task.result()
            if len(self._making) < jobs:
                return
            await asyncio.wait(self._making, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self, trouble: str) -> None:
        """Make nothing for a moment. trouble: why, in a sentence."""
        if self.trouble is None:
            log.error("%s The queue pauses until this is mended.", trouble)
        self.trouble = trouble
        await asyncio.sleep(self._look_seconds)

    async def _work(self, entry: RequestRecord) -> None:
        """Have one request made, and deliver its answer in a separate task."""
        with about_request(entry.id):
            answer = await self._make(entry)
        if isinstance(answer, Failure) and answer.fault and self.files.trouble():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        match answer:
            case Result():
                await self._compose(entry, answer)
            case Failure():
                await self._store.requests.compose_failure(entry.id, answer.sentence)
            case None if entry.attempts < MAX_ATTEMPTS:
                await self._store.requests.requeue(entry.id)
            case None:
                await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)
        self._wait_times.invalidate()
        self._cancelled.discard(entry.id)
        after = await self._store.requests.get(entry.id)
        if after and after.status == "composed" and not after.cancelled:
            self._spawn(self._deliver(after))
        else:  # requeued, cancelled, or removed meanwhile along with the person or the server
            self._progress.pop(entry.id, None)
        if after is None or after.status != "queued":
            await self.files.forget_job(entry.id)

    async def _compose(self, entry: RequestRecord, result: Result) -> None:
        """Save a song with its files. If that fails, record the failure instead."""
        try:
            await self.files.compose(Song.from_result(entry, result))
            if result.seconds > 0 and (work := result.timings.get("processor")):
                await self._store.queue.learn(entry.request.mode, work / units_of(entry.request, result.seconds))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            log.error("request %s: its files could not be kept: %s", entry.id, error)
            await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)

    async def _make(self, entry: RequestRecord) -> Result | Failure | None:
        """Return the generator's answer to a request, or None if the generator died."""

        def note(progress: Progress) -> None:
            self._progress[entry.id] = progress

        if entry.attempts > MAX_ATTEMPTS:  # the bot itself died repeatedly while it was made
            return None
        # A clock that is set forward while requests wait makes none of them older.
        if self._began + time.monotonic() > entry.created + MAX_AGE_SECONDS:
            return Failure(id=entry.id, sentence=TOO_OLD)
        upload = str(self.files.path_of(entry.request.upload)) if entry.request.upload else None
        try:
            folder = await self.files.job_folder(entry.id)
            job = Job(id=entry.id, request=entry.request, folder=str(folder), upload=upload)
            if entry.id in self._cancelled:
                return None
            answer = await self._generator.run(job, note)
        except JobTooLong as error:  # it is never tried again: it would take as long, and all others wait
            log.error("request %s: %s", entry.id, error)
            return Failure(id=entry.id, sentence=TOO_LONG)
        except (GeneratorDied, OSError) as error:
            log.error("request %s, attempt %d of %d: %s", entry.id, entry.attempts, MAX_ATTEMPTS, error)
            return None
        if isinstance(answer, Failure) and answer.fault:
            log.error("request %s: a fault in the generator; its log has more", entry.id)
        return answer

    async def _expected_seconds(self, request: Request) -> float:
        """Return how much music a request will probably become, by the length of its upload if it has one."""
        if request.upload is None:
            return expected_seconds(request)
        data = await asyncio.to_thread(self.files.path_of(request.upload).read_bytes)
        return expected_seconds(request, await asyncio.to_thread(midi_length, data))

    async def _limits(self, requester: Requester) -> Limits:
        """Return the limits of a requester's scope."""
        settings = await self._store.servers.settings(requester.scope)
        return Limits(
            person=settings.person_limit,
            server=settings.server_limit,
            everybody=self._everybody,
            cooldown=settings.cooldown,
        )

    async def _limit_error(self, requester: Requester, reached: LimitReached) -> LimitError:
        """Return the error of a limit, which says how long the requests that fill it will take."""
        in_the_way = await self.open(
            user_id=requester.user_id if reached.limit == "person" else None,
            scope=requester.scope if reached.limit == "server" else None,
        )
        return limit_error(reached, [place for _, place in in_the_way], requester)

    async def _deliver(self, entry: RequestRecord) -> None:
        """Deliver the answer to a composed request, retrying as long as it takes."""
        await self._updates.end(entry.id)
        delivery = self._deliveries.get(entry.origin)
        if delivery is None:
            log.warning("request %s: its answer waits until %s is connected again", entry.id, entry.origin)
            self._progress.pop(entry.id, None)
            return
        for attempt in itertools.count():
            try:
                await self._answer(entry, delivery)
                break
            except DeliveryError as error:
                log.warning("request %s: its answer could not be delivered: %s", entry.id, error)
                if not error.retryable:
                    await self._store.requests.refused(entry.id, entry.error or "The tune could not be posted.")
                    break
                wait = error.wait(attempt)
            await asyncio.sleep(wait)
        self._progress.pop(entry.id, None)

    async def _answer(self, entry: RequestRecord, delivery: Delivery) -> None:
        """Post the song or say why there is none, then save that. Raise DeliveryError."""
        song = await self._store.songs.get(entry.id)
        if song is None:
            sentence = entry.error or FAULT_SENTENCE
            await (delivery.cancelled if entry.cancelled else delivery.refuse)(entry, sentence)
            await self._store.requests.refused(entry.id, sentence)
        else:
            await self._store.requests.posted(entry.id, await delivery.post(entry, song))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine as a task, which ends when the worker does at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_fault)
        return task


def _log_fault(task: asyncio.Task[None]) -> None:
    """Log the error of a task. Nothing else ends; the request is resumed at the next start."""
    if not task.cancelled() and (error := task.exception()):
        log.error("a fault while an answer or an update was delivered", exc_info=error)
