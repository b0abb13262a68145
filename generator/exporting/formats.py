"""A MIDI file in the forms that people go on working with: one line of `EXPORTERS` for each.

What a form holds is made by the module that the line's function calls; here is only who calls whom, and what is said
where a form does not fit the file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.apu.nsf import to_nsf
from generator.exporting.famitracker import to_famitracker
from generator.exporting.notation import write_abc, write_musicxml
from generator.exporting.vgm import to_vgm
from generator.importing.importer import Import, import_midi
from generator.pictures.scope_film import write_animation
from generator.pictures.tune_picture import write_tune_picture
from generator.protocol.errors import InputError
from generator.protocol.names import SOUNDS
from generator.sound.fluidsynth_audio import render_tune
from generator.sound.playback import write_score
from generator.sound.stems import loop_tags, write_stems
from models.music.midi import midi_bytes, to_midi, to_nesmdb
from models.music.score import FRAMES_PER_SECOND, Score

RENDERED = ("wav", "ogg", "mp3", "png")
"""The forms that `chiptune render` writes."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported: a MIDI file as it was read, and what plays it, one of `SOUNDS`."""

    file: Path
    imported: Import
    sound: str = SOUNDS[0]

    @property
    def score(self) -> Score:
        """The tune; raises InputError for a file that is not of the console's four channels."""
        if self.imported.score is None:
            raise InputError(f"{self.file.name} has no tracks p1, p2, tr and no: run chiptune remix on the file first.")
        return self.imported.score

    @property
    def title(self) -> str:
        """The tune's title, or the file's name."""
        return self.score.title or self.file.stem

    @property
    def seconds(self) -> float:
        """How long it is, played once."""
        if self.imported.score is not None:
            return self.imported.score.seconds
        return max(note.end for note in self.imported.notes) / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Exporter:
    """How a form is written.

    write: makes the file, or the folder, whose files it then returns. suffixes: how the file's name must end; none for
    a folder. sounds: whether it matters what plays the tune.
    """

    write: Callable[[Source, Path], list[Path] | None]
    suffixes: tuple[str, ...] = ()
    sounds: bool = False


def export_file(file: Path, data: bytes, form: str, out: Path, sound: str | None = None) -> dict[str, Any]:
    """Write a MIDI file's bytes as `out` in one of the forms of `EXPORTERS`.

    sound: what plays it, where that matters; None for the first of `SOUNDS`. Says, as JSON may hold it, which files
    were written, their form, and how many seconds of music they hold. Raises InputError and faults.
    """
    exporter = EXPORTERS.get(form)
    if exporter is None:
        raise InputError(f"The format must be one of {', '.join(EXPORTERS)}, not “{form[:40]}”.")
    if sound is not None and sound not in SOUNDS:
        raise InputError(f"The sound must be one of {', '.join(SOUNDS)}, not “{sound[:40]}”.")
    if sound is not None and not exporter.sounds:
        raise InputError(f"The format {form} has no use for a sound: leave it out.")
    if exporter.suffixes and out.suffix.lower() not in exporter.suffixes:
        raise InputError(f"The output must end in {' or '.join(exporter.suffixes)}, not “{out.suffix}”.")
    if exporter.suffixes and not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.")
    source = Source(file, import_midi(data), sound or SOUNDS[0])
    try:
        files = exporter.write(source, out) or [out]
    except OSError as error:
        raise InputError(f"{out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error
    return {"files": [str(path) for path in files], "format": form, "seconds": round(source.seconds, 3)}


def render_file(file: Path, data: bytes, out: Path, sound: str | None = None) -> None:
    """Write `out`, whose suffix says what it is. sound: what plays it. Raises InputError and faults."""
    form = out.suffix[1:].lower()
    if form not in RENDERED:
        raise InputError(f"The output must end in .{', .'.join(RENDERED[:-1])} or .{RENDERED[-1]}, not “{out.suffix}”.")
    export_file(file, data, form, out, sound)


def data_of(make: Callable[[Score], bytes]) -> Callable[[Source, Path], None]:
    """A writer of what is made of a score in memory."""

    def write(source: Source, out: Path) -> None:
        out.write_bytes(make(source.score))

    return write


def write_midi(source: Source, out: Path) -> None:
    """The tune in our own form; any other file as it was read, without what is broken in it."""
    imported = source.imported
    (to_midi(imported.score) if imported.score else imported.midi).save(out)


def write_sound(source: Source, out: Path) -> None:
    """The sound, played once; of a tune that loops with the tags for it."""
    score = source.imported.score
    if score is not None or source.sound != SOUNDS[0]:  # the sound chip plays tunes alone
        tags = loop_tags(source.score) if out.suffix.lower() == ".ogg" else None
        write_score(source.score, out, source.sound, tags)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "tune.mid"
        # Written anew: FluidSynth reads neither RIFF-wrapped files nor bad data bytes.
        write_midi(source, plain)
        render_tune(plain, out, source.seconds)


def write_picture(source: Source, out: Path) -> None:
    """The piano roll."""
    write_tune_picture(source.score, out, source.title)


def write_notes(source: Source, out: Path) -> None:
    """The notes, as MusicXML or ABC."""
    write = write_abc if out.suffix.lower() == ".abc" else write_musicxml
    write(source.score, source.title, out)


def write_channels(source: Source, out: Path) -> list[Path]:
    """A folder of sounds: the channels, the mix, and intro and loop."""
    return write_stems(source.score, out, source.sound)


def write_video(source: Source, out: Path) -> None:
    """The scopes and the roll running by."""
    write_animation(source.score, source.title, out, source.sound)


EXPORTERS: dict[str, Exporter] = {
    "midi": Exporter(write_midi, (".mid", ".midi")),
    "nesmdb": Exporter(data_of(lambda score: midi_bytes(to_nesmdb(score))), (".mid", ".midi")),
    "nsf": Exporter(data_of(to_nsf), (".nsf",)),
    "vgm": Exporter(data_of(to_vgm), (".vgm",)),
    "famitracker": Exporter(data_of(lambda score: to_famitracker(score).encode()), (".txt",)),
    "musicxml": Exporter(write_notes, (".musicxml", ".xml")),
    "abc": Exporter(write_notes, (".abc",)),
    "wav": Exporter(write_sound, (".wav",), sounds=True),
    "ogg": Exporter(write_sound, (".ogg",), sounds=True),
    "mp3": Exporter(write_sound, (".mp3",), sounds=True),
    "mp4": Exporter(write_video, (".mp4",), sounds=True),
    "stems": Exporter(write_channels, sounds=True),
    "png": Exporter(write_picture, (".png",)),
}
