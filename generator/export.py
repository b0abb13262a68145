"""A MIDI file in the forms that people go on working with: one line of `EXPORTERS` for each.

What a form holds is made by the module that the line's function calls; here is only who calls whom, and what is said
where a form does not fit the file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator.audio import render_tune
from generator.contract import InputError
from generator.ending import CUT, fade_of
from generator.importer import Import, import_midi
from generator.notation import write_abc, write_musicxml
from generator.picture import draw
from generator.stems import loop_tags, write_stems
from generator.video import write_video
from models.midi import to_midi
from models.score import FRAMES_PER_SECOND, Score


@dataclass(frozen=True, slots=True)
class Source:
    """What is exported: a MIDI file as it was read, and what to call it where it has no title."""

    name: str
    imported: Import

    @property
    def score(self) -> Score:
        """The tune; raises InputError for a file that is not of the console's four channels."""
        if self.imported.score is None:
            raise InputError("This needs the tracks p1, p2, tr and no: run chiptune remix on the file first.")
        return self.imported.score

    @property
    def title(self) -> str:
        """The tune's title, or the file's name."""
        return self.score.title or self.name


@dataclass(frozen=True, slots=True)
class Exporter:
    """write: makes the file or the folder. suffixes: how its name must end; none for a folder."""

    write: Callable[[Source, Path], None]
    suffixes: tuple[str, ...] = ()


def export_file(file: Path, data: bytes, form: str, out: Path) -> None:
    """Write a MIDI file's bytes as `out` in one of the forms of `EXPORTERS`. Raises InputError and faults."""
    exporter = EXPORTERS.get(form)
    if exporter is None:
        raise InputError(f"The form must be one of {', '.join(EXPORTERS)}, not “{form}”.")
    if exporter.suffixes and out.suffix.lower() not in exporter.suffixes:
        raise InputError(f"The output must end in {' or '.join(exporter.suffixes)}, not “{out.suffix}”.")
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent}.")
    source = Source(file.stem, import_midi(data))
    try:
        exporter.write(source, out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error


def write_midi(source: Source, out: Path) -> None:
    """The tune in our own form; any other file as it was read, without what is broken in it."""
    imported = source.imported
    (to_midi(imported.score) if imported.score else imported.midi).save(out)


def write_sound(source: Source, out: Path) -> None:
    """The sound, played once; of a tune that loops with the tags for it."""
    score = source.imported.score
    notes = source.imported.notes
    seconds = score.seconds if score else max(note.end for note in notes) / FRAMES_PER_SECOND
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "tune.mid"
        # Written anew: FluidSynth reads neither RIFF-wrapped files nor bad data bytes, nor NES-MDB's volumes.
        write_midi(source, plain)
        tags = loop_tags(score) if score and out.suffix.lower() == ".ogg" else None
        render_tune(plain, out, seconds, fade_of(score) if score else CUT, tags)


def write_picture(source: Source, out: Path) -> None:
    """The piano roll."""
    draw(source.score, out, source.title)


def write_notes(source: Source, out: Path) -> None:
    """The notes, as MusicXML or ABC."""
    write = write_abc if out.suffix.lower() == ".abc" else write_musicxml
    write(source.score, source.title, out)


def write_channels(source: Source, out: Path) -> None:
    """A folder of sounds: the channels, the mix, and intro and loop."""
    write_stems(source.score, out)


def write_film(source: Source, out: Path) -> None:
    """The video."""
    write_video(source.score, source.title, out)


EXPORTERS: dict[str, Exporter] = {
    "midi": Exporter(write_midi, (".mid", ".midi")),
    "musicxml": Exporter(write_notes, (".musicxml", ".xml")),
    "abc": Exporter(write_notes, (".abc",)),
    "wav": Exporter(write_sound, (".wav",)),
    "ogg": Exporter(write_sound, (".ogg",)),
    "mp3": Exporter(write_sound, (".mp3",)),
    "mp4": Exporter(write_film, (".mp4",)),
    "stems": Exporter(write_channels),
    "png": Exporter(write_picture, (".png",)),
}
