"""Content-addressed files: each is named by the SHA-256 of its bytes, is complete, and is stored once.

A caller that is about to save a row that names a file holds the file, so that it is not removed in between. Holds
protect against the threads of one process, which is enough because only one process uses a data folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.store import KeptFile


class Blobs:
    """A folder of such files. `folder/ab/<sha256>` is a file; `folder/<random>.part` is being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    def path(self, sha256: str) -> Path:
        """Return the path of a file, whether it exists or not."""
        return self._folder / sha256[:2] / sha256

    @contextmanager
    def holding(self) -> Iterator[Hold]:
        """Yield a hold: files stored through it are not removed before the block ends."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            with self._lock:
                self._held -= hold.digests

    def hold(self, sha256: str) -> None:
        """Protect a file from removal. Only for use by `Hold`."""
        with self._lock:
            self._held[sha256] += 1

    def remove(self, digests: Iterable[str]) -> int:
        """Remove files that nobody holds. Return how many existed."""
        removed = 0
        with self._lock:
            for sha256 in digests:
                if not self._held[sha256] and self.path(sha256).exists():
                    self.path(sha256).unlink()
                    removed += 1
        return removed

    def older_than(self, when: float) -> list[str]:
        """Return the files written before a time (seconds since 1970), and remove unfinished ones as old."""
        names = []
        for path in sorted(self._folder.glob("*.part")):
            if path.stat().st_mtime < when:
                path.unlink(missing_ok=True)
        for path in sorted(self._folder.glob("??/*")):
            if re.fullmatch(r"[0-9a-f]{64}", path.name) and path.stat().st_mtime < when:
                names.append(path.name)
        return names

    def new_part(self) -> Path:
        """Return the path of a new file to write into; `Hold.adopt` names it afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{uuid.uuid4().hex}.part"


class Hold:
    """Stores files and holds them; get it with `Blobs.holding`. Its methods block: call them in a thread."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.digests: Counter[str] = Counter()

    def has(self, sha256: str) -> bool:
        """Return whether a file exists, and hold it."""
        self._hold(sha256)
        return self._blobs.path(sha256).is_file()

    def keep(self, data: bytes) -> str:
        """Store some bytes, completely or not at all. Return their SHA-256."""
        part = self._blobs.new_part()
        try:
            part.write_bytes(data)
            return self.adopt(part).sha256
        finally:
            part.unlink(missing_ok=True)

    def copy(self, path: Path) -> KeptFile:
        """Store a copy of a file."""
        part = self._blobs.new_part()
        try:
            shutil.copyfile(path, part)
            kept = self.adopt(part)
        finally:
            part.unlink(missing_ok=True)
        return KeptFile(path.name, kept.sha256, kept.bytes)

    def adopt(self, path: Path) -> KeptFile:
        """Move a finished file of the same file system in, and flush it to the disk before it gets its name."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        os.utime(path)
        self._hold(sha256)
        target = self._blobs.path(sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(target.parent.parent)
        path.replace(target)
        sync_folder(target.parent)
        return KeptFile(path.name, sha256, size)

    def _hold(self, sha256: str) -> None:
        self.digests[sha256] += 1
        self._blobs.hold(sha256)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
