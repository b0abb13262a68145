"""Every file that the bot keeps: of songs and of uploads, found by what the rows say, and removed when none names it.

    files/ab/<sha256>   what rows name, by content (`bot.files.blobs`)
    jobs/<id>/          what the generator writes; moved to the above when its song is written down

At any point a crash leaves what rows name whole. What no row names is removed later.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.files.blobs import Blobs, Hold
from bot.files.data_folder import OLD_FOLDERS, OLD_SONGS, OLD_UPLOADS
from bot.store import KeptFile, Song, Store
from generator.protocol.errors import FaultError, InputError
from generator.protocol.i18n import _
from generator.protocol.uploads import check_upload, digest

log = logging.getLogger(__name__)

UNNAMED_SECONDS = 3600.0
"""A file that no row names is left alone for so long."""
FILES_GONE = _("The files of this tune are no longer here.")
GROUP = 100
"""How many files are removed between two breaths."""


class Files:
    """The files in a data folder. Errors of the disk are raised as OSError where nothing else is said."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._data_dir = data_dir.absolute()
        self._blobs = Blobs(self._data_dir / "files")

    # Reading

    async def paths(self, song_id: str) -> dict[str, Path]:
        """Where a song's files are, by name; one that is missing is left out."""
        kept = await self._store.files.of(song_id)
        named = {name: self._blobs.path(file.sha256) for name, file in kept.items()}
        return await asyncio.to_thread(_those_there, named)

    async def path(self, song_id: str, name: str) -> Path | None:
        """Where one file of a song is; None where the song has none of that name, or it is missing."""
        return (await self.paths(song_id)).get(name)

    async def midi_of(self, song: Song) -> bytes:
        """A song's MIDI file, so that it can be remixed. Raises InputError where it is no longer there."""
        try:
            return await asyncio.to_thread((await self.paths(song.id))[song.midi].read_bytes)
        except (KeyError, OSError) as error:
            raise InputError(FILES_GONE) from error

    def path_of(self, sha256: str) -> Path:
        """Where a file is by its content, absolute."""
        return self._blobs.path(sha256)

    # Writing

    @asynccontextmanager
    async def keeping_upload(self, sha256: str | None, data: bytes | None) -> AsyncIterator[None]:
        """Keep a remix's MIDI file, and hold it until its request is written. None and None: there is none.

        data: None where an earlier request brought it. Raises InputError where it is no MIDI file or no longer here,
        FaultError where it cannot be kept.
        """
        with self._blobs.holding() as hold:
            if sha256 is not None:
                await self._keep_upload(hold, sha256, data)
            yield

    async def job_folder(self, request_id: str) -> Path:
        """The folder for the generator's files, made if need be; absolute."""
        folder = self._job_folder(request_id)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        return folder

    async def compose(self, song: Song) -> bool:
        """Write a finished song and adopt every file of its job. False where its request is no longer there.

        The files are gone then. Raises FileNotFoundError where one is missing that the song names.
        """
        folder = self._job_folder(song.id)
        with self._blobs.holding() as hold:
            names = await asyncio.to_thread(_files_in, folder, song.file_names)
            kept = [await asyncio.to_thread(hold.adopt, folder / name) for name in names]
            written = await self._store.requests.compose(song, kept)
        if not written:
            await self.remove_unnamed(file.sha256 for file in kept)
        return written

    async def forget_job(self, request_id: str) -> None:
        """Remove what the generator left."""
        await asyncio.to_thread(shutil.rmtree, self._job_folder(request_id), ignore_errors=True)

    # Removing

    async def delete(self, song_id: str) -> None:
        """Delete a song, its rows and its files."""
        await self.remove_unnamed(await self._store.songs.delete(song_id))

    async def remove_unnamed(self, digests: Iterable[str]) -> int:
        """Remove those of some files that no row names; how many."""
        removed, left = 0, sorted(digests)
        while left:
            group, left = left[:GROUP], left[GROUP:]
            async with self._store.database.transaction():
                named = await self._store.files.named_among(group)
                # Without a pause, so that no row can come in between; who is about to write one holds the file.
                removed += self._blobs.remove(set(group) - named)
        return removed

    async def collect(self, now: float) -> int:
        """Remove all files that no row names and that are older than an hour, and what jobs left; how many files.

        now: seconds since 1970. A job in progress keeps its folder.
        """
        old = await asyncio.to_thread(self._blobs.older_than, now - UNNAMED_SECONDS)
        removed = await self.remove_unnamed(set(old) - await self._store.files.named())
        jobs = await asyncio.to_thread(_names, self._data_dir / "jobs")
        for job in set(jobs) - await self._store.requests.open_among(jobs):
            await self.forget_job(job)
        return removed

    # Folders of old

    async def adopt_old(self) -> int:
        """Take over `songs/<id>/` and `uploads/<sha256>.mid` of earlier versions; how many songs.

        A file is removed there only once it is here and a row names it.
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
            with suppress(OSError):  # there is none, or somebody else's file is in it
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
    """The names of some files of a folder, then of all its other regular files."""
    others = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}.difference(first)
    return [*first, *sorted(others)]


def _names(folder: Path) -> list[str]:
    """What is in a folder; nothing where there is none."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
