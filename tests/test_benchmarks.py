"""Every benchmark runs: at toy size, on music made here, with a tiny model if it needs one. Figures are not checked."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.music.midi import midi_bytes, to_midi
from models.music.scenes import SCENES
from models.music.songs import TRAIN_FILE, VALID_FILE, Song, write_songs
from tests.conftest import ROOT
from tests.models.tiny import write_model
from tests.music import random_score, scale, twinkle

HELPERS = {
    "importing.conditional_logit",
    "importing.midi_mutations",
    "sound.noise_onsets",
    "sound.nsf_player",
    "sound.pitch_onsets",
    "speed.network_runners",
}
"""Modules that other benchmarks use and that cannot be run."""


def song(number: int, seconds: int) -> Song:
    return Song(
        name=f"song {number}",
        game=f"game {number}",
        collection="nesmdb",
        scene=SCENES[number % len(SCENES)],
        key="C",
        key_correlation=0.9,
        reduction=0,
        real=True,
        score=scale(60 * seconds),
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, a model, MIDI files and a log of training."""
    folder = tmp_path_factory.mktemp("benchmarks")
    for name in ("corpus", "midi", "nesmdb", "run", "out"):
        (folder / name).mkdir()
    write_songs(folder / "corpus" / TRAIN_FILE, (song(number, 40) for number in range(6)))
    write_songs(folder / "corpus" / VALID_FILE, (song(number, 22) for number in range(2)))
    for game in "ae":  # one game for tuning, one held out
        (folder / "midi" / game).mkdir()
        (folder / f"midi/{game}/twinkle.mid").write_bytes(twinkle())
    (folder / "nesmdb/scale.mid").write_bytes(midi_bytes(to_midi(scale())))
    original = midi_bytes(to_midi(random_score(5)))  # the same as a fan's file and as the console's song
    for place in ("fans/rad-racer/1.mid", "console/000_RadRacer_00_1.mid"):
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(original)
    (folder / "run/log.jsonl").write_text("".join(f"{json.dumps({'loss': 5 - step / 100})}\n" for step in range(100)))
    write_model(folder / "model", context=512, uniform=True, sounds=True, listener=True)
    return folder


RUNS = {
    "bot.battles": "--songs 6 --judgements 8 --seeds 2",
    "bot.charts": "--songs 50 --votes 200 --people 20",
    "bot.load": "--people 2 --fake",
    "bot.post_picture": "--out {out} --fake --html",
    "bot.queue": "--rows 20 --people 5 --servers 2",
    "bot.taste": "--servers 2 --looks 1 --votes 60",
    "composing.accompaniment_clash": "{corpus} --model {model} --songs 2",
    "composing.controls": "{corpus} --model {model} --tunes 1 --scenes 1 --seconds 4 --scene-seconds 4",
    "composing.listener_gain": "{corpus}/valid.jsonl.gz --model {model} --count 2 --beats 8",
    "composing.originality": "{corpus} --tunes {nesmdb} --count 2",
    "composing.remix_modes": "{corpus} --model {model} --songs 1",
    "composing.representations": "{corpus} --steps 1 --songs 4000 --valid 360 --layers 1",
    "composing.training_log": "{run}",
    "importing.arranger": "{midi} --files 1 --pictures {out} --nesmdb {nesmdb}",
    "importing.beats": "{midi} --files 2 --fit",
    "importing.console_originals": "{fans} {console} --pairs {out}/pairs.json --pictures {out}",
    "importing.learn_salience": "{fans} {console}",
    "importing.fuzz": "{midi} --count 2",
    "sound.nsf_accuracy": "{nesmdb} --songs 1",
    "sound.soundfont": "{nesmdb}/scale.mid --octaves --seconds 1",
    "sound.spectra": "--out {out}/spectra.png",
    "speed.engine": "--sizes 1 --texts 1,2 --rounds 1 --tokens 20 --models {model} --seconds 2",
    "speed.stages": "--rounds 1 --lengths 2,4 --queued 2 --out {out}",
}


@pytest.mark.parametrize("name", RUNS)
def test_a_benchmark_runs(name: str, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main: Callable[[list[str]], int | None] = importlib.import_module(f"benchmarks.{name}").main
    places = {folder.name: folder for folder in inputs.iterdir()}
    assert not main([argument.format(**places) for argument in RUNS[name].split()])
    printed = capsys.readouterr().out
    assert printed or any((inputs / "out").iterdir())
    assert "nan" not in printed.split()


def test_every_benchmark_runs_here_and_is_in_the_table() -> None:
    files = {file.relative_to(ROOT / "benchmarks") for file in (ROOT / "benchmarks").rglob("*.py")}
    modules = {".".join(file.with_suffix("").parts) for file in files if file.name != "__init__.py"}
    assert modules == {*RUNS, *HELPERS}
    table = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    assert [name for name in RUNS if f"`{name}`" not in table] == []
