"""A tune as a file of another program: which forms there are, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator.apu.famitracker import to_famitracker
from generator.apu.nsf import to_nsf
from generator.apu.sound import write_stems
from generator.apu.vgm import to_vgm
from generator.contract import InputError
from generator.importer import import_midi
from models.midi import midi_bytes, to_midi, to_nesmdb
from models.score import Score

STEMS = "stems"
FILES: dict[str, Callable[[Score], bytes]] = {
    "nsf": to_nsf,
    "vgm": to_vgm,
    "famitracker": lambda score: to_famitracker(score).encode(),
    "nesmdb": lambda score: midi_bytes(to_nesmdb(score)),
    "midi": lambda score: midi_bytes(to_midi(score)),
}
FORMATS = (*FILES, STEMS)
"""What a tune can be written as: a file, or a folder with a sound file a channel."""


def export_file(file: Path, data: bytes, form: str, out: Path) -> dict[str, Any]:
    """Write a tune in another form. Says, as JSON may hold it, which files were written, and their form and length.

    Raises InputError.
    """
    if form not in FORMATS:
        raise InputError(f"The format must be one of {', '.join(FORMATS)}, not “{form[:40]}”.")
    score = import_midi(data).score
    if score is None:
        raise InputError(f"{file.name} has no tracks p1, p2, tr and no: run chiptune remix on the file first.")
    try:
        if form == STEMS:
            out.mkdir(parents=True, exist_ok=True)
            files = write_stems(score, out)
        else:
            out.write_bytes(FILES[form](score))
            files = [out]
    except OSError as error:
        raise InputError(f"{out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error
    return {"files": [str(path) for path in files], "format": form, "seconds": round(score.seconds, 3)}
