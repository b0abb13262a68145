"""Exports a MIDI file to other formats: `EXPORTERS` has one entry for each.

The modules that write the formats know what is in them. This module only chooses the writer, and raises an error if a
format does not fit the file.
"""

from __future__ import annotations

import json
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
from generator.pictures.scope_film import write_scope_film
from generator.pictures.tune_picture import write_tune_picture
from generator.protocol.errors import InputError
from generator.protocol.names import SOUNDS
from generator.sound.fluidsynth_audio import render_tune
from generator.sound.playback import write_score
from generator.sound.stems import loop_tags, write_stems
from models.music.midi import midi_bytes, to_midi, to_nesmdb
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.score_json import score_to_json

RENDER_FORMATS = ("wav", "ogg", "mp3", "png")
"""The formats that `chiptune render` writes."""


def _ignore(_: float) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class Source:
    """A MIDI file to export, as it was read, and the sound that plays it, one of `SOUNDS`.

    report: is called with the share that is done, 0 to 1, by the formats that take long.
    """

    file: Path
    imported: Import
    sound: str = SOUNDS[0]
    report: Callable[[float], None] = _ignore

    @property
    def score(self) -> Score:
        """The tune. Raise InputError if the file does not have the console's four channels."""
        if self.imported.score is None:
            raise InputError(f"{self.file.name} has no tracks p1, p2, tr and no: run chiptune remix on the file first.")
        return self.imported.score

    @property
    def title(self) -> str:
        """The tune's title, or the file's name."""
        return self.score.title or self.file.stem

    @property
    def seconds(self) -> float:
        """The length of the tune, played once."""
        if self.imported.score is not None:
            return self.imported.score.seconds
        return max(note.end for note in self.imported.notes) / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Exporter:
    """How a format is written.

    write: writes the file, or the folder; for a folder it returns its files. suffixes: allowed endings of the file's
    name; empty for a folder. sounds: whether the choice of sound matters.
    """

    write: Callable[[Source, Path], list[Path] | None]
    suffixes: tuple[str, ...] = ()
    sounds: bool = False


def export_file(
    file: Path,
    data: bytes,
    form: str,
    out: Path,
    sound: str | None = None,
    *,
    report: Callable[[float], None] = _ignore,
) -> dict[str, Any]:
    """Write a MIDI file as `out`, in one of the formats of `EXPORTERS`.

    sound: what plays it, if that matters; None for the first of `SOUNDS`. report: see `Source`. Return the files, the
    format and the seconds of music, ready for JSON. Raise InputError if the arguments do not fit the file, and
    FaultError if a program fails.
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
    source = Source(file, import_midi(data), sound or SOUNDS[0], report)
    try:
        files = exporter.write(source, out) or [out]
    except OSError as error:
        raise InputError(f"{out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error
    return {"files": [str(path) for path in files], "format": form, "seconds": round(source.seconds, 3)}


def render_file(file: Path, data: bytes, out: Path, sound: str | None = None) -> None:
    """Write a MIDI file as sound or picture; the suffix of `out` selects the format.

    sound: what plays it. Raise InputError and FaultError as `export_file` does.
    """
    form = out.suffix[1:].lower()
    if form not in RENDER_FORMATS:
        raise InputError(
            f"The output must end in .{', .'.join(RENDER_FORMATS[:-1])} or .{RENDER_FORMATS[-1]}, not “{out.suffix}”."
        )
    export_file(file, data, form, out, sound)


def _bytes_writer(convert: Callable[[Score], bytes]) -> Callable[[Source, Path], None]:
    """Return a writer for a format that is made in memory."""

    def write(source: Source, out: Path) -> None:
        out.write_bytes(convert(source.score))

    return write


def write_midi(source: Source, out: Path) -> None:
    """Write the tune in our own form, or any other MIDI file as it was read, without its broken parts."""
    imported = source.imported
    (to_midi(imported.score) if imported.score else imported.midi).save(out)


def write_sound(source: Source, out: Path) -> None:
    """Write the sound of the tune, played once, with loop tags if it loops."""
    score = source.imported.score
    if score is not None or source.sound != SOUNDS[0]:  # only the soundfont can play other MIDI files
        tags = loop_tags(source.score) if out.suffix.lower() == ".ogg" else None
        write_score(source.score, out, source.sound, tags)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "tune.mid"
        # Written again because FluidSynth reads neither RIFF-wrapped files nor bad data bytes.
        write_midi(source, plain)
        render_tune(plain, out, source.seconds)


def write_picture(source: Source, out: Path) -> None:
    """Write the piano roll."""
    write_tune_picture(source.score, out, source.title)


def write_notes(source: Source, out: Path) -> None:
    """Write the notes as MusicXML or ABC."""
    write = write_abc if out.suffix.lower() == ".abc" else write_musicxml
    write(source.score, source.title, out)


def write_channels(source: Source, out: Path) -> list[Path]:
    """Write a folder of sounds: the channels, the mix, and intro and loop."""
    return write_stems(source.score, out, source.sound)


def write_video(source: Source, out: Path) -> None:
    """Write a film of oscilloscopes and a scrolling piano roll."""
    write_scope_film(source.score, source.title, out, source.sound, source.report)


EXPORTERS: dict[str, Exporter] = {
    "midi": Exporter(write_midi, (".mid", ".midi")),
    "nesmdb": Exporter(_bytes_writer(lambda score: midi_bytes(to_nesmdb(score))), (".mid", ".midi")),
    "nsf": Exporter(_bytes_writer(to_nsf), (".nsf",)),
    "vgm": Exporter(_bytes_writer(to_vgm), (".vgm",)),
    "famitracker": Exporter(_bytes_writer(lambda score: to_famitracker(score).encode()), (".txt",)),
    "musicxml": Exporter(write_notes, (".musicxml", ".xml")),
    "abc": Exporter(write_notes, (".abc",)),
    "wav": Exporter(write_sound, (".wav",), sounds=True),
    "ogg": Exporter(write_sound, (".ogg",), sounds=True),
    "mp3": Exporter(write_sound, (".mp3",), sounds=True),
    "mp4": Exporter(write_video, (".mp4",), sounds=True),
    "stems": Exporter(write_channels, sounds=True),
    "png": Exporter(write_picture, (".png",)),
    "score": Exporter(_bytes_writer(lambda score: json.dumps(score_to_json(score)).encode()), (".json",)),
}
