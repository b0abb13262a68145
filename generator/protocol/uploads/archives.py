"""Files inside a zip: which can be remixed, and the bytes of the one that is meant.

A zip may be made to fill memory or disk. Nothing is unpacked but the one file, and of it no more than a file may have.
"""

from __future__ import annotations

import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import PurePosixPath

from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads.formats import ACCEPTED_SUFFIXES, BROKEN_ZIP, ZIP_SUFFIXES, is_archive
from generator.protocol.uploads.limits import MAX_UPLOAD_BYTES, UPLOAD_LIMITS, check_size

MOST_MEMBERS = 10_000
"""Members of the largest zip whose list is read."""
MOST_CHOICES = 25
"""Files between which people can choose: the entries of a menu on Discord."""
HIDDEN = ("__MACOSX/", ".")
ENCRYPTED = 0x1
"""The flag of a member that needs a password."""
UTF8_NAME = 0x800
"""The flag of a member whose name is UTF-8; otherwise it is in the code page of some system."""

DAMAGED_ZIP = _("The zip is damaged and cannot be opened.")


class ChooseFile(InputError):
    """A zip with several files that can be remixed. names: of the files, in the order of the zip, `MOST_CHOICES` at
    most.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(_("The zip holds several files. Choose one of them: {names}.").format(names=names))


def open_upload(name: str, data: bytes, member: str | None = None) -> tuple[str, bytes]:
    """Return (name, bytes) of an upload: of the file inside if it is a zip, and otherwise as given.

    member: the file in the zip; not needed if there is only one. Raise ChooseFile if it is needed, and InputError if
    there is no such file, or if it is too large, locked, damaged, or an archive itself.
    """
    check_size(data)
    if not is_archive(data):
        if member is not None:
            raise InputError(_("There is nothing to choose: the file is no zip with several files."))
        return name, data
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _open_member(archive, member)
    except NotImplementedError as error:  # a way of compression that Python does not know
        raise InputError(_("The zip is compressed in a way that cannot be opened here.")) from error
    except BROKEN_ZIP as error:
        raise InputError(DAMAGED_ZIP) from error


def _open_member(archive: zipfile.ZipFile, member: str | None) -> tuple[str, bytes]:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise InputError(
            _("The zip holds {found:,} files; {most:,} is the most.").format(found=len(infos), most=MOST_MEMBERS)
        )
    files = {_name(info): info for info in infos if _is_playable(_name(info))}
    if not files:
        if any(_name(info).lower().endswith(ZIP_SUFFIXES) for info in infos):
            raise InputError(_("There are only other archives in the zip. Send one of them by itself."))
        raise InputError(_("There is no file in the zip that can be remixed, such as MIDI, MusicXML or Guitar Pro."))
    if member is None and len(files) > 1:
        raise ChooseFile(tuple(files)[:MOST_CHOICES])
    name = member if member is not None else next(iter(files))
    if name not in files:
        raise InputError(_("There is no file called {name} in the zip.").format(name=name[:80]))
    info = files[name]
    if info.flag_bits & ENCRYPTED:
        raise InputError(_("The zip is locked with a password. Send it without one."))
    UPLOAD_LIMITS["bytes"].check(info.file_size)
    with archive.open(info) as file:
        data = file.read(MAX_UPLOAD_BYTES + 1)
    check_size(data)
    return PurePosixPath(name).name, data


def _is_playable(name: str) -> bool:
    """Return whether a member is a file that can be remixed, by its name."""
    path = PurePosixPath(name)
    suffixes = set(ACCEPTED_SUFFIXES) - set(ZIP_SUFFIXES)
    return path.suffix.lower() in suffixes and not name.startswith(HIDDEN) and not path.name.startswith(".")


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member with slashes. Old programs write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & UTF8_NAME:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")
