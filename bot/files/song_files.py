"""The files of songs and of uploads: found through the rows that name them, and removed once no row does.

    files/ab/<sha256>   files that rows name, by content (`bot.files.blobs`)
    jobs/<id>/          files of the generator, moved to the above when their song is saved

A crash at any point leaves the files that rows name complete. Files that no row names are removed later.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bot.files.blobs import Blobs, Hold
from bot.files.data_folder import DATABASE, OLD_FOLDERS, OLD_SONGS, OLD_UPLOADS
from bot.store import KeptFile, Song, Store
from generator.protocol.errors import FaultError, InputError
from generator.protocol.i18n import _
from generator.protocol.results import TAKES
from generator.protocol.uploads import check_upload, digest

log = logging.getLogger(__name__)

LEAST_FREE_BYTES = 50_000_000
"""With less than this on the disk, nothing new is made: the largest tune with its film takes about a tenth of it."""
UNNAMED_SECONDS = 3600.0
"""A file that no row names is removed only after so long."""
FILES_GONE = _("The files of this tune are no longer here.")
TAKES_SECONDS = 24 * 3600.0
"""How long the takes that were not kept can be chosen."""
EXPORT = "export-"
"""The names of exports in a song's files begin so; the format follows."""
GROUP = 100
"""Files removed in one transaction."""


