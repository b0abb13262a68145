"""Restoring a backup: every byte is checked before anything is replaced, then all is replaced or nothing.

The archive is unpacked to `.restoring` in the data folder. Once it is complete and checked, that folder is renamed to
`.replacing`, everything else is removed, the folder is renamed to `.moving`, and its parts move up. A crash before the
first renaming leaves the old data; after it, `finish_restore` completes the work, at the next start at the latest.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from bot.files.backup import FORMAT, MANIFEST, Summary, seen_migrations
from bot.files.blobs import sync_folder
from bot.files.data_folder import DATABASE, LOCK, InUseError, sole_owner
from bot.store.database.migrations import all_migrations
from generator.protocol.errors import FaultError, InputError

RESTORING, REPLACING, MOVING = ".restoring", ".replacing", ".moving"
CHUNK_BYTES = 1 << 20
MANIFEST_BYTES = 256 << 20
"""The largest manifest: about two million files."""


def restore(file: Path, data_dir: Path, *, force: bool = False) -> Summary:
    """Restore a backup into a data folder. force: replace the content of a folder that is not empty.

    Raise InputError or FaultError; the data folder then stays as it was.
    """
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    try:
        with sole_owner(data_dir):
            finish_restore(data_dir)
            if not force and any(path.name != LOCK for path in data_dir.iterdir()):
                raise InputError(f"The data folder {data_dir} is not empty: --force replaces what is in it.")
            summary = _stage(file, data_dir)
            finish_restore(data_dir)
            return summary
    except InUseError as error:
        raise InputError(f"A bot is running on the data folder {data_dir}: stop it first.") from error
    except OSError as error:
        raise FaultError(f"The data folder {data_dir} cannot be written: {error.strerror}.") from error


def finish_restore(data_dir: Path) -> None:
    """Complete an interrupted restoration, or remove what it left. The caller owns the folder's lock."""
    shutil.rmtree(data_dir / RESTORING, ignore_errors=True)
    if (data_dir / REPLACING).is_dir():
        for path in data_dir.iterdir():
            if path.name not in (LOCK, REPLACING):
                _remove(path)
        _rename(data_dir / REPLACING, data_dir / MOVING)
    if (data_dir / MOVING).is_dir():
        for path in (data_dir / MOVING).iterdir():
            path.replace(data_dir / path.name)
        (data_dir / MOVING).rmdir()
        sync_folder(data_dir)


def _stage(file: Path, data_dir: Path) -> Summary:
    """Unpack and check a backup beside the existing data, then rename its folder, which commits the restoration."""
    staging = data_dir / RESTORING
    staging.mkdir(mode=0o700)
    done = False
    try:
        with _damage_as_sentence(file), tarfile.open(file, "r:gz") as archive:
            members = _unpack(archive, staging)
            _check_database(staging / DATABASE)
        for folder in (*sorted(path for path in staging.rglob("*") if path.is_dir()), staging):
            sync_folder(folder)
        _rename(staging, data_dir / REPLACING)
        done = True
    finally:
        if not done:
            shutil.rmtree(staging, ignore_errors=True)
    return Summary(len(members) - 1, sum(member["bytes"] for member in members.values()))


def _unpack(archive: tarfile.TarFile, staging: Path) -> dict[str, Any]:
    """Unpack and check the files that the manifest names. Return its members."""
    first = archive.next()
    if first is None or first.name != MANIFEST or first.size > MANIFEST_BYTES:
        raise ValueError("it does not begin with a manifest")
    manifest = json.loads(_open(archive, first).read())
    if manifest["format"] != FORMAT:
        raise ValueError(f"it is of format {manifest['format']}, and only {FORMAT} is understood")
    members: dict[str, Any] = manifest["members"]
    _check_sizes(members, staging)
    left = set(members)
    while entry := archive.next():
        if entry.name not in left or not _is_ours(entry.name, members[entry.name]["sha256"]):
            raise ValueError(f"“{entry.name[:80]}” has no place in it")
        if entry.size != members[entry.name]["bytes"]:
            raise ValueError(f"“{entry.name[:80]}” has another size than it should")
        _write_checked(_open(archive, entry), staging / entry.name, members[entry.name])
        left.remove(entry.name)
    if left or DATABASE not in members:
        raise ValueError(f"“{min(left or {DATABASE})[:80]}” is missing")
    return members


def _check_sizes(members: dict[str, Any], staging: Path) -> None:
    """Raise ValueError if the manifest holds impossible sizes, FaultError if the disk has no room for them."""
    sizes = [member["bytes"] for member in members.values()]
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError("its manifest holds impossible sizes")
    needed, free = sum(sizes), shutil.disk_usage(staging).free
    if needed > free:
        raise FaultError(f"The backup needs {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.")


def _is_ours(name: str, sha256: str) -> bool:
    """Return whether a member may have this name. No other path is ever written to."""
    return re.fullmatch(r"[0-9a-f]{64}", sha256) is not None and name in (DATABASE, f"files/{sha256[:2]}/{sha256}")


def _open(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    if not entry.isreg() or (source := archive.extractfile(entry)) is None:
        raise ValueError(f"“{entry.name[:80]}” is no plain file")
    return source


def _write_checked(source: IO[bytes], target: Path, member: dict[str, Any]) -> None:
    """Write one file. Raise ValueError if it differs from the manifest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            size += file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if (digest.hexdigest(), size) != (member["sha256"], member["bytes"]):
        raise ValueError(f"“{target.name}” has other bytes than it should")


def _check_database(path: Path) -> None:
    """Raise ValueError or sqlite3.Error if the database is damaged, InputError if a newer version wrote it."""
    with closing(sqlite3.connect(path)) as database:
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise ValueError("its database is damaged")
        seen = seen_migrations(database)
    if not seen:
        raise ValueError("its database is not the bot's")
    if seen - {migration.number for migration in all_migrations()}:
        raise InputError("This backup is from a newer version of the program: restore it with that one.")


@contextmanager
def _damage_as_sentence(file: Path) -> Iterator[None]:
    """Turn every error of a damaged archive into InputError."""
    try:
        yield
    except RecursionError as error:
        raise InputError(f"{file} is no backup, or is damaged: it is too deep. Nothing was changed.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} is no backup, or is damaged: {error}. Nothing was changed.") from error
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, sqlite3.Error) as error:
        raise InputError(f"{file} is no backup, or is damaged. Nothing was changed.") from error


def _rename(path: Path, target: Path) -> None:
    """Rename a file, and flush the change to the disk."""
    path.rename(target)
    sync_folder(path.parent)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
