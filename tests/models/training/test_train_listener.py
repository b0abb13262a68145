"""Training a tiny listener: the model's weights do not change, the run can be stopped, and the loss falls."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from models.errors import UsageError
from models.inference.cross_attention import LISTENER_FILE
from models.inference.engine import Engine
from models.inference.new_tune import Composer
from models.inference.remix import accompany, parse_source
from models.inference.sampler import TuneSpec
from models.training.settings import Settings
from models.training.train import train
from models.training.train_listener import train_listener
from tests.models.conftest import MakeModel
from tests.models.tiny import write_model
from tests.models.training.test_train import TINY as NETWORK
from tests.models.training.test_train import log
from tests.music import random_score

TINY = Settings(steps=12, context=64, crop_length=64, tokens=256, warmup=2)


@pytest.fixture(scope="module", params=["bfloat16", "float32"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Both precisions, whichever this machine would choose."""
    return replace(TINY, precision=request.param)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, sound_model: Path, settings: Settings) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_listener([corpus_folder], folder, settings, start=sound_model, save_every=5)
    return folder


def test_the_loss_falls_and_the_model_does_not_change(run: Path, sound_model: Path) -> None:
    losses = [line["loss"] for line in log(run)]
    assert len(losses) == TINY.steps
    assert sum(losses[-3:]) < sum(losses[:3]) - 0.3
    assert (run / "model.safetensors").read_bytes() == (sound_model / "model.safetensors").read_bytes()
    for name in ("tokenizer.json", "sounds.json", "config.json"):
        assert json.loads((run / name).read_text()) == json.loads((sound_model / name).read_text())
    about = json.loads((run / "chiptune.json").read_text())["listener"]
    assert about["songs"] == 4
    assert "width" not in about["settings"]
    assert about["parameters"] == sum(weights.size for weights in load_file(run / LISTENER_FILE).values())
    spec = TuneSpec(frames=200, seed=2)
    assert Composer(run).compose(spec) == Composer(sound_model).compose(spec)


def test_it_accompanies(run: Path) -> None:
    model = Composer(run)
    assert model.engine.listener is not None
    source = parse_source(model, random_score(5))
    assert any(accompany(model, source, TuneSpec(frames=0, seed=1), [0]).channels[1:])


def test_a_stopped_run_continues_as_if_it_had_not_stopped(
    run: Path, tmp_path: Path, corpus_folder: Path, sound_model: Path, settings: Settings
) -> None:
    train_listener([corpus_folder], tmp_path, settings, start=sound_model, stop_at=5)
    train_listener([corpus_folder], tmp_path, settings, start=sound_model)
    assert log(tmp_path) == log(run)
    assert (tmp_path / LISTENER_FILE).read_bytes() == (run / LISTENER_FILE).read_bytes()


def test_a_run_continues_with_the_model_that_it_started_with(
    run: Path, tmp_path: Path, corpus_folder: Path, make_model: MakeModel, settings: Settings
) -> None:
    sound_model = make_model(1, sounds=True)
    train_listener([corpus_folder], tmp_path, settings, start=sound_model, stop_at=5)
    train_listener([corpus_folder], tmp_path, settings, start=make_model(9, sounds=True))
    assert log(tmp_path) == log(run)
    assert (tmp_path / "model.safetensors").read_bytes() == (sound_model / "model.safetensors").read_bytes()


def test_a_model_folder_cannot_hold_its_own_listener_run(tmp_path: Path, corpus_folder: Path) -> None:
    write_model(tmp_path, sounds=True)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UsageError, match="a folder of its own"):
        train_listener([corpus_folder], tmp_path, TINY, start=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_of_a_network_cannot_continue_as_a_listener_run(tmp_path: Path, corpus_folder: Path) -> None:
    train([corpus_folder], tmp_path, NETWORK, stop_at=1)
    before = (tmp_path / "chiptune.json").read_bytes()
    with pytest.raises(UsageError, match="trains something else"):
        train_listener([corpus_folder], tmp_path, TINY, start=tmp_path)
    assert (tmp_path / "chiptune.json").read_bytes() == before


def test_a_model_with_other_tokens_is_refused(tmp_path: Path, corpus_folder: Path, tiny_model: Path) -> None:
    with pytest.raises(UsageError, match="other tokens"):
        train_listener([corpus_folder], tmp_path, TINY, start=tiny_model)


def test_the_engine_opens_what_was_trained(run: Path) -> None:
    assert Engine(run).listener is not None
