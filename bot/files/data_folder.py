"""The data folder: the names of its parts, and its lock, which lets only one process use it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.protocol.errors import FaultError

DATABASE = "chiptune.sqlite3"
LOCK = "lock"
SCRATCH = "scratch"
"""The folder for the generator's temporary files, emptied whenever it starts."""
OLD_FOLDERS = OLD_SONGS, OLD_UPLOADS = "songs", "uploads"
"""The folders in which earlier versions stored files: `songs/<id>/<name>` and `uploads/<sha256>.mid`."""


class InUseError(FaultError):
    """Another process uses the data folder."""


@contextmanager
def sole_owner(data_dir: Path) -> Iterator[None]:
    """Create and lock the data folder, because a second bot would repeat the first one's unfinished requests.

    Raise InUseError if another process has locked it, FaultError if it cannot be written.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # its rows hold what answers need
        data_dir.chmod(0o700)  # also if it was there
        lock = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FaultError(
            f"The data folder {data_dir} cannot be written: {error.strerror}. Set CHIPTUNE_DATA_DIR to another one."
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUseError(f"Another bot is running on the data folder {data_dir}.") from error
        yield
    finally:
        os.close(lock)
