"""Any MIDI file as a sound file or, where it is a tune of ours, as a picture."""

from __future__ import annotations

import tempfile
from pathlib import Path

from generator.apu.sound import render_score
from generator.audio import render_tune
from generator.contract import SOUNDS as PLAYERS
from generator.contract import InputError
from generator.importer import import_midi
from generator.picture import draw
from models.midi import to_midi
from models.score import FRAMES_PER_SECOND

SOUNDS = (".wav", ".ogg", ".mp3")


def render_file(file: Path, data: bytes, out: Path, sound: str = PLAYERS[0]) -> None:
    """Write `out`, whose suffix says what it is. sound: what plays it. Raises InputError."""
    if sound not in PLAYERS:
        raise InputError(f"The sound must be one of {', '.join(PLAYERS)}, not “{sound[:40]}”.")
    if out.suffix.lower() not in (*SOUNDS, ".png"):
        raise InputError(f"The output must end in {', '.join(SOUNDS)} or .png, not “{out.suffix}”.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.")
    imported = import_midi(data)
    if out.suffix.lower() == ".png":
        if imported.score is None:
            raise InputError("A picture needs the tracks p1, p2, tr and no: run chiptune remix on the file first.")
        draw(imported.score, out, imported.score.title or file.stem)
        return
    if sound == "apu":
        if imported.score is None:
            raise InputError("The sound chip needs the tracks p1, p2, tr and no: run chiptune remix on the file first.")
        render_score(imported.score, out)
        return
    seconds = max(note.end for note in imported.notes) / FRAMES_PER_SECOND
    if imported.score is not None:
        seconds = imported.score.seconds
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "tune.mid"
        # Written anew: FluidSynth reads neither RIFF-wrapped files nor bad data bytes, nor NES-MDB's volumes.
        (to_midi(imported.score) if imported.score else imported.midi).save(plain)
        render_tune(plain, out, seconds)
