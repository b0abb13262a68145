"""Exports of tunes in other formats, made by the generator when somebody asks. Discord and the web page both use this.

Exports are made one at a time, beside the tunes, and are kept with the song's files, so that each is made only
once. What waits is in memory only: after a restart, whoever still wants an export asks again, as the page does by
itself. How people are told is left to the callers.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from bot.files.song_files import Files
from bot.requests.wait_times import LimitError
from bot.store import Song, Store
from generator.protocol.client import Generator
from generator.protocol.errors import CANCELLED_SENTENCE, FAULT_SENTENCE, GeneratorDied, InputError, JobTooLong
from generator.protocol.exports import FILM_TOO_LONG, MOST_FILM_SECONDS, export_format
from generator.protocol.i18n import _
from generator.protocol.names import SOUNDS
from generator.protocol.results import Exported, ExportJob, Progress

log = logging.getLogger(__name__)

PERSON_LIMIT = 3
"""Exports that one person may have under way at once."""
TOTAL_LIMIT = 30
"""The same for everybody together."""
RETRY_SECONDS = 10.0
"""When a person at a limit may try again: most exports take less."""
REMEMBER_SECONDS = 600.0
"""How long it is known why an export failed."""
ATTEMPTS = 2
"""How often an export is begun, if the generator dies during it."""
TOO_MANY = _("Too many files are being made for you: wait until one is ready.")
TOO_MANY_FOR_ALL = _("Too many files are being made for others: try again in a moment.")

Key = tuple[str, str]
"""A song's id and a format's name."""


@dataclass(slots=True)
class Export:
    """An export that is under way, or failed lately.

    people: who asked for it. progress: None while it waits for its turn. error: the sentence why it failed.
    """

    song: Song
    format: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    people: set[str] = field(default_factory=set)
    progress: Progress | None = None
    error: str | None = None
    ended: float | None = None
    task: asyncio.Task[None] | None = None


class Exports:
    """The exports of all songs.

    turn: held while the generator makes one. person_limit, total_limit: how many may be under way at once.
    """

    def __init__(
        self,
        store: Store,
        generator: Generator,
        files: Files,
        turn: asyncio.Lock,
        *,
        person_limit: int = PERSON_LIMIT,
        total_limit: int = TOTAL_LIMIT,
    ) -> None:
        self._store = store
        self._generator = generator
        self._files = files
        self._turn = turn
        self._person_limit = person_limit
        self._total_limit = total_limit
        self._exports: dict[Key, Export] = {}

    async def path(self, song_id: str, name: str) -> Path | None:
        """Return the path of a finished export, or None. Raise InputError if there is no such format."""
        return await self._files.export_path(song_id, export_format(name).name)

    def state(self, song_id: str, name: str) -> Export | None:
        """Return an export that is under way or failed lately, or None."""
        return self._exports.get((song_id, name))

    async def start(self, song: Song, name: str, person: str) -> Export | None:
        """Have a song exported, or join an export that is under way. Return None if its file exists already.

        person: whose limit applies. Raise InputError if the format does not exist or does not suit the song,
        LimitError if too many exports are under way.
        """
        form = export_format(name)
        if await self.path(song.id, name):
            return None
        if form.name == "mp4" and song.seconds > MOST_FILM_SECONDS:
            raise InputError(FILM_TOO_LONG.format(seconds=song.seconds, most=MOST_FILM_SECONDS))
        await self._files.midi_of(song)
        export = self._exports.get((song.id, name))
        if export is None or export.ended is not None:
            self._check_limits(person)
            export = self._exports[song.id, name] = Export(song, name)
            export.task = asyncio.create_task(self._make(export))
        export.people.add(person)
        return export

    async def file(self, song: Song, name: str, person: str) -> Path:
        """Return the path of a song's export, which is made if necessary.

        Raise InputError with the reason if it cannot be made, and what `start` raises.
        """
        export = await self.start(song, name, person)
        if export and export.task:
            await asyncio.wait([export.task])
        path = await self.path(song.id, name)
        if path is None:
            raise InputError((export and export.error) or FAULT_SENTENCE)
        return path

    async def cancel(self, song_id: str, name: str, person: str) -> None:
        """Withdraw a person's wish for an export, which ends if nobody else wants it."""
        export = self._exports.get((song_id, name))
        if export is None or export.ended is not None or person not in export.people:
            return
        export.people.discard(person)
        if not export.people:
            export.error, export.ended = CANCELLED_SENTENCE, time.monotonic()
            await self._generator.cancel(export.id)

    async def close(self) -> None:
        """End all exports."""
        tasks = [export.task for export in self._exports.values() if export.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _check_limits(self, person: str) -> None:
        """Forget old failures. Raise LimitError if too many exports are under way."""
        now = time.monotonic()
        for key, export in list(self._exports.items()):
            if export.ended is not None and export.ended < now - REMEMBER_SECONDS:
                del self._exports[key]
        under_way = [export for export in self._exports.values() if export.ended is None]
        if len(under_way) >= self._total_limit:
            raise LimitError(TOO_MANY_FOR_ALL, RETRY_SECONDS)
        if sum(person in export.people for export in under_way) >= self._person_limit:
            raise LimitError(TOO_MANY, RETRY_SECONDS)

    async def _make(self, export: Export) -> None:
        """Have an export made, and keep its file. Whatever goes wrong becomes its error."""
        error: str | None = None
        try:
            error = await self._work(export)
        except (GeneratorDied, JobTooLong, OSError) as fault:
            log.error("export of song %s to %s: %s", export.song.id, export.format, fault)
            error = FAULT_SENTENCE
        except InputError as refused:
            error = refused.sentence
        finally:
            if error is None and export.error is None:
                if self._exports.get((export.song.id, export.format)) is export:
                    del self._exports[export.song.id, export.format]
            else:
                export.error = export.error or error
            export.ended = time.monotonic()
            await self._files.forget_job(export.id)

    async def _work(self, export: Export) -> str | None:
        """Make an export. Return why it failed, or None. Raise what the generator and the disk raise."""

        def note(progress: Progress) -> None:
            export.progress = progress

        entry = await self._store.requests.get(export.song.id)
        midi = (await self._files.paths(export.song.id))[export.song.midi]
        sound = entry.request.sound if entry else SOUNDS[0]
        for attempt in range(1, ATTEMPTS + 1):
            folder = await self._files.job_folder(export.id)
            job = ExportJob(id=export.id, midi=str(midi), format=export.format, folder=str(folder), sound=sound)
            try:
                async with self._turn:
                    if export.ended is not None:
                        return CANCELLED_SENTENCE
                    answer = await self._generator.export(job, note)
                break
            except GeneratorDied:
                if attempt == ATTEMPTS or export.ended is not None:
                    raise
        if not isinstance(answer, Exported):
            return answer.sentence
        if export.ended is None and not await self._files.keep_export(
            export.song.id, export.format, folder / answer.file
        ):
            return FAULT_SENTENCE
        return None
