"""How each format of `generator.protocol.uploads.formats` becomes a standard MIDI file."""

from __future__ import annotations

from collections.abc import Callable

from generator.importing.formats import guitar_pro, musicxml, xmf
from generator.protocol.uploads.formats import check_format


def _as_it_is(data: bytes) -> bytes:
    """Return a file that holds a MIDI file unchanged; the reader of MIDI files finds it."""
    return data


READERS: dict[str, Callable[[bytes], bytes]] = {
    "midi": _as_it_is,
    "rmid": _as_it_is,
    "xmf": xmf.to_midi,
    "guitar-pro": guitar_pro.to_midi,
    "mxl": musicxml.compressed_to_midi,
    "musicxml": musicxml.to_midi,
}
"""By the name of the format."""


def read_as_midi(data: bytes) -> bytes:
    """Return a file as MIDI. Raise InputError if its format is not known, or if it is damaged."""
    return READERS[check_format(data).name](data)
