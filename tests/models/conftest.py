"""Fixtures of tiny models, made on the spot, and of small corpora."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.music.midi import midi_bytes, to_midi, to_nesmdb
from models.music.songs import TRAIN_FILE, Song, write_songs
from tests.models.tiny import write_model
from tests.music import random_score, scale

MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    def make(seed: int = 0, **options: Any) -> Path:
        return write_model(tmp_path_factory.mktemp("model"), seed, **options)

    return make


@pytest.fixture(scope="session")
def tiny_model(make_model: MakeModel) -> Path:
    return make_model(seed=1)


@pytest.fixture(scope="session")
def sound_model(make_model: MakeModel) -> Path:
    """A model whose notes name how they sound."""
    return make_model(seed=1, sounds=True)


@pytest.fixture(scope="session")
def midi_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few songs to train and evaluate on, in both MIDI formats."""
    folder = tmp_path_factory.mktemp("songs")
    (folder / "deeper").mkdir()
    (folder / "001_Game_01_BossBattle.mid").write_bytes(midi_bytes(to_nesmdb(scale(600, None))))
    (folder / "002_Game_02_Ending.mid").write_bytes(midi_bytes(to_midi(scale(480))))
    for seed in (3, 4):
        (folder / "deeper" / f"{seed}.mid").write_bytes(midi_bytes(to_nesmdb(random_score(seed))))
    return folder


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of four songs, with and without grid and labels."""
    folder = tmp_path_factory.mktemp("corpus")
    labels = [("boss", "C"), ("ending", None), (None, None), (None, "F#m")]
    scores = [scale(600, None), scale(480), random_score(3, grid=False), random_score(4, grid=False)]
    songs = [
        Song(f"song {i}", "game", "tests", scene, key, 0.9, 0, True, score)
        for i, ((scene, key), score) in enumerate(zip(labels, scores, strict=True))
    ]
    write_songs(folder / TRAIN_FILE, songs)
    return folder
