"""Crops depend on seed, step and row alone, and their forms and controls have the shares of the mixture."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from models.music.grid import BEAT_CYCLE
from models.music.score import CHANNELS
from models.music.songs import TRAIN_FILE, Song
from models.tokens.tokenizer import load_tokenizer
from models.tokens.vocabulary import char, event_of
from models.training.dataset import CropDataset, Mixture, drop_controls
from models.training.examples import Example, make_example, read_examples
from tests.music import scale

PLAIN = Mixture(accompany=0, infill=0, part=0, arranged=0)


@pytest.fixture(scope="module")
def crops(tiny_model: Path, corpus_folder: Path) -> CropDataset:
    songs = list(read_examples(corpus_folder / TRAIN_FILE))
    return CropDataset(load_tokenizer(tiny_model), songs, 1, PLAIN)


def test_crops_are_the_same_each_time_and_differ_by_step_and_row(crops: CropDataset) -> None:
    batch = crops.batch(5, 4, 100)
    assert batch.shape == (4, 100)
    assert (batch == crops.batch(5, 4, 100)).all()
    assert (batch[:2] == crops.batch(5, 2, 100)).all()
    assert len({row.tobytes() for row in [*batch, *crops.batch(6, 4, 100)]}) == 8


def test_a_crop_is_a_songs_head_and_continues_from_a_beat(crops: CropDataset, tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    beats = {tokenizer.token_to_id(char(f"beat:{n}")) for n in range(BEAT_CYCLE)}
    for row in crops.batch(0, 16, 64):
        events = [event_of(text)[:4] for text in map(tokenizer.id_to_token, row.tolist()) if text and len(text) == 1]
        assert events[0] == "<bos"
        head = [event for event in events[1:] if event not in ("scen", "key:", "left", "voic", "dens", "retu", "leng")]
        assert head[:5] == ["fram", "sixt", "cloc", "lead", "phas"]
        assert beats & set(row.tolist())


def test_every_song_and_key_is_drawn(crops: CropDataset) -> None:
    assert len(crops.keys) == 12
    random = np.random.default_rng(0)
    drawn = {crops.keys[crops._key(random)][crops._song(random)].tobytes() for _ in range(2000)}
    everything = {tokens.tobytes() for songs in crops.keys for tokens in songs}
    assert drawn == everything


def test_each_control_is_left_out_more_than_half_the_time_and_all_together_for_some(crops: CropDataset) -> None:
    kinds = [kind for kind in crops.controls if np.isin(crops.keys[5][0], kind).any()]
    assert len(kinds) == 6
    left = np.array(
        [
            [
                np.isin(drop_controls(np.random.default_rng(i), crops.keys[5][0], crops.controls), kind).any()
                for kind in kinds
            ]
            for i in range(600)
        ]
    )
    assert left.mean(axis=0) == pytest.approx(0.35, abs=0.07)  # 0.7 of the crops have any, each kind half the time
    assert (~left.any(axis=1)).mean() == pytest.approx(0.3, abs=0.07)


def mixed(sound_model: Path, mixture: Mixture, *, arranged: int = 0) -> CropDataset:
    song = Song("boss", "game", "vgmusic/nes", "boss", "C", 0.9, 0, True, scale(60 * 40))
    songs = [make_example(replace(song, real=i >= arranged)) for i in range(4)]
    return CropDataset(load_tokenizer(sound_model), songs, 3, mixture)


def spelled(crops: CropDataset, rows: int, length: int) -> list[list[str]]:
    return [
        [event_of(c) for token in row.tolist() for c in crops.tokenizer.id_to_token(token) or ""]
        for row in crops.batch(0, rows, length)
    ]


def test_forms_come_as_often_as_the_mixture_says(sound_model: Path) -> None:
    crops = mixed(sound_model, Mixture(accompany=0.3, infill=0.2, part=0.2, arranged=0))
    found: Counter[str] = Counter()
    for row in spelled(crops, 300, 200):
        first = row[: row.index("<bos>", 1)] if "<bos>" in row[1:] else row
        if any(event.startswith("given:") for event in first):
            found["accompany"] += 1
        elif "<given>" in first:
            found["infill"] += 1
        elif len({event.split(":")[1] for event in first if event.startswith(("on:", "again:"))}) == len(CHANNELS):
            found["plain"] += 1
        else:
            found["part"] += 1
    shares = {form: count / 300 for form, count in found.items()}
    assert shares == pytest.approx({"accompany": 0.3, "infill": 0.2, "part": 0.2, "plain": 0.3}, abs=0.09)


def test_an_infilled_span_is_whole(sound_model: Path) -> None:
    for row in spelled(mixed(sound_model, Mixture(0, 1, 0, 0)), 40, 200):
        assert row.count("<then>") >= 1
        assert "<end>" in row[row.index("<then>") :]


def test_arranged_songs_have_their_share_and_always_name_their_console(sound_model: Path) -> None:
    crops = mixed(sound_model, Mixture(0, 0, 0, arranged=0.25), arranged=3)
    named = [any(event.startswith("console:") for event in row[:6]) for row in spelled(crops, 400, 40)]
    assert np.mean(named) == pytest.approx(0.25, abs=0.08)
    assert mixed(sound_model, PLAIN, arranged=4).share[0] == pytest.approx(0.25)


def test_a_model_without_plans_sees_only_plain_songs(sound_model: Path) -> None:
    old = load_tokenizer(sound_model)
    known = [char(event) for event in ("<given>", "<then>")]
    made = json.loads(old.to_str())
    made["model"]["vocab"] = {text: i for text, i in made["model"]["vocab"].items() if text not in known}
    crops = CropDataset(Tokenizer.from_str(json.dumps(made)), [Example("song", example_of_text())], 0, Mixture())
    assert crops.mixture == Mixture(0, 0, 0, Mixture().arranged)


def example_of_text() -> str:
    return make_example(Song("boss", "game", "tests", None, None, 0, 0, True, scale(600))).text
