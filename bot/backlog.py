"""The backlog: requests on their way from a person's command to the posted tune.

A request is a row before anybody is told that it was accepted, and stays one until it was answered, so that a crash
of the bot or of the generator loses nothing and answers nothing twice. One request at a time goes to the generator,
the oldest first; answers are delivered beside that, so that a slow or broken chat doesn't hold up the music.
What a tune is made of is left to the generator, and how people are told to the posters, one for each origin.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from bot.files import Files
from bot.store import Entry, Song, Store
from generator.client import Generator
from generator.contract import (
    FAULT_SENTENCE,
    ChiptuneError,
    Failure,
    GeneratorDied,
    Job,
    Progress,
    Request,
    Result,
)

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""A request that the generator, or the whole bot, died of so many times is refused."""
PROGRESS_SECONDS = 1.0
"""A polite pace for edits of a chat message."""
LONGEST_WAIT_SECONDS = 300.0
"""Between two tries to deliver an answer."""


class PostError(ChiptuneError):
    """An answer could not be delivered. retryable: whether trying again can help; retry_after: in seconds."""

    def __init__(self, message: str, *, retryable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class Poster(Protocol):
    """How the people of one origin are told. Each method raises PostError where that failed."""

    async def queued(self, entry: Entry, position: int) -> None:
        """The request is in the queue; position 1 is the next."""
        ...

    async def progress(self, entry: Entry, fraction: float, stage: str) -> None:
        """The request is being worked on; called about once a second, and only when something changed."""
        ...

    async def post(self, entry: Entry, song: Song) -> str | None:
        """Deliver a song; the message's id. May be called again for the same entry and must then not post twice."""
        ...

    async def refuse(self, entry: Entry, sentence: str) -> None:
        """Say why there is no song; may be called again for the same entry."""
        ...


class Backlog:
    """The queue and its worker.

    posters: by origin; an answer whose origin has none here (Discord switched off, say) stays undelivered until one
    is back. files: of songs and uploads.
    """

    def __init__(self, store: Store, generator: Generator, posters: Mapping[str, Poster], files: Files) -> None:
        self._store = store
        self._generator = generator
        self._posters = posters
        self.files = files
        self._progress: dict[str, Progress] = {}
        self._said_queued: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    def progress(self, request_id: str) -> Progress | None:
        """How far a request is that is being worked on; None for any other."""
        return self._progress.get(request_id)

    async def accept(
        self,
        request: Request,
        *,
        origin: str,
        destination: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        guild_id: str | None = None,
        channel_id: str | None = None,
        parent: str | None = None,
        upload: bytes | None = None,
    ) -> Entry:
        """Put a request into the queue; once this returns, it will be answered.

        upload: the MIDI file that `request.upload` names; None where an earlier request brought it. Raises
        InputError where the file is none, FaultError where it cannot be kept.
        """
        entry = Entry(
            id=uuid.uuid4().hex,
            origin=origin,
            request=request,
            destination=destination or {},
            user_id=user_id,
            guild_id=guild_id,
            channel_id=channel_id,
            parent=parent,
        )
        async with self.files.keeping_upload(request.upload, upload):
            await self._store.requests.add(entry)
        self._said_queued[entry.id] = self._spawn(self._say_queued(entry))
        self._news.set()
        return entry

    async def run(self) -> None:
        """Work until cancelled. Takes up first what an earlier run left behind; rows stay as they are at the end."""
        if count := await self._store.requests.requeue_working():
            log.info("%d unfinished request(s) taken up again", count)
        for entry in await self._store.requests.undelivered():
            self._spawn(self._deliver(entry))
        try:
            while True:
                self._news.clear()
                entry_or_none = await self._store.requests.take()
                if entry_or_none is None:
                    await self._news.wait()
                else:
                    await self._work(entry_or_none)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, entry: Entry) -> None:
        """Have one request made, and its answer delivered in a task of its own."""
        over = asyncio.Event()
        teller = self._spawn(self._tell_progress(entry, over))
        try:
            answer = await self._make(entry)
        finally:
            over.set()
        match answer:
            case Result():
                await self._compose(entry, answer)
            case Failure():
                await self._store.requests.compose_failure(entry.id, answer.sentence)
            case None if entry.attempts < MAX_ATTEMPTS:
                await self._store.requests.requeue(entry.id)
                return
            case None:
                await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)
        await self.files.forget_job(entry.id)
        if composed := await self._store.requests.get(entry.id):
            self._spawn(self._deliver(composed, after=teller))
        else:  # it was removed meanwhile, with the one who asked or with the server
            self._progress.pop(entry.id, None)

    async def _compose(self, entry: Entry, result: Result) -> None:
        """Write a song down with its files, or that there is none."""
        try:
            await self.files.compose(Song.from_result(entry, result))
        except OSError as error:
            log.error("request %s: its files could not be kept: %s", entry.id, error)
            await self._store.requests.compose_failure(entry.id, FAULT_SENTENCE)

    async def _make(self, entry: Entry) -> Result | Failure | None:
        """The generator's answer to a request, None where it died."""

        def note(progress: Progress) -> None:
            self._progress[entry.id] = progress

        if entry.attempts > MAX_ATTEMPTS:  # it took the bot itself down, again and again
            return None
        upload = str(self.files.path_of(entry.request.upload)) if entry.request.upload else None
        try:
            folder = await self.files.job_folder(entry.id)
            job = Job(id=entry.id, request=entry.request, folder=str(folder), upload=upload)
            answer = await self._generator.run(job, note)
        except (GeneratorDied, OSError) as error:
            log.error("request %s, attempt %d of %d: %s", entry.id, entry.attempts, MAX_ATTEMPTS, error)
            return None
        if isinstance(answer, Failure) and answer.fault:
            log.error("request %s: a fault in the generator; its log has more", entry.id)
        return answer

    async def _say_queued(self, entry: Entry) -> None:
        """Tell the person that the request is in the queue."""
        if poster := self._posters.get(entry.origin):
            try:
                await poster.queued(entry, await self._store.requests.position(entry.id))
            except PostError as error:
                log.warning("request %s: could not say that it is queued: %s", entry.id, error)

    async def _tell_progress(self, entry: Entry, over: asyncio.Event) -> None:
        """Pass on progress about once a second until the work is over; never before "queued" was said."""
        if said := self._said_queued.pop(entry.id, None):
            await asyncio.wait([said])
        poster = self._posters.get(entry.origin)
        told: Progress | None = None
        while poster and not await _set_within(over, PROGRESS_SECONDS):
            progress = self._progress.get(entry.id)
            if progress is None or progress == told:
                continue
            told = progress
            try:
                await poster.progress(entry, progress.fraction, progress.stage)
            except PostError as error:
                log.warning("request %s: could not tell its progress: %s", entry.id, error)

    async def _deliver(self, entry: Entry, after: asyncio.Task[None] | None = None) -> None:
        """Deliver a composed request's answer, however long that takes; `after` must be done first."""
        if after:
            await asyncio.wait([after])
        poster = self._posters.get(entry.origin)
        if poster is None:
            log.warning("request %s: its answer waits until %s is connected again", entry.id, entry.origin)
            self._progress.pop(entry.id, None)
            return
        for attempt in itertools.count():
            try:
                await self._answer(entry, poster)
                break
            except PostError as error:
                log.warning("request %s: its answer could not be delivered: %s", entry.id, error)
                if not error.retryable:
                    await self._store.requests.refused(entry.id, entry.error or "The tune could not be posted.")
                    break
                wait = min(2.0**attempt, LONGEST_WAIT_SECONDS) if error.retry_after is None else error.retry_after
            await asyncio.sleep(wait)
        self._progress.pop(entry.id, None)

    async def _answer(self, entry: Entry, poster: Poster) -> None:
        """Post or refuse, then note that it is done; raises PostError."""
        song = await self._store.songs.get(entry.id)
        if song is None:
            sentence = entry.error or FAULT_SENTENCE
            await poster.refuse(entry, sentence)
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


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set in that time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
