"""The commands as people type them: what they print, which files they write, and how they refuse.

torch takes seconds to load, so one process runs many commands; `Ran` is what became of each.
"""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from generator.protocol.names import KEYS
from generator.protocol.uploads import digest
from models.music.midi import midi_bytes, read_score, to_midi
from models.weights import DEFAULT_MODEL
from tests.archives import zipped
from tests.conftest import ROOT
from tests.music import events, scale, smf, twinkle

MANY = """
import contextlib, io, json, sys
from bot.main import main

done = []
for arguments in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as error:
            code = error.code
    done.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run_many(*commands: list[str]) -> list[Ran]:
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        input=json.dumps(commands),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [Ran(*one) for one in json.loads(done.stdout)]


def chiptune(*arguments: str) -> Ran:
    """One command in a process of its own, as the script starts it."""
    program = "import sys; from bot.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    return Ran(done.returncode, done.stdout, done.stderr)


GENERATE = ["generate", "--seconds", "3", "--bpm", "150", "--scene", "boss", "--json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands are given: good files and bad ones."""
    folder = tmp_path_factory.mktemp("cli")
    hour = events("00 90 3c 40  ff ff 7f 80 3c 00") + events("ff ff 7f ff 01 01 61") * 4
    for name, data in {
        "song.mid": twinkle(),
        "tune.mid": midi_bytes(to_midi(scale())),
        "two.zip": zipped({"one.mid": twinkle(), "two.mid": twinkle()}),
        "empty.mid": b"",
        "text.mid": b"Once upon a time",
        "damaged.mid": twinkle()[:26],
        "hour.mid": smf(hour),
        "tracks.mid": smf(*[b"\x00\xff\x2f\x00"] * 300),
        "silent.mid": smf(b"\x00\xff\x2f\x00"),
    }.items():
        (folder / name).write_bytes(data)
    with (folder / "huge.mid").open("wb") as file:
        file.write(b"MThd")
        file.truncate(50 * 1024 * 1024)
    return folder


@pytest.fixture(scope="module")
def good(folder: Path) -> dict[str, Ran]:
    """Commands that succeed."""
    commands = {
        "first": [*GENERATE, "--seed", "7", "--out", str(folder / "first")],
        "again": [*GENERATE, "--seed", "7", "--out", str(folder / "again")],
        "other": [*GENERATE, "--seed", "8", "--out", str(folder / "other")],
        "remix": ["remix", str(folder / "song.mid"), "--seed", "1", "--json", "--out", str(folder / "deep" / "remix")],
        "accompany": [
            "remix",
            str(folder / "tune.mid"),
            "--mode",
            "accompany",
            "--keep",
            "p1,no",
            "--takes",
            "1",
            "--seed",
            "2",
            "--json",
            "--out",
            str(folder / "accompany"),
        ],
        "faster": [
            "remix",
            str(folder / "tune.mid"),
            "--bpm",
            "150",
            "--transpose",
            "3",
            "--json",
            "--out",
            str(folder / "faster"),
        ],
        "member": [
            "remix",
            str(folder / "two.zip"),
            "--member",
            "two.mid",
            "--json",
            "--out",
            str(folder / "member"),
        ],
        "words": ["remix", str(folder / "tune.mid"), "--out", str(folder / "words")],
        **{
            kind: ["render", str(folder / "tune.mid"), "--out", str(folder / f"sound.{kind}")]
            for kind in ("wav", "ogg", "mp3", "png")
        },
    }
    return dict(zip(commands, run_many(*commands.values()), strict=True))


def test_the_commands_succeed_without_a_traceback(good: dict[str, Ran]) -> None:
    assert {name: ran.code for name, ran in good.items()} == dict.fromkeys(good, 0)
    assert not any("Traceback" in ran.err for ran in good.values())


