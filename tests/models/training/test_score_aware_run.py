"""A tiny run of the network that knows the score: it learns, stops and goes on, and leaves a whole model behind."""

import json
import shutil
import tarfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from models.cli import COMMANDS
from models.errors import UsageError
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.songs import TRAIN_FILE
from models.training.evaluate import evaluate
from models.training.examples import read_examples
from models.training.score_aware.checkpoint import load_checkpoint
from models.training.score_aware.crops import ScoreAwareCrops
from models.training.score_aware.network import Network, parameter_count
from models.training.score_aware.pieces import write_pieces
from models.training.score_aware.run import ScoreAwareTrainer, train_score_aware
from models.training.score_aware.settings import PRESETS, ScoreAwareSettings, read_settings
from models.training.score_aware.songs import Songs, load_songs, songs_of
from models.training.score_aware.store import Store, build, told_of
from models.training.status import read_status
from tests.models.conftest import MakeModel
from tests.models.tiny import codebook

TINY = ScoreAwareSettings(steps=4, short_steps=2, rows=2, length=64, width=64, layers=1, warmup=2)


@pytest.fixture(scope="module")
def start(make_model: MakeModel) -> Path:
    return make_model(3, sounds=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, start: Path) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_score_aware([corpus_folder], folder, TINY, start=start)
    return folder


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_leaves_a_model_that_writes_and_is_scored(run: Path, midi_folder: Path) -> None:
    found = evaluate(midi_folder, run)
    assert found.kept == 1.0
    assert 0 < found.nats_per_note < 100
    score = Composer(run).compose(TuneSpec(frames=200, seed=1))
    assert score.note_count > 0


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    run: Path, corpus_folder: Path, start: Path, tmp_path: Path
) -> None:
    train_score_aware([corpus_folder], tmp_path, TINY, start=start, stop_at=2)
    assert losses(tmp_path) == losses(run)[:2]
    train_score_aware([corpus_folder], tmp_path, TINY, start=start)
    assert losses(tmp_path) == losses(run)
    one, two = (load_checkpoint(folder).state_dict() for folder in (run, tmp_path))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_run_can_start_from_the_weights_of_a_model(run: Path, corpus_folder: Path, tmp_path: Path) -> None:
    settings = replace(TINY, warmup=1_000_000)  # the rates stay near zero, and so do the changes
    train_score_aware([corpus_folder], tmp_path, settings, start=run, from_weights=True, stop_at=1)
    one, two = (load_checkpoint(folder).state_dict() for folder in (run, tmp_path))
    assert all(torch.allclose(one[name], two[name], atol=1e-3) for name in one)
    train_score_aware([corpus_folder], tmp_path, settings, start=run, from_weights=True, stop_at=2)
    assert len(losses(tmp_path)) == 2, "a run that exists goes on"


def test_weights_of_another_size_or_another_kind_are_refused(
    run: Path, corpus_folder: Path, start: Path, tmp_path: Path
) -> None:
    for model, settings in ((run, replace(TINY, width=128)), (start, TINY)):
        with pytest.raises(UsageError):
            train_score_aware([corpus_folder], tmp_path / "new", settings, start=model, from_weights=True)


def test_the_average_follows_the_weights(run: Path) -> None:
    trainer = ScoreAwareTrainer(run, ScoreAwareCrops(Store(run / "features"), 0), TINY)
    trainer.resume()
    assert trainer.step == TINY.steps
    name = "companion.mixes.weight"
    before, weights = trainer.average[name].clone(), trainer.parameters[name].detach()
    assert not torch.equal(before, weights)
    trainer.after_step()
    assert (trainer.average[name] - weights).abs().sum() < (before - weights).abs().sum()


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_step_is_taken_in_either_precision(run: Path, tmp_path: Path, precision: str) -> None:
    settings = replace(TINY, precision=precision)
    trainer = ScoreAwareTrainer(tmp_path, ScoreAwareCrops(Store(run / "features"), 0), settings)
    assert trainer.bfloat16 == (precision == "bfloat16")
    first, tokens = trainer.loss()
    assert tokens == TINY.rows * TINY.length // 2
    assert 4 < first.item() < 9


