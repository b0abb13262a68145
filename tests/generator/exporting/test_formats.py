"""`chiptune export` and `--sound` as people type them: every form is written, and what does not fit is refused."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.main import main
from generator.exporting.formats import EXPORTERS
from generator.sound.loudness import LOUDNESS, loudness_of
from models.music.midi import midi_bytes, read_score, to_midi
from models.music.score import Score
from tests.music import scale, twinkle

BEGINS = {
    "midi": b"MThd",
    "nesmdb": b"MThd",
    "nsf": b"NESM\x1a",
    "vgm": b"Vgm ",
    "famitracker": b"# FamiTracker text export",
    "musicxml": b"<?xml",
    "abc": b"%abc-2.1\n",
    "wav": b"RIFF",
    "ogg": b"OggS",
    "mp3": b"ID3",
    "mp4": b"\x00\x00\x00 ftyp",
    "png": b"\x89PNG",
    "score": b'{"frames": 120',
}


def short() -> Score:
    """Two seconds that go back to the first half one."""
    return replace(scale(120), loop=30)


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    (tmp_path / "tune.mid").write_bytes(midi_bytes(to_midi(short())))
    return tmp_path / "tune.mid"


def test_the_formats_are_those_of_the_table() -> None:
    assert set(EXPORTERS) == {*BEGINS, "stems"}


@pytest.mark.parametrize("form", BEGINS)
def test_a_file_of_the_format_is_written(tune: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    out = tune.parent / f"out{EXPORTERS[form].suffixes[0]}"
    assert main(["export", str(tune), "--to", form, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": [str(out)], "format": form, "seconds": 2.0}
    data = out.read_bytes()
    assert data.startswith(BEGINS[form])
    if form == "midi":
        assert read_score(out) == short()
    elif form == "nesmdb":
        assert read_score(out).channels == short().channels
    elif form == "musicxml":
        assert b"<score-partwise" in data
    elif form == "ogg":
        assert b"LOOPSTART=22050" in data
        assert b"LOOPLENGTH=66150" in data
    elif form == "png":
        with Image.open(out) as picture:
            assert picture.format == "PNG"


def test_stems_are_a_folder(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tune.parent / "a" / "b"
    assert main(["export", str(tune), "--to", "stems", "--out", str(out)]) == 0
    names = [f"{name}.wav" for name in ("p1", "p2", "tr", "no", "mix", "intro", "loop")]
    assert capsys.readouterr().out.splitlines() == [str(out / name) for name in names]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)


def test_any_midi_file_can_be_exported_as_sound_and_midi(tmp_path: Path) -> None:
    (tmp_path / "song.mid").write_bytes(twinkle())
    for form, out in (("wav", "song.wav"), ("midi", "again.mid")):
        assert main(["export", str(tmp_path / "song.mid"), "--to", form, "--out", str(tmp_path / out)]) == 0
        assert (tmp_path / out).read_bytes().startswith(BEGINS[form])


def test_the_sound_chip_plays_as_long_and_as_loud_and_not_the_same(tune: Path) -> None:
    sounds = {}
    for sound in ("soundfont", "apu"):
        out = tune.parent / f"{sound}.wav"
        assert main(["render", str(tune), "--sound", sound, "--out", str(out)]) == 0
        with wave.open(str(out)) as file:
            assert file.getnframes() == 2 * file.getframerate()
            sounds[sound] = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768
    for samples in sounds.values():
        assert loudness_of(samples, 44_100) == pytest.approx(LOUDNESS, abs=0.2)
    assert not np.array_equal(sounds["soundfont"], sounds["apu"])
    out = tune.parent / "exported.wav"
    assert main(["export", str(tune), "--to", "wav", "--sound", "apu", "--out", str(out)]) == 0
    assert out.read_bytes() == (tune.parent / "apu.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "song.mid", "--to", "nsf", "--out", "x.nsf"], "song.mid has no tracks p1, p2, tr and no: run chip"),
        (["export", "song.mid", "--to", "stems", "--out", "x"], "song.mid has no tracks p1, p2, tr and no: run chip"),
        (["export", "tune.mid", "--to", "mod", "--out", "x"], "The format must be one of midi, nesmdb, nsf"),
        (["export", "tune.mid", "--to", "ogg", "--out", "x"], "The output must end in .ogg, not “”."),
        (["export", "tune.mid", "--to", "nsf", "--out", "no/such/x.nsf"], "There is no folder no/such."),
        (["export", "tune.mid", "--to", "stems", "--out", "song.mid"], "song.mid cannot be written: file exists."),
        (["export", "tune.mid", "--to", "nsf", "--sound", "apu", "--out", "x.nsf"], "nsf has no use for a sound"),
        (
            ["export", "tune.mid", "--to", "ogg", "--sound", "sid", "--out", "x.ogg"],
            "one of soundfont, apu, not “sid”.",
        ),
        (["render", "song.mid", "--sound", "apu", "--out", "x.wav"], "song.mid has no tracks p1, p2, tr and no"),
        (["render", "tune.mid", "--sound", "sid", "--out", "x.wav"], "The sound must be one of soundfont, apu"),
        (["render", "tune.mid", "--sound", "apu", "--out", "x.png"], "The format png has no use for a sound"),
        (["generate", "--sound", "sid", "--out", "x"], "The sound must be one of soundfont, apu"),
    ],
)
def test_bad_input_is_one_sentence(
    tune: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    (tune.parent / "song.mid").write_bytes(twinkle())
    monkeypatch.chdir(tune.parent)
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
