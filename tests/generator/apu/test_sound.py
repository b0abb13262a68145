"""The sound of the exact path: notes are heard when and as the score has them, and files are like any other tune's."""

from __future__ import annotations

import shutil
import subprocess
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.sound.nsf_accuracy import compare, heard_share
from generator.apu.gme import GmeError, play_nsf
from generator.apu.nsf import SCORE_TICK, to_nsf
from generator.sound.fade import SHORTEST_FADE
from generator.sound.fluidsynth_audio import SAMPLE_RATE
from generator.sound.loudness import LOUDNESS, loudness_of
from generator.sound.playback import write_score
from models.music.midi import read_score
from models.music.score import Note, Score
from tests.conftest import ROOT
from tests.music import scale


def samples_of(path: Path) -> NDArray[np.float64]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (SAMPLE_RATE, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768


def test_notes_are_heard_where_the_score_has_them() -> None:
    score = scale(480)
    for counts in compare(score).values():
        assert counts["heard"] == counts["notes"]


@pytest.mark.parametrize("name", ["5", "9"])
def test_a_generated_tune_is_heard_as_written(name: str) -> None:
    score = read_score(ROOT / "docs" / "tunes" / f"{name}.mid")
    assert heard_share(compare(score)) >= 0.99


def test_another_tune_is_not_taken_for_the_score() -> None:
    score = scale(480)
    higher = tuple(tuple(replace(note, pitch=note.pitch + 1) for note in notes) for notes in score.channels)
    assert heard_share(compare(replace(score, channels=higher), to_nsf(score, SCORE_TICK))) < 0.05


def test_a_file_is_as_long_and_as_loud_as_any_tune(tmp_path: Path) -> None:
    write_score(scale(480), tmp_path / "tune.wav", "apu")
    samples = samples_of(tmp_path / "tune.wav")
    assert len(samples) == 8 * SAMPLE_RATE
    assert loudness_of(samples, SAMPLE_RATE) == pytest.approx(LOUDNESS, abs=0.3)


def test_silence_at_the_beginning_and_a_long_rest_are_kept(tmp_path: Path) -> None:
    score = Score(((Note(300, 330, 69), Note(900, 930, 69)), (), (), ()), 960)
    write_score(score, tmp_path / "tune.wav", "apu")
    loud = np.abs(samples_of(tmp_path / "tune.wav")) > 0.05
    frames = np.flatnonzero(loud) / SAMPLE_RATE * 60
    assert frames[0] == pytest.approx(300, abs=0.2)
    assert frames[-1] == pytest.approx(930, abs=0.5)
    assert not loud[335 * 735 : 899 * 735].any()


def test_a_tune_that_sounds_to_its_last_sample_ends_without_a_click(tmp_path: Path) -> None:
    write_score(Score(((Note(0, 61, 69),), (), (), ()), 61), tmp_path / "tune.wav", "apu")
    samples = np.abs(samples_of(tmp_path / "tune.wav"))
    faded = round(SHORTEST_FADE * SAMPLE_RATE)
    assert samples[-2 * faded : -faded].max() > 0.1
    assert samples[-1] < 0.001


def test_data_that_is_not_an_nsf_is_a_fault() -> None:
    with pytest.raises(GmeError, match="libgme: "):
        play_nsf(b"no file at all" * 20, 1, SAMPLE_RATE)


def test_another_program_plays_the_exported_file(tmp_path: Path) -> None:
    """Ffmpeg's own reading of the file, at the console's clock."""
    if (
        not shutil.which("ffmpeg")
        or b"libgme"
        not in subprocess.run(["ffmpeg", "-v", "error", "-demuxers"], capture_output=True, check=True).stdout
    ):
        pytest.skip("this ffmpeg has no libgme")
    (tmp_path / "tune.nsf").write_bytes(to_nsf(scale(480)))
    command = ["ffmpeg", "-v", "error", "-f", "libgme", "-i", str(tmp_path / "tune.nsf"), "-t", "6", "-f", "s16le", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    theirs = np.frombuffer(done.stdout, "<i2").reshape(-1, 2)[:, 0] / 32_768
    ours = play_nsf(to_nsf(scale(480)), 5, 44_100)
    first = round(16_666 * 44_100 / 1_000_000)
    assert np.corrcoef(theirs[first : first + len(ours)], ours)[0, 1] > 0.999
