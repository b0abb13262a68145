"""A backup: one .tar.gz with the database and every file that it names, taken also while the bot runs.

    manifest.json      {"format": 1, "created": "2026-…", "members": {name: {"sha256": …, "bytes": …}}}, always first
    chiptune.sqlite3   one consistent copy (https://www.sqlite.org/backup.html)
    files/ab/<sha256>  as in the data folder

Named files never change, so it is enough to copy them after the database. `bot.files.restore` is the reverse.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.files.data_folder import DATABASE, OLD_FOLDERS
from bot.store.database.migrations import all_migrations
from bot.store.files import NAMED
from generator.protocol.errors import FaultError, InputError

FORMAT = 1
MANIFEST = "manifest.json"
TRIES = 3
"""If the bot removes a file that the copied database still names, everything is copied again."""

OTHER_VERSION = "The data is of another version of this program: start the bot once, then try again."


DAMAGED_ADVICE = "Nothing was backed up: restore an earlier backup."
SCRATCH = ".backup-"
"""How the folders begin in which a backup is prepared."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The contents of a backup. lost: files that the database names, but that are missing or damaged."""

    files: int
    bytes: int
    lost: int = 0


def write_backup(data_dir: Path, target: Path) -> Summary:
    """Write a backup, completely or not at all. Raise InputError or FaultError."""
    if not (data_dir / DATABASE).is_file():
        raise InputError(f"There is no database in {data_dir}: nothing to back up.")
    if any((data_dir / old).is_dir() for old in OLD_FOLDERS):
        raise InputError(OTHER_VERSION)
    if target.exists():
        raise InputError(f"{target} is there already: name another file.")
    if not target.parent.is_dir():
        raise InputError(f"There is no folder {target.parent}.")
    part = target.with_name(f"{target.name}.part")
    _remove_stale(target.parent)
    try:
        for _ in range(TRIES):
            try:
                summary = _write(data_dir, part)
                part.replace(target)
                return summary
            except FileNotFoundError:
                continue
    except sqlite3.Error as error:
        raise FaultError(f"The database in {data_dir} cannot be read: {error}.") from error
    except OSError as error:
        raise FaultError(f"The backup {target} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    raise FaultError("Files were removed while they were copied: please try again.")


def _write(data_dir: Path, part: Path) -> Summary:
    """Write a backup once. Raise FileNotFoundError if a file is removed meanwhile."""
    with tempfile.TemporaryDirectory(dir=part.parent, prefix=SCRATCH) as scratch, _locked(Path(scratch)):
        copy = Path(scratch) / DATABASE
        digests = _copy_database(data_dir / DATABASE, copy)
        sources = {DATABASE: copy}
        for sha256 in digests:
            name = f"files/{sha256[:2]}/{sha256}"
            if digest_of(data_dir / name) == sha256:
                sources[name] = data_dir / name
        members = {name: {"sha256": digest_of(path), "bytes": path.stat().st_size} for name, path in sources.items()}
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        _write_archive(part, {"format": FORMAT, "created": created, "members": members}, sources)
    files = len(sources) - 1
    return Summary(files, part.stat().st_size, len(digests) - files)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, by which others know that it is in use."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(number)


def _remove_stale(folder: Path) -> None:
    """Remove what backups left that were killed."""
    for scratch in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError), _locked(scratch):
            shutil.rmtree(scratch, ignore_errors=True)


def _copy_database(source: Path, target: Path) -> list[str]:
    """Copy a snapshot of the database. Return the SHA-256 of the files that it names."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        # A damaged database can be copied, but not restored.
        if (problems := copy.execute("PRAGMA integrity_check(1)").fetchone()) != ("ok",):
            raise FaultError(f"The database {source} is damaged: {problems[0]}. {DAMAGED_ADVICE}")
        copy.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it
        if seen_migrations(copy) != {migration.number for migration in all_migrations()}:
            raise InputError(OTHER_VERSION)
        return sorted(row[0] for row in copy.execute(NAMED))


def _write_archive(part: Path, manifest: dict[str, Any], sources: dict[str, Path]) -> None:
    number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # as private as the data folder
    with os.fdopen(number, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            text = json.dumps(manifest, indent=1).encode()
            archive.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
            for name, path in sources.items():
                with path.open("rb") as source:
                    archive.addfile(_entry(name, manifest["members"][name]["bytes"]), source)
        file.flush()
        os.fsync(file.fileno())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
    return entry


def seen_migrations(database: sqlite3.Connection) -> set[int]:
    """Return the numbers of the migrations that a database has seen; none if it is not the bot's."""
    if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone():
        return set()
    return {row[0] for row in database.execute("SELECT number FROM migrations")}


def digest_of(path: Path) -> str | None:
    """Return a file's SHA-256, or None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
