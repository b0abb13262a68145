"""The table of the formats that can be remixed, and the sentences about files that cannot.

A file is what its bytes say, whatever it is called. Discord, the page, the command line and the importer read this
table; what is in the files is read by `generator.importing`.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _

MAX_UPLOAD_PREFIX = 128
"""Bytes that may precede MThd: the size of a MacBinary header."""
MXL_INDEX = "META-INF/container.xml"
"""The member of a compressed MusicXML file that names the score."""
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises for a damaged zip; RuntimeError also for one that it cannot open."""
_HEAD = 4096
"""Bytes in which an XML file names its root."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be remixed. suffixes: of its files' names. recognises: whether a file's bytes are of it."""

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Files that cannot be remixed: how they begin, at which byte, and what people are told about them."""

    begins: tuple[bytes, ...]
    sentence: Sentence
    at: int = 0


def _is_xml_score(data: bytes) -> bool:
    head = data[:_HEAD].replace(b"\0", b"")  # UTF-16 too
    return b"<score-partwise" in head or b"<score-timewise" in head


def _members(data: bytes) -> list[str]:
    """Return the names in a zip; none if it is damaged."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return archive.namelist()
    except BROKEN_ZIP:
        return []


def _is_midi(data: bytes) -> bool:
    """Return whether a MIDI file begins near the start. A zip that does not compress it has one there too."""
    return data.find(b"MThd", 0, MAX_UPLOAD_PREFIX + 4) >= 0 and not _is_zip(data)


def _is_zip(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


FORMATS = (
    Format("rmid", (".rmi",), lambda data: data.startswith(b"RIFF") and data[8:12] == b"RMID"),
    Format("xmf", (".xmf", ".mxmf"), lambda data: data.startswith(b"XMF_")),
    Format("guitar-pro", (".gp3", ".gp4", ".gp5"), lambda data: data[1:21] == b"FICHIER GUITAR PRO v"),
    Format("mxl", (".mxl",), lambda data: _is_zip(data) and MXL_INDEX in _members(data)),
    Format("musicxml", (".musicxml", ".xml"), _is_xml_score),
    Format("midi", (".mid", ".midi", ".kar", ".smf"), _is_midi),
)
"""The formats, in the order in which they are recognised."""

ZIP_SUFFIXES = (".zip",)
ACCEPTED_SUFFIXES = (*(suffix for form in FORMATS for suffix in form.suffixes), *ZIP_SUFFIXES)
"""The endings of the names of all files that may be uploaded."""

_RECORDING = _("That is a recording. Only files with notes can be remixed: MIDI, MusicXML or Guitar Pro.")
_ARCHIVE = _("Of archives only zip can be opened. Send the file itself, or as a zip.")
_NEW_GUITAR_PRO = _("Guitar Pro 6 and later cannot be read. Save the song as Guitar Pro 5 or export it as MIDI.")
_CHIP_MUSIC = _("That file holds a program for a sound chip and no notes. Look for a MIDI file of the same tune.")
_NOTATION = _("That format of a notation program cannot be read. Export the score as MusicXML or MIDI.")
_MODULE = _("Tracker modules cannot be read. Export the song as MIDI.")
_PICTURE = _("That is a picture or a printed page. Only files with notes can be remixed.")
_NESTED = _("There is another archive inside the zip. Send the file itself.")
UNKNOWN = _("That is no music file that can be read here: send MIDI, karaoke, MusicXML, Guitar Pro 3 to 5, or a zip.")
NO_MUSIC_IN_RIFF = _("The RIFF file holds no MIDI.")

_UNREADABLE = (
    _Unreadable((b"RIFF",), NO_MUSIC_IN_RIFF),
    _Unreadable((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1"), _RECORDING),
    _Unreadable((b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"FORM", b"caff", b"#!AMR", b"0&\xb2u"), _RECORDING),
    _Unreadable((b"ftyp",), _RECORDING, at=4),
    _Unreadable((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd"), _ARCHIVE),
    _Unreadable((b"ustar",), _ARCHIVE, at=257),
    _Unreadable((b"BCFZ", b"BCFS"), _NEW_GUITAR_PRO),
    _Unreadable((b"NESM\x1a", b"NSFE", b"NSF2", b"SNES-SPC", b"Vgm ", b"GBS", b"KSCC", b"HESM", b"PSF"), _CHIP_MUSIC),
    _Unreadable((b"Extended Module: ", b"IMPM"), _MODULE),
    _Unreadable((b"SCRM",), _MODULE, at=44),
    _Unreadable((b"M.K.", b"M!K!", b"4CHN", b"6CHN", b"8CHN", b"FLT4"), _MODULE, at=1080),
    _Unreadable((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*"), _PICTURE),
)
"""Other files that people send, by their first bytes."""

_IN_ZIP = (
    (("Content/score.gpif", "score.gpif"), _NEW_GUITAR_PRO),
    ((".mscx",), _NOTATION),
)
"""Files that are zips inside, by the ending of a member."""


def format_of(data: bytes) -> Format | None:
    """Return the format of a file, or None if it cannot be remixed. A zip of files has none."""
    return next((form for form in FORMATS if form.recognises(data)), None)


def check_format(data: bytes) -> Format:
    """Return the format of a file. Raise InputError, which says what the file is instead."""
    if form := format_of(data):
        return form
    if _is_zip(data):
        raise InputError(zip_sentence(data) or _NESTED)
    if data.startswith(b"RIFF") and data[8:12] in (b"WAVE", b"AVI "):
        raise InputError(_RECORDING)
    if data.lstrip().startswith(b"<") and b"museScore" in data[:_HEAD]:
        raise InputError(_NOTATION)
    raise InputError(next((kind.sentence for kind in _UNREADABLE if data.startswith(kind.begins, kind.at)), UNKNOWN))


def is_archive(data: bytes) -> bool:
    """Return whether a file is a zip of files, not a format that is a zip inside."""
    return _is_zip(data) and format_of(data) is None and zip_sentence(data) is None


def zip_sentence(data: bytes) -> Sentence | None:
    """Return the sentence about a file that is a zip inside but cannot be read, such as a score of MuseScore."""
    names = _members(data)
    return next((sentence for ends, sentence in _IN_ZIP if any(name.endswith(ends) for name in names)), None)
