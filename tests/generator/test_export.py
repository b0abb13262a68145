"""`chiptune export` and `--sound apu` as people type them."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from bot.main import main
from models.midi import midi_bytes, read_score, to_midi
from tests.music import scale, twinkle


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    (tmp_path / "tune.mid").write_bytes(midi_bytes(to_midi(scale())))
    return tmp_path / "tune.mid"


@pytest.mark.parametrize(
    ("form", "begins"),
    [("nsf", b"NESM\x1a"), ("vgm", b"Vgm "), ("famitracker", b"# FamiTracker text export"), ("midi", b"MThd")],
)
def test_a_file_of_the_form_is_written(
    tune: Path, capsys: pytest.CaptureFixture[str], form: str, begins: bytes
) -> None:
    out = tune.parent / "out"
    assert main(["export", str(tune), "--to", form, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": [str(out)], "format": form, "seconds": 4.0}
    assert out.read_bytes().startswith(begins)


def test_nesmdb_is_read_back(tune: Path) -> None:
    assert main(["export", str(tune), "--to", "nesmdb", "--out", str(tune.parent / "n.mid")]) == 0
    assert read_score(tune.parent / "n.mid").channels == scale().channels


def test_stems_are_a_folder(tune: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tune), "--to", "stems", "--out", str(tune.parent / "a" / "b")]) == 0
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == [
        "p1.wav",
        "p2.wav",
        "tr.wav",
        "no.wav",
    ]


def test_a_tune_is_rendered_by_the_sound_chip(tune: Path) -> None:
    assert main(["render", str(tune), "--sound", "apu", "--out", str(tune.parent / "x.wav")]) == 0
    with wave.open(str(tune.parent / "x.wav")) as file:
        assert file.getnframes() == 4 * file.getframerate()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "song.mid", "--to", "nsf", "--out", "x"], "has no tracks p1, p2, tr and no: run chiptune remix"),
        (["export", "tune.mid", "--to", "mod", "--out", "x"], "The format must be one of nsf, vgm, famitracker"),
        (["export", "tune.mid", "--to", "nsf", "--out", "no/such/x"], "cannot be written: no such file"),
        (["render", "song.mid", "--sound", "apu", "--out", "x.wav"], "The sound chip needs the tracks"),
        (["render", "tune.mid", "--sound", "sid", "--out", "x.wav"], "The sound must be one of soundfont, apu"),
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
