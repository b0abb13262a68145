"""Exports in the generator process: every format, from a tune's MIDI file."""

import zipfile
from pathlib import Path

import pytest

from generator.process.exports import run_export
from generator.protocol.errors import JobCancelled
from generator.protocol.exports import EXPORT_FORMATS
from generator.protocol.results import Exported, ExportJob, Failure, Progress
from models.music.midi import midi_bytes, to_midi
from tests.music import scale


def job_for(name: str, folder: Path, sound: str = "soundfont") -> ExportJob:
    midi = folder / "tune.mid"
    midi.write_bytes(midi_bytes(to_midi(scale(240))))
    return ExportJob(id="x", midi=str(midi), format=name, folder=str(folder), sound=sound)


@pytest.mark.parametrize("name", ["nsf", "famitracker", "stems", "musicxml", "mp4"])
def test_a_format_becomes_one_file(name: str, tmp_path: Path) -> None:
    told: list[Progress] = []
    answer = run_export(job_for(name, tmp_path), told.append)
    assert isinstance(answer, Exported)
    file = tmp_path / answer.file
    assert file.suffix == EXPORT_FORMATS[name].suffix
    assert file.stat().st_size > 100
    shares = [progress.fraction for progress in told]
    assert shares == sorted(shares)
    if name == "stems":
        with zipfile.ZipFile(file) as archive:
            assert {"p1.wav", "mix.wav"} <= set(archive.namelist())
    if name == "mp4":
        assert len(told) > 4


def test_a_film_can_be_cancelled(tmp_path: Path) -> None:
    def cancel(progress: Progress) -> None:
        if progress.fraction > 0.3:
            raise JobCancelled

    answer = run_export(job_for("mp4", tmp_path), cancel)
    assert isinstance(answer, Failure)
    assert not answer.fault
