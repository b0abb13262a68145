"""The backlog: requests on their way from a person's command to the posted tune.

A request is a row before anybody is told that it was accepted, and stays one until it was answered, so that a crash
of the bot or of the generator loses nothing and answers nothing twice. One request at a time goes to the generator, in
the store's fair order; answers are delivered beside that, so that a slow or broken chat doesn't hold up the music.
What a tune is made of is left to the generator, how people are told to the posters, one for each origin, and how often
to `telling`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any

from bot.files.song_files import Files
from bot.requests.delivery import Delivery, DeliveryError
from bot.requests.progress_updates import ProgressUpdates
from bot.requests.wait_times import LimitError, QueuePosition, WaitTimes, expected_seconds, limit_error
from bot.scope import Scope
from bot.store import LimitReached, Limits, Requester, RequestRecord, Song, Store
from generator.protocol.client import Generator
from generator.protocol.errors import CANCELLED_SENTENCE, FAULT_SENTENCE, GeneratorDied, InputError
from generator.protocol.i18n import _
from generator.protocol.requests import Request
from generator.protocol.results import Failure, Job, Progress, Result

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""A request that the generator, or the whole bot, died of so many times is refused."""
OLDEST_SECONDS = 24 * 3600.0
"""A request that waited for longer is refused: hardly anybody waits for it any more."""
TOO_OLD = _("This waited for over a day, so it was given up. Please ask again.")
NO_REQUEST = _("There is no such request: it may be answered already.")
TOO_LATE = _("It is too late to cancel this: it is on its way.")
BY_ANOTHER = _("This was cancelled by a moderator.")
EVERYBODY = 500
"""Open requests of all people together: hours of work for one machine."""


