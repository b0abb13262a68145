"""A tiny training run: it learns, can be stopped at any step, and leaves complete files behind."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.songs import TRAIN_FILE, CorpusError, read_songs, write_songs
from models.tokens.tokenizer import knows_sounds, load_codebook, load_tokenizer, token_id
from models.tokens.vocabulary import event_of, is_sound
from models.training.evaluate import evaluate
from models.training.network import load_network
from models.training.settings import Settings
from models.training.train import Trainer, prepare, train

TINY = Settings(steps=5, width=64, layers=1, vocabulary=900, context=256, warmup=2)


def log(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.fixture(scope="module", params=["bfloat16", "float32"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Both precisions, whichever this machine would choose."""
    return replace(TINY, precision=request.param)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path, settings: Settings) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train([corpus_folder], folder, settings, save_every=4)
    return folder


@pytest.fixture
def begun(run: Path, tmp_path: Path) -> Path:
    """The folder of a run with its corpus and tokenizer, before the first step."""
    for name in ("songs.json", "sounds.json", "tokenizer.json"):
        shutil.copy(run / name, tmp_path / name)
    return tmp_path


def test_the_loss_falls_and_each_step_is_logged(run: Path) -> None:
    lines = log(run)
    assert [line["step"] for line in lines] == list(range(1, 6))
    assert {line["tokens"] for line in lines[:3]} == {8 * 256}
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.1
    assert set(json.loads((run / "log.jsonl").read_text().splitlines()[0])) == {"step", "loss", "tokens", "seconds"}


def test_a_stopped_run_continues_as_if_it_had_not_stopped(
    run: Path, begun: Path, corpus_folder: Path, settings: Settings
) -> None:
    train([corpus_folder], begun, settings, stop_at=2)
    # Killed inside `save`, after the old state was moved away and before the new one took its place.
    (begun / "state").rename(begun / "state.old")
    with (begun / "log.jsonl").open("a") as file:
        file.write('{"step": 3, "loss": 9.0, "tokens": 1, "seconds": 1}\n')
    train([corpus_folder], begun, settings)
    assert log(begun) == log(run)
    assert (begun / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_a_half_written_state_is_never_read(begun: Path, corpus_folder: Path, settings: Settings) -> None:
    songs, tokenizer = prepare([corpus_folder], begun, settings)
    (begun / "state.new").mkdir()
    (begun / "state.new" / "weights.safetensors").write_bytes(b"half")
    trainer = Trainer(begun, songs, tokenizer, settings)
    trainer.resume()
    assert trainer.step == 0
    list(trainer.run(1, 1))
    assert sorted(path.name for path in begun.glob("state*")) == ["state"]
    again = Trainer(begun, songs, tokenizer, settings)
    again.resume()
    assert again.step == 1


def test_the_checkpoint_composes_and_is_evaluated(run: Path, corpus_folder: Path) -> None:
    assert Composer(run).compose(TuneSpec(frames=60, seed=0)).frames > 50
    assert evaluate(corpus_folder / TRAIN_FILE, run).kept == 1.0
    about = json.loads((run / "chiptune.json").read_text())
    assert about["songs"] == 4
    assert about["settings"]["steps"] == 5


def test_the_corpus_is_read_once(run: Path, tmp_path: Path) -> None:
    songs, _ = prepare([tmp_path / "gone"], run, TINY)
    assert len(songs) == 4


def test_a_run_on_real_songs_names_their_sounds(run: Path) -> None:
    tokenizer = load_tokenizer(run)
    assert load_codebook(run, tokenizer) is not None
    texts = [song["text"] for song in json.loads((run / "songs.json").read_text())]
    assert all(any(is_sound(event_of(c)) for c in text if c != " ") for text in texts)
    score = Composer(run).compose(TuneSpec(frames=120, seed=0))
    assert any(note.volume != ((0, 15),) for note in (*score.channels[0], *score.channels[1]))


def test_a_run_on_arranged_songs_only_names_no_sounds(corpus_folder: Path, tmp_path: Path) -> None:
    songs = [replace(song, real=False) for song in read_songs(corpus_folder / TRAIN_FILE)]
    write_songs(tmp_path / TRAIN_FILE, songs)
    _, tokenizer = prepare([tmp_path], tmp_path / "run", TINY)
    assert load_codebook(tmp_path / "run", tokenizer) is None
    assert not knows_sounds(tokenizer)


def test_a_run_learns_the_sounds_that_its_starting_model_lacks(
    corpus_folder: Path, tmp_path: Path, tiny_model: Path
) -> None:
    songs, tokenizer = prepare([corpus_folder], tmp_path, TINY, tiny_model)
    assert knows_sounds(tokenizer)
    assert load_codebook(tmp_path, tokenizer) is not None
    trainer = Trainer(tmp_path, songs, tokenizer, TINY, tiny_model)
    row = load_network(tiny_model).model.embed_tokens.weight[token_id(load_tokenizer(tiny_model), "on:p1:60")]
    new_row = trainer.network.model.embed_tokens.weight[token_id(tokenizer, "on:p1:60")]
    assert torch.equal(new_row.cpu(), row)
    assert len(list(trainer.run(1, 1))) == 1


def test_a_run_keeps_the_codebook_and_tokens_of_its_starting_model(
    corpus_folder: Path, tmp_path: Path, sound_model: Path
) -> None:
    prepare([corpus_folder], tmp_path, TINY, sound_model)
    for name in ("sounds.json", "tokenizer.json"):
        assert json.loads((tmp_path / name).read_text()) == json.loads((sound_model / name).read_text())


def test_the_schedule_warms_up_holds_and_falls_to_zero() -> None:
    schedule = replace(TINY, steps=100, warmup=10, cooldown=0.4)
    rates = [schedule.rate(step) for step in range(101)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert set(rates[10:60]) == {1.0}
    assert rates[80] == pytest.approx(0.5)
    assert rates[100] == 0
    assert [schedule.crop(step)[1] for step in (0, 59, 60, 79, 80, 99)] == [256] * 6
    longer = replace(schedule, context=1024)
    assert [longer.crop(step) for step in (0, 59, 60, 79, 80, 99)] == [(8, 256)] * 2 + [(6, 512)] * 2 + [(4, 1024)] * 2


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="chiptune corpus makes one"):
        train([tmp_path], tmp_path / "run", TINY)
