"""Reads the MIDI files of folders and archives, one after the other, in memory. Nothing is unpacked.

`generator.corpus.labels` interprets the names.
"""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from generator.corpus.labels import SIDES
from generator.protocol.errors import InputError
from generator.protocol.uploads import MAX_UPLOAD_BYTES

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
_DAMAGED = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, RuntimeError)
"""Errors of Python's archive readers; RuntimeError is for encrypted zip files."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One MIDI file. parts: the names of its source, its folders and itself. data: cut off above the size that is read.

    damage: why it could not be read from its archive, or empty.
    """

    parts: tuple[str, ...]
    data: bytes
    damage: str = ""


def list_files(source: Path) -> list[str]:
    """Return the names of a source's MIDI files, in the source's order. Raise InputError if it cannot be read."""
    with _opened(source) as files:
        return [name for name, _ in files]


def read_files(source: Path, wanted: frozenset[str]) -> Iterator[SourceFile]:
    """Yield the wanted files of a source, by their names in `list_files`. Raise InputError if it cannot be read."""
    root = _root(source)
    with _opened(source) as files:
        for name, read in files:
            if name in wanted:
                parts = [part for part in PurePosixPath(name).parts if part not in ("..", ".", "/")]
                try:
                    yield SourceFile((*root, *parts), read())
                except (zipfile.BadZipFile, zlib.error, OSError) as error:
                    yield SourceFile((*root, *parts), b"", f"It cannot be read from its archive: {_first_line(error)}.")


Files = Iterator[tuple[str, Callable[[], bytes]]]


@contextmanager
def _opened(source: Path) -> Iterator[Files]:
    """Yield the names of a source's MIDI files, each with a function that reads it."""
    try:
        if source.is_dir():
            yield _in_folder(source)
        elif source.name.lower().endswith(".zip"):
            with zipfile.ZipFile(source) as archive:
                yield _in_zip(archive)
        elif source.name.lower().endswith(ARCHIVES):
            with tarfile.open(source) as archive:
                yield _in_tar(archive)
        elif source.exists():
            raise InputError(f"{source} is neither a folder nor an archive that ends in {', '.join(ARCHIVES)}.")
        else:
            raise InputError(f"There is no {source}.")
    except _DAMAGED as error:
        raise InputError(f"{source} cannot be read: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")


def _in_folder(folder: Path) -> Files:
    for path in sorted(folder.rglob("*")):
        if _is_midi(path.name) and path.is_file():
            yield path.relative_to(folder).as_posix(), partial(_read_path, path)


def _in_zip(archive: zipfile.ZipFile) -> Files:
    for member in archive.infolist():
        if _is_midi(member.filename) and not member.is_dir():
            yield member.filename, partial(_read_zip, archive, member)


def _in_tar(archive: tarfile.TarFile) -> Files:
    for member in archive:
        if _is_midi(member.name) and member.isreg():
            yield member.name, partial(_read_tar, archive, member)


_READ_BYTES = MAX_UPLOAD_BYTES + 1
"""Bytes read of a file: one more than the limit, so that `check_upload` notices longer files."""


def _read_path(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_READ_BYTES)


def _read_zip(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        return file.read(_READ_BYTES)


def _read_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read(_READ_BYTES) if file else b""


def _is_midi(name: str) -> bool:
    # Archives from macOS have a metadata file ._name for each file.
    return name.lower().endswith((".mid", ".midi")) and not PurePosixPath(name).name.startswith("._")


def _root(source: Path) -> tuple[str, ...]:
    """Return a source's name, without its suffix; for a side of a split, also the folder that it is in."""
    whole = source.resolve()
    name = next((whole.name[: -len(end)] for end in ARCHIVES if whole.name.lower().endswith(end)), whole.name)
    return (whole.parent.name, name) if name.lower() in SIDES else (name,)
