"""Finds the MIDI file in XMF and Mobile XMF, the containers of ringtones, wherever their tree has it."""

from __future__ import annotations

import zlib

from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads.limits import MAX_UPLOAD_BYTES

ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""How compressed content begins. XMF knows no other compression."""
MOST_PLACES = 100
"""The most places where compressed content is looked for: two bytes also occur by chance."""


def to_midi(data: bytes) -> bytes:
    """Return the file from the MIDI file inside it on. Raise InputError if there is none."""
    at = data.find(b"MThd")
    if at >= 0:
        return data[at:]
    places = [i for i in range(len(data) - 1) if data[i : i + 2] in ZLIB_HEADS]
    for place in places[:MOST_PLACES]:
        content = _unpacked(data[place:])
        if b"MThd" in content[:64]:
            return content[content.index(b"MThd") :]
    raise InputError(_("There is no MIDI in the XMF file."))


def _unpacked(data: bytes) -> bytes:
    """Return what compressed data hold, as much as a file may have, up to any damage."""
    try:
        return zlib.decompressobj().decompress(data, MAX_UPLOAD_BYTES)
    except zlib.error:
        return b""