class Backlog:
    """The queue and its worker.

    posters: by origin; an answer whose origin has none here (Discord switched off, say) stays undelivered until one
    is back. files: of songs and uploads. everybody: how many requests may be open at once, whoever asked.
    """

    def __init__(
        self,
        store: Store,
        generator: Generator,
        posters: Mapping[str, Delivery],
        files: Files,
        *,
        everybody: int = EVERYBODY,
    ) -> None:
        self._store = store
        self._generator = generator
        self._posters = posters
        self.files = files
        self._progress: dict[str, Progress] = {}
        self._cancelled: set[str] = set()
        self._everybody = everybody
        self._line = WaitTimes(store, self._progress)
        self._telling = ProgressUpdates(posters, self._line, self._progress, self._spawn)
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    def progress(self, request_id: str) -> Progress | None:
        """How far a request is that is being worked on; None for any other."""
        return self._progress.get(request_id)

    async def place(self, request_id: str) -> QueuePosition | None:
        """Where an open request stands, and how long it will take; None for any other."""
        return (await self._line.places()).get(request_id)

    async def open(
        self, *, user_id: str | None = None, scope: Scope | None = None
    ) -> list[tuple[RequestRecord, QueuePosition]]:
        """The open requests of a person, of a scope, or of everybody, in the order in which they will be done."""
        entries = await self._store.queue.open(user_id=user_id, scope=scope)
        places = await self._line.places()
        found = [(entry, places[entry.id]) for entry in entries if entry.id in places]
        return sorted(found, key=lambda one: one[1].position)

    async def check_limits(self, asker: Requester) -> None:
        """Raise LimitError where `accept` would now; nothing is kept free by that."""
        if reached := await self._store.queue.reached(asker, await self._limits(asker)):
            raise await self._limit_error(asker, reached)

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
        """Put a request into the queue; once this returns, it will be answered.

        only_in: the channel where alone the song will be listed, None: in all of its scope. upload: the MIDI file that
        `request.upload` names; None where an earlier request brought it. Raises InputError where the file is none,
        LimitError where the person or the server has enough, FaultError where the file cannot be kept.
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
            asker = Requester.of(entry)
            reached = await self._store.queue.add(entry, await self._limits(asker), expected_seconds(request))
            if reached:
                raise await self._limit_error(asker, reached)
        self._line.changed()
        try:
            self._telling.begin(entry, await self.place(entry.id))
        finally:
            self._news.set()
        return entry

    async def cancel(self, request_id: str, *, by: str | None) -> None:
        """Take back a request, whether it waits or is being made. by: the user who does.

        Who may is for the caller to decide. Raises InputError where it is too late.
        """
        entry = await self._store.requests.get(request_id)
        if entry is None:
            raise InputError(NO_REQUEST)
        sentence = CANCELLED_SENTENCE if by == entry.user_id else BY_ANOTHER
        cancelled = await self._store.queue.cancel(request_id, sentence)
        if cancelled is None:
            raise InputError(TOO_LATE)
        self._line.changed()
        self._spawn(self._deliver(cancelled))
        if cancelled.attempts:  # it is being worked on, or was
            self._cancelled.add(request_id)
            await self._generator.cancel(request_id)

    async def run(self) -> None:
        """Work until cancelled. Takes up first what an earlier run left behind; rows stay as they are at the end."""
        if count := await self._store.requests.requeue_working():
            log.info("%d unfinished request(s) taken up again", count)
        for entry in await self._store.requests.undelivered():
            self._spawn(self._deliver(entry))
        for entry in await self._store.queue.open():
            self._telling.begin(entry)
        self._spawn(self._telling.run())
        try:
            while True:
                self._news.clear()
                entry_or_none = await self._store.queue.take()
                self._line.changed()
                if entry_or_none is None:
                    await self._news.wait()
                else:
                    await self._work(entry_or_none)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, entry: RequestRecord) -> None:
        """Have one request made, and its answer delivered in a task of its own."""
        answer = await self._make(entry)
        match answer:
            case Result():
                await self._compose(entry, answer)
            case Failure():
                await self._store.requests.compose_failure(entry.id, answer.sentence)
            case None if entry.attempts < MAX_ATTEMPTS:
                await self._store.requests.requeue(entry.id)
            case None:
                await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)
        self._line.changed()
        self._cancelled.discard(entry.id)
        after = await self._store.requests.get(entry.id)
        if after and after.status == "composed" and not after.cancelled:
            self._spawn(self._deliver(after))
        else:  # put back, cancelled, or removed meanwhile with the one who asked or with the server
            self._progress.pop(entry.id, None)
        if after is None or after.status != "queued":
            await self.files.forget_job(entry.id)

    async def _compose(self, entry: RequestRecord, result: Result) -> None:
        """Write a song down with its files, or that there is none."""
        try:
            await self.files.compose(Song.from_result(entry, result))
            if result.seconds > 0 and (work := result.timings.get("total")):
                await self._store.queue.learn(entry.request.mode, work / result.seconds)
        except OSError as error:
            log.error("request %s: its files could not be kept: %s", entry.id, error)
            await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)

    async def _make(self, entry: RequestRecord) -> Result | Failure | None:
        """The generator's answer to a request, None where it died."""

        def note(progress: Progress) -> None:
            self._progress[entry.id] = progress

        if entry.attempts > MAX_ATTEMPTS:  # it took the bot itself down, again and again
            return None
        if time.time() > entry.created + OLDEST_SECONDS:
            return Failure(id=entry.id, sentence=TOO_OLD)
        upload = str(self.files.path_of(entry.request.upload)) if entry.request.upload else None
        try:
            folder = await self.files.job_folder(entry.id)
            job = Job(id=entry.id, request=entry.request, folder=str(folder), upload=upload)
            if entry.id in self._cancelled:
                return None
            answer = await self._generator.run(job, note)
        except (GeneratorDied, OSError) as error:
            log.error("request %s, attempt %d of %d: %s", entry.id, entry.attempts, MAX_ATTEMPTS, error)
            return None
        if isinstance(answer, Failure) and answer.fault:
            log.error("request %s: a fault in the generator; its log has more", entry.id)
        return answer

    async def _limits(self, asker: Requester) -> Limits:
        """How much may be open where somebody asks."""
        settings = await self._store.servers.settings(asker.scope)
        return Limits(
            person=settings.person_limit,
            server=settings.server_limit,
            everybody=self._everybody,
            cooldown=settings.cooldown,
        )

    async def _limit_error(self, asker: Requester, reached: LimitReached) -> LimitError:
        """The refusal, with how long the requests take that are in the way."""
        in_the_way = await self.open(
            user_id=asker.user_id if reached.limit == "person" else None,
            scope=asker.scope if reached.limit == "server" else None,
        )
        return limit_error(reached, [place for _, place in in_the_way], asker)

    async def _deliver(self, entry: RequestRecord) -> None:
        """Deliver a composed request's answer, however long that takes."""
        await self._telling.end(entry.id)
        poster = self._posters.get(entry.origin)
        if poster is None:
            log.warning("request %s: its answer waits until %s is connected again", entry.id, entry.origin)
            self._progress.pop(entry.id, None)
            return
        for attempt in itertools.count():
            try:
                await self._answer(entry, poster)
                break
            except DeliveryError as error:
                log.warning("request %s: its answer could not be delivered: %s", entry.id, error)
                if not error.retryable:
                    await self._store.requests.refused(entry.id, entry.error or "The tune could not be posted.")
                    break
                wait = error.wait(attempt)
            await asyncio.sleep(wait)
        self._progress.pop(entry.id, None)

    async def _answer(self, entry: RequestRecord, poster: Delivery) -> None:
        """Post or refuse, then note that it is done; raises PostError."""
        song = await self._store.songs.get(entry.id)
        if song is None:
            sentence = entry.error or FAULT_SENTENCE
            await (poster.cancelled if entry.cancelled else poster.refuse)(entry, sentence)
            await self._store.requests.refused(entry.id, sentence)
        else:
            await self._store.requests.posted(entry.id, await poster.post(entry, song))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the worker; it ends with the worker at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_fault)
        return task


def _log_fault(task: asyncio.Task[None]) -> None:
    """A fault beside the worker is logged and ends nothing else; its request is taken up again at the next start."""
    if not task.cancelled() and (error := task.exception()):
        log.error("a fault while telling people", exc_info=error)