def test_json_is_one_object_with_the_documented_names(good: dict[str, Ran]) -> None:
    for name in ("first", "remix"):
        assert good[name].out.count("\n") == 1
        printed = json.loads(good[name].out)
        assert {"midi", "audio", "picture", "seconds", "bpm", "key", "seed", "model", "engine", "timings"} <= set(
            printed
        )
        assert all(Path(printed[kind]).stat().st_size > 100 for kind in ("midi", "audio", "picture"))
        assert printed["key"] in KEYS
        stages = printed["timings"]
        assert all(isinstance(seconds, float) for seconds in stages.values())
        assert (
            stages["total"]
            >= sum(seconds for stage, seconds in stages.items() if stage not in ("total", "processor")) - 0.05
        )
    assert json.loads(good["first"].out)["seed"] == 7
    assert json.loads(good["remix"].out)["title"] == "song"


def test_the_same_seed_gives_the_same_files_and_another_seed_others(good: dict[str, Ran], folder: Path) -> None:
    def files(name: str) -> list[str]:
        return [digest((folder / name / file).read_bytes()) for file in ("tune.mid", "tune.ogg", "tune.png")]

    assert files("first") == files("again")
    assert files("first")[0] != files("other")[0]


def test_the_tune_is_as_requested(good: dict[str, Ran]) -> None:
    printed = json.loads(good["first"].out)
    score = read_score(Path(printed["midi"]))
    assert score.seconds == pytest.approx(printed["seconds"], abs=0.001) == pytest.approx(3, abs=0.1)
    assert printed["bpm"] == pytest.approx(150, abs=0.5)
    assert score.title == printed["title"]


def test_kept_channels_are_in_the_file_to_the_note(good: dict[str, Ran], folder: Path) -> None:
    printed = json.loads(good["accompany"].out)
    before, after = read_score(folder / "tune.mid"), read_score(Path(printed["midi"]))
    assert after.channels[0] == before.channels[0]
    assert after.channels[3] == before.channels[3]
    assert after.channels[1:3] != before.channels[1:3]
    assert printed["report"] == "Kept pulse 1 and noise; the other channels were written anew."
    assert (printed["model"], printed["engine"].split("-")[0]) == (DEFAULT_MODEL, "onnxruntime")


def test_a_remix_in_another_tempo_and_key(good: dict[str, Ran], folder: Path) -> None:
    printed = json.loads(good["faster"].out)
    before, after = read_score(folder / "tune.mid"), read_score(Path(printed["midi"]))
    assert (printed["bpm"], printed["key"], printed["seconds"]) == (150.0, "Eb", pytest.approx(3.2, abs=0.02))
    assert [note.pitch - 3 for note in after.channels[0]] == [note.pitch for note in before.channels[0]]


def test_one_file_of_a_zip_is_remixed(good: dict[str, Ran]) -> None:
    assert json.loads(good["member"].out)["title"] == "two"


def test_without_json_the_result_is_printed_for_people(good: dict[str, Ran], folder: Path) -> None:
    lines = good["words"].out.splitlines()
    assert lines[0].startswith("tune: 4 s, 120 BPM, ")
    assert lines[1] == f"The file already has the four channels: all {scale().note_count} notes kept."
    assert lines[2:] == [str(folder / "words" / name) for name in ("tune.mid", "tune.ogg", "tune.png")]


