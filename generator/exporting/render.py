"""Any MIDI file as a sound file or, where it is a tune of ours, as a picture: the suffix says which."""

from __future__ import annotations

from pathlib import Path

from generator.exporting.formats import export_file
from generator.protocol.errors import InputError

FORMS = ("wav", "ogg", "mp3", "png")


def render_file(file: Path, data: bytes, out: Path, sound: str | None = None) -> None:
    """Write `out`, whose suffix says what it is. sound: what plays it. Raises InputError and faults."""
    form = out.suffix[1:].lower()
    if form not in FORMS:
        raise InputError(f"The output must end in .{', .'.join(FORMS[:-1])} or .{FORMS[-1]}, not “{out.suffix}”.")
    export_file(file, data, form, out, sound)