def test_crops_are_the_same_for_a_step_and_others_for_another(run: Path) -> None:
    crops = ScoreAwareCrops(Store(run / "features"), 5)
    (one, following), (again, _), (other, _) = crops.batch(3, 4, 50), crops.batch(3, 4, 50), crops.batch(4, 4, 50)
    assert (one.indices == again.indices).all()
    assert one.ids.shape != other.ids.shape or (one.ids != other.ids).any()
    assert (one.ids[:, 1:] == following[:, :-1]).all()


def test_about_a_third_of_the_crops_have_given_channels(run: Path) -> None:
    crops = ScoreAwareCrops(Store(run / "features"), 1)
    share = sum(len(crops.batch(step, 8, 20)[0].given_rows) for step in range(40)) / 320
    assert 0.23 < share < 0.43


def test_a_store_is_made_once_and_made_anew_for_another_version(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = songs_of(read_examples(corpus_folder / TRAIN_FILE, codebook()))
    store = build(songs, tmp_path / "features")
    told = told_of(songs.song(0).tolist())
    assert store.events(0).tolist() == told.events.tolist()
    assert store.played(0).ticks[0].tolist() == told.played.ticks[0].tolist()
    written = (tmp_path / "features" / "raw.npy").stat().st_mtime_ns
    build(songs, tmp_path / "features")
    assert (tmp_path / "features" / "raw.npy").stat().st_mtime_ns == written
    monkeypatch.setattr("models.training.score_aware.store.VERSION", 2)
    with pytest.raises(UsageError):
        Store(tmp_path / "features")
    build(songs, tmp_path / "features")
    assert (tmp_path / "features" / "raw.npy").stat().st_mtime_ns != written


def test_the_rate_stays_and_falls_once() -> None:
    settings = ScoreAwareSettings(steps=1000, warmup=10, cooldown=0.2)
    rates = [settings.rate(step) for step in range(1000)]
    assert rates[0] == 0.1
    assert set(rates[10:800]) == {1.0}
    assert all(after < before for before, after in pairwise(rates[800:]))


def test_a_run_that_cools_down_starts_below_the_full_rate_and_only_falls() -> None:
    settings = PRESETS["cooldown"]
    rates = [settings.rate(step) for step in range(settings.steps)]
    assert 0.4 < max(rates) <= 0.5
    assert all(after < before for before, after in pairwise(rates[settings.warmup :]))


def test_a_run_with_a_time_limit_follows_the_clock() -> None:
    settings = ScoreAwareSettings(steps=1000, warmup=10, cooldown=0.5, minutes=10)
    assert settings.rate(100, seconds=200) == 1.0
    assert settings.rate(100, seconds=450) == pytest.approx(0.5)
    assert settings.rate(750, seconds=0) == pytest.approx(0.5)
    assert settings.progress(5, seconds=700) == 1.0


def test_a_run_ends_when_its_minutes_are_spent(run: Path, tmp_path: Path) -> None:
    settings = replace(TINY, steps=50, minutes=0.0005)
    trainer = ScoreAwareTrainer(tmp_path, ScoreAwareCrops(Store(run / "features"), 0), settings)
    steps = [record["step"] for record in trainer.run(50, 1000)]
    assert 0 < len(steps) < 50
    saved = json.loads((tmp_path / "state" / "step.json").read_text())
    assert saved["step"] == steps[-1]
    assert saved["seconds"] >= 0.03


def test_batches_made_in_other_processes_are_the_same(run: Path, tmp_path: Path) -> None:
    store = Store(run / "features")
    alone, helped = (
        [record["loss"] for record in ScoreAwareTrainer(folder, ScoreAwareCrops(store, 0), TINY, workers).run(3, 10)]
        for folder, workers in ((tmp_path / "alone", 0), (tmp_path / "helped", 2))
    )
    assert alone == helped


def test_a_prepared_run_trains_without_the_corpus_and_leaves_its_checkpoint_in_pieces(
    corpus_folder: Path, start: Path, tmp_path: Path
) -> None:
    """As on a machine that gets only the prepared folder and returns only small files."""
    here, there, returned = tmp_path / "here", tmp_path / "there", tmp_path / "returned"
    assert (
        COMMANDS["train"]([str(corpus_folder), "--score-aware", "--out", str(here), "--prepare", "--start", str(start)])
        == 0
    )
    assert not (here / "features").exists()
    shutil.copytree(here, there)
    options = "--steps 2 --width 64 --layers 1 --rows 2 --minutes 5".split()
    assert COMMANDS["train"](["--score-aware", "--out", str(there), "--pieces", str(returned), *options]) == 0
    archive = tmp_path / "checkpoint.tar"
    archive.write_bytes(b"".join(piece.read_bytes() for piece in sorted(returned.iterdir())))
    with tarfile.open(archive) as tar:
        assert tar.extractfile("model.safetensors").read() == (there / "model.safetensors").read_bytes()  # type: ignore[union-attr]
        assert set(tar.getnames()) >= {"config.json", "companion.safetensors", "tokenizer.json", "log.jsonl"}


def test_pieces_are_small_and_those_of_a_longer_checkpoint_go(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(bytes(50_000))
    pieces = write_pieces([file], tmp_path / "pieces", 20_000)
    assert [piece.stat().st_size for piece in pieces] == [20_000, 20_000, 20_000, 1440]
    file.write_bytes(bytes(10))
    pieces = write_pieces([file], tmp_path / "pieces", 20_000)
    assert sorted((tmp_path / "pieces").iterdir()) == pieces
    assert len(pieces) == 1


def test_songs_are_kept_as_numbers(corpus_folder: Path, tmp_path: Path) -> None:
    assert load_songs(tmp_path) is None
    songs = songs_of(read_examples(corpus_folder / TRAIN_FILE, codebook()))
    songs.save(tmp_path)
    loaded = load_songs(tmp_path)
    assert isinstance(loaded, Songs)
    assert loaded.names.tolist() == songs.names.tolist()
    assert all((loaded.song(number) == songs.song(number)).all() for number in range(len(songs)))


def test_the_network_for_an_accelerator_fits_what_such_a_machine_returns() -> None:
    """64 MiB in half precision, and at least 30 million weights."""
    with torch.device("meta"):
        count = parameter_count(Network(PRESETS["gpu"].sizes))
    assert 30e6 <= count <= 33.5e6


def test_training_without_a_corpus_or_prepared_songs_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COMMANDS["train"](["--score-aware", "--out", str(tmp_path)]) == 2
    assert "needs a corpus" in capsys.readouterr().err


def test_status_says_in_one_line_how_far_a_run_is(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert COMMANDS["train"](["--status", str(run)]) == 0
    line = capsys.readouterr().out
    assert line.startswith("step 4 of 4 (100.0%), saved at 4; ")
    assert line.count("\n") == 1
    shutil.copytree(run, tmp_path / "copy")
    with (tmp_path / "copy" / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "lo')
    found = read_status(tmp_path / "copy")
    assert (found.step, found.tokens, found.seconds) == (4, 2 * 2 * 32 + 2 * 2 * 64, 0)
    with pytest.raises(UsageError):
        read_status(tmp_path)


def test_settings_stay_with_a_run(run: Path) -> None:
    assert read_settings(run) == TINY
    assert read_settings(run / "features") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 100},
        {"steps": 0},
        {"cooldown": 2.0},
        {"dropout": 1.0},
        {"length": 2},
        {"minutes": -1.0},
        {"peak": 0.0},
    ],
)
def test_settings_that_make_no_network_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(TINY, **wrong)