class Files:
    """The files in a data folder. Methods raise OSError on disk errors unless they say otherwise.

    least_free: the bytes that the disk must have free for new tunes.
    """

    def __init__(self, store: Store, data_dir: Path, *, least_free: int = LEAST_FREE_BYTES) -> None:
        self._store = store
        self.least_free = least_free
        self._data_dir = data_dir.absolute()
        self._blobs = Blobs(self._data_dir / "files")

    def trouble(self) -> str | None:
        """Return why nothing can be stored now, in a sentence, or None. Raise FaultError if the folder is gone."""
        if not (self._data_dir / DATABASE).exists():
            raise FaultError(f"The data folder {self._data_dir} was removed while the bot ran.")
        free = shutil.disk_usage(self._data_dir).free
        if free < self.least_free:
            return f"The disk is full: {free / 1e6:,.0f} MB are free, {self.least_free / 1e6:,.0f} MB are needed."
        return None

    # Reading

    async def paths(self, song_id: str) -> dict[str, Path]:
        """Return the paths of a song's files by name, without those that are missing."""
        kept = await self._store.files.of(song_id)
        named = {name: self._blobs.path(file.sha256) for name, file in kept.items()}
        return await asyncio.to_thread(_those_there, named)

    async def path(self, song_id: str, name: str) -> Path | None:
        """Return the path of a song's file, or None if the song has none of that name or it is missing."""
        return (await self.paths(song_id)).get(name)

    async def takes_of(self, song: Song) -> list[dict[str, Any]]:
        """Return the takes that a song was chosen from (`TAKES`); none if there was one, or after a day."""
        path = await self.path(song.id, TAKES)
        if path is None or song.created < time.time() - TAKES_SECONDS:
            return []
        return list(json.loads(await asyncio.to_thread(path.read_bytes)))

    async def export_path(self, song_id: str, form: str) -> Path | None:
        """Return the path of a song's export, or None if it is not kept."""
        return await self.path(song_id, f"{EXPORT}{form}")

    async def midi_of(self, song: Song) -> bytes:
        """Return a song's MIDI file, to remix it. Raise InputError if it is missing."""
        try:
            return await asyncio.to_thread((await self.paths(song.id))[song.midi].read_bytes)
        except (KeyError, OSError) as error:
            raise InputError(FILES_GONE) from error

    def path_of(self, sha256: str) -> Path:
        """Return the absolute path of a file by its SHA-256."""
        return self._blobs.path(sha256)

    # Writing

    @asynccontextmanager
    async def keeping_upload(self, sha256: str | None, data: bytes | None) -> AsyncIterator[None]:
        """Store a remix's MIDI file, and hold it until its request is saved. sha256: None if there is no file.

        data: None if the file is stored already. Raise InputError if it is not a MIDI file or no longer stored,
        FaultError if it cannot be stored.
        """
        with self._blobs.holding() as hold:
            if sha256 is not None:
                await self._keep_upload(hold, sha256, data)
            yield

    async def job_folder(self, request_id: str) -> Path:
        """Return the absolute path of the folder for a job's files, which is created if necessary."""
        folder = self._job_folder(request_id)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        return folder

    async def compose(self, song: Song) -> bool:
        """Save a finished song and take over every file of its job.

        Return False, and remove the files, if its request no longer exists. Raise FileNotFoundError if a file that the
        song names is missing.
        """
        folder = self._job_folder(song.id)
        with self._blobs.holding() as hold:
            names = await asyncio.to_thread(_files_in, folder, song.file_names)
            kept = [await asyncio.to_thread(hold.adopt, folder / name) for name in names]
            written = await self._store.requests.compose(song, kept)
        if not written:
            await self.remove_unnamed(file.sha256 for file in kept)
        return written

    async def keep_export(self, song_id: str, form: str, path: Path) -> bool:
        """Keep an export with its song. Return False, and remove the file, if the song was deleted meanwhile."""
        with self._blobs.holding() as hold:
            adopted = await asyncio.to_thread(hold.adopt, path)
            kept = KeptFile(f"{EXPORT}{form}", adopted.sha256, adopted.bytes)
            if written := await self._store.songs.get(song_id) is not None:
                await self._store.files.add(song_id, [kept])
        if not written:
            await self.remove_unnamed([kept.sha256])
        return written

    async def forget_job(self, request_id: str) -> None:
        """Remove the folder of a job."""
        await asyncio.to_thread(shutil.rmtree, self._job_folder(request_id), ignore_errors=True)

    # Removing

    async def delete(self, song_id: str) -> None:
        """Delete a song with its rows and files."""
        await self.remove_unnamed(await self._store.songs.delete(song_id))

    async def remove_unnamed(self, digests: Iterable[str]) -> int:
        """Remove those of some files that no row names. Return how many."""
        removed, left = 0, sorted(digests)
        while left:
            group, left = left[:GROUP], left[GROUP:]
            async with self._store.database.transaction():
                named = await self._store.files.named_among(group)
                # No `await` here, so that no row can be saved in between; writers hold the file.
                removed += self._blobs.remove(set(group) - named)
        return removed

    async def forget_old(self, prefix: str, before: float) -> int:
        """Remove files of songs whose names begin with a prefix and that were made before a time (seconds since 1970).

        Return how many.
        """
        forgotten = 0
        for song_id, file in await self._store.files.with_prefix(prefix):
            path = self._blobs.path(file.sha256)
            made = path.stat().st_mtime if path.is_file() else 0.0
            if made < before:
                await self._store.files.forget(song_id, file.name)
                await self.remove_unnamed([file.sha256])
                forgotten += 1
        return forgotten

    async def collect(self, now: float) -> int:
        """Remove all files older than an hour that no row names, and the folders of jobs that are no longer open.

        Return how many files. now: seconds since 1970.
        """
        old = await asyncio.to_thread(self._blobs.older_than, now - UNNAMED_SECONDS)
        removed = await self.remove_unnamed(set(old) - await self._store.files.named())
        jobs = await asyncio.to_thread(_names, self._data_dir / "jobs")
        for job in set(jobs) - await self._store.requests.open_among(jobs):
            await self.forget_job(job)
        return removed

    # Folders of earlier versions

    async def adopt_old(self) -> int:
        """Take over `songs/<id>/` and `uploads/<sha256>.mid` of earlier versions. Return the number of songs.

        An old file is removed only once its copy is stored and a row names it.
        """
        adopted = 0
        for song_id in await asyncio.to_thread(_names, self._data_dir / OLD_SONGS):
            folder = self._data_dir / OLD_SONGS / song_id
            if not folder.is_dir():
                continue
            if song := await self._store.songs.get(song_id):
                await self._adopt_song(song, folder)
                adopted += 1
            await asyncio.to_thread(shutil.rmtree, folder)
        for name in await asyncio.to_thread(_names, self._data_dir / OLD_UPLOADS):
            with self._blobs.holding() as hold:
                await asyncio.to_thread(hold.adopt, self._data_dir / OLD_UPLOADS / name)
        for name in OLD_FOLDERS:
            with suppress(OSError):  # it does not exist, or has a foreign file in it
                (self._data_dir / name).rmdir()
        return adopted

    async def _adopt_song(self, song: Song, folder: Path) -> None:
        with self._blobs.holding() as hold:
            kept: list[KeptFile] = []
            for name in song.file_names:
                try:
                    kept.append(await asyncio.to_thread(hold.copy, folder / name))
                except FileNotFoundError:
                    log.warning("song %s: its file %s was missing already", song.id, name)
            await self._store.files.add(song.id, kept)

    async def _keep_upload(self, hold: Hold, sha256: str, data: bytes | None) -> None:
        if data is None:
            if not await asyncio.to_thread(hold.has, sha256):
                raise InputError(_("The MIDI file of this request is no longer here: please upload it again."))
            return
        check_upload(data)
        if digest(data) != sha256:
            raise FaultError("an upload was named by another file's digest")
        try:
            await asyncio.to_thread(hold.keep, data)
        except OSError as error:
            raise FaultError(f"an upload could not be kept: {error}") from error

    def _job_folder(self, request_id: str) -> Path:
        return self._data_dir / "jobs" / request_id


def _those_there(named: dict[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in named.items() if path.is_file()}


def _files_in(folder: Path, first: Iterable[str]) -> list[str]:
    """Return the names `first`, then those of all other regular files of a folder."""
    others = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}.difference(first)
    return [*first, *sorted(others)]


def _names(folder: Path) -> list[str]:
    """Return the names in a folder; none if it does not exist."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