def test_rendered_files_have_the_requested_format(good: dict[str, Ran], folder: Path) -> None:
    assert good["wav"].out == ""
    with wave.open(str(folder / "sound.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(4.0, abs=0.01)
    assert (folder / "sound.ogg").read_bytes()[:4] == b"OggS"
    assert (folder / "sound.mp3").read_bytes()[:3] == b"ID3" or (folder / "sound.mp3").read_bytes()[0] == 0xFF
    with Image.open(folder / "sound.png") as picture:
        assert picture.format == "PNG"


REMIX, GEN = ["remix"], ["generate", "--seed", "1"]
BAD: dict[str, tuple[list[str], str | None, str]] = {
    "no MIDI": (REMIX, "text.mid", "no music file"),
    "a zip of two": (REMIX, "two.zip", "Choose one of them: one.mid and two.mid."),
    "no such member": ([*REMIX, "--member", "three.mid"], "two.zip", "no file called three.mid in the zip"),
    "empty": (REMIX, "empty.mid", "The file is empty."),
    "damaged": (REMIX, "damaged.mid", "damaged"),
    "50 MB": (REMIX, "huge.mid", "50.0 MB; 1 MB is the most"),
    "an hour": (REMIX, "hour.mid", "minutes is the most"),
    "300 tracks": (REMIX, "tracks.mid", "300 tracks; 128 is the most"),
    "no notes": (REMIX, "silent.mid", "holds no notes"),
    "no file": (REMIX, "nowhere.mid", "cannot be read"),
    "a folder": (REMIX, ".", "cannot be read"),
    "a mode": ([*REMIX, "--mode", "dance"], "song.mid", "The mode must be one of"),
    "all kept": ([*REMIX, "--mode", "accompany", "--keep", "p1,p2,tr,no"], "song.mid", "there is nothing to write"),
    "no use": ([*REMIX, "--span", "1-2"], "song.mid", "The mode arrange has no use for span"),
    "no such bar": ([*REMIX, "--mode", "infill", "--span", "90-99"], "song.mid", "there is no bar 90"),
    "two lengths": ([*GEN, "--seconds", "5", "--bars", "2"], None, "not allowed with argument --seconds"),
    "a density": ([*GEN, "--density", "thick"], None, "The density must be one of low, medium, high"),
    "a key": ([*GEN, "--key", "H"], None, "There is no key called “H”"),
    "a scene": ([*GEN, "--scene", "beach"], None, "The scene must be one of"),
    "negative": ([*GEN, "--seconds", "-5"], None, "The length must be 2 to 180 seconds, not “-5.0”."),
    "too long": ([*GEN, "--seconds", "1e9"], None, "The length must be 2 to 180 seconds"),
    "not a number": ([*GEN, "--seconds", "nan"], None, "The length must be 2 to 180 seconds"),
    "no number": ([*GEN, "--seconds", "many"], None, "invalid float value: 'many'"),
    "a tempo": ([*GEN, "--bpm", "1000"], None, "The tempo must be 90 to 180 BPM"),
    "a temperature": ([*GEN, "--temperature", "0"], None, "The temperature must be"),
    "a seed": (["generate", "--seed", "-1"], None, "The seed must be a whole number"),
    "a model": ([*GEN, "--model", "../nes"], None, "There is no model called"),
    "another model": ([*GEN, "--model", "other"], None, "There is no model called"),
    "an option": ([*GEN, "--loudness", "3"], None, "nrecognized arguments: --loudness 3"),
}


@pytest.fixture(scope="module")
def refused(folder: Path) -> dict[str, Ran]:
    commands = {
        name: [given[0], *([str(folder / file)] if file else []), *given[1:], "--out", str(folder / "bad")]
        for name, (given, file, _) in BAD.items()
    }
    return dict(zip(commands, run_many(*commands.values()), strict=True))


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_one_sentence(refused: dict[str, Ran], name: str) -> None:
    ran = refused[name]
    assert (ran.code, ran.out) == (2, "")
    assert BAD[name][2] in ran.err
    assert ran.err.count("\n") == 1
    assert ran.err.endswith(".\n")


def test_a_refusal_ends_the_process_with_code_2(folder: Path) -> None:
    for arguments in (
        ["generate", "--key", "H", "--out", str(folder / "bad")],
        ["render", str(folder / "song.mid"), "--out", str(folder / "x.txt")],
        ["render", str(folder / "song.mid"), "--out", str(folder / "x.png")],
        ["generate"],
        ["dance"],
    ):
        ran = chiptune(*arguments)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
        assert "Traceback" not in ran.err


@pytest.mark.long
def test_another_process_writes_the_same_tune(good: dict[str, Ran], folder: Path) -> None:
    ran = chiptune(*GENERATE, "--seed", "7", "--out", str(folder / "process"))
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    for name in ("tune.mid", "tune.ogg", "tune.png"):
        assert (folder / "process" / name).read_bytes() == (folder / "first" / name).read_bytes()
    assert good["first"].code == 0
