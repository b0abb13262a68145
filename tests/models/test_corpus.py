"""A folder of songs as training data: its labels, and crops that depend on nothing but seed, step and row."""

from pathlib import Path

import numpy as np
import pytest

from models.corpus import Crops, comes_to_rest, midi_files, read_corpus, read_song, scene_of
from models.grid import BEAT_CYCLE
from models.midi import midi_bytes, to_midi
from models.score import Note, Score
from models.tokens import load_tokenizer
from models.vocabulary import char, event_of
from tests.music import random_score, scale


@pytest.mark.parametrize(
    ("name", "scene"),
    [
        ("020_AstroRoboSasa_00_01TitleScreen", "title"),
        ("297_SuperMario_05_06Underworld", "dungeon"),
        ("100_Game_02_BossBattle", "boss"),
        ("100_Game_02_03GameOver", "game-over"),
        ("100_Game_02_StageClear", "clear"),
        ("100_Game_02_Stage1", "stage"),
        ("100_Game_02_StaffRoll", "ending"),
        ("100_Game_02_ShopTheme", "town"),
        ("100_Game_02_PlayerSelect", "menu"),
        ("100_Game_02_Continue", None),
        ("100_BossGame_02_Song", None),
        ("", None),
    ],
)
def test_a_title_names_its_scene(name: str, scene: str | None) -> None:
    assert scene_of(name) == scene


def test_a_song_is_read_with_its_scene_and_key(midi_folder: Path) -> None:
    song = read_song(midi_folder / "001_Game_01_BossBattle.mid")
    assert not isinstance(song, str)
    events = [event_of(character) for character in song.text if character != " "]
    assert events[:3] == ["<bos>", "scene:boss", "key:C"]


def test_the_same_tune_counts_once(midi_folder: Path) -> None:
    files = midi_files(midi_folder)
    assert len(read_corpus([*files, *files], iter)) == len(files) == 4


def test_a_close_is_told_from_a_cut() -> None:
    assert comes_to_rest(Score(((Note(0, 60, 60),), (), (), ()), 60))
    assert not comes_to_rest(Score(((Note(0, 20, 60), Note(50, 60, 60)), (), (), ()), 60))


@pytest.fixture(scope="module")
def crops(tiny_model: Path, midi_folder: Path) -> Crops:
    songs = read_corpus(midi_files(midi_folder), iter)
    return Crops(load_tokenizer(tiny_model), songs, seed=1)


def test_crops_are_the_same_each_time_and_differ_by_step_and_row(crops: Crops) -> None:
    batch = crops.batch(5, 4, 100)
    assert batch.shape == (4, 100)
    assert (batch == crops.batch(5, 4, 100)).all()
    assert (batch[:2] == crops.batch(5, 2, 100)).all()
    assert len({row.tobytes() for row in [*batch, *crops.batch(6, 4, 100)]}) == 8


def test_a_crop_is_a_songs_head_and_goes_on_from_a_beat(crops: Crops, tiny_model: Path) -> None:
    tokenizer = load_tokenizer(tiny_model)
    beats = {tokenizer.token_to_id(char(f"beat:{n}")) for n in range(BEAT_CYCLE)}
    for row in crops.batch(0, 16, 64):
        events = [event_of(text)[:4] for text in map(tokenizer.id_to_token, row.tolist()) if text and len(text) == 1]
        assert events[0] == "<bos"
        head = [event for event in events[1:] if event not in ("scen", "key:", "left")]
        assert head[:5] == ["fram", "sixt", "cloc", "lead", "phas"]
        assert beats & set(row.tolist())


def test_every_song_and_key_is_drawn(crops: Crops) -> None:
    assert len(crops.keys) == 12
    random = np.random.default_rng(0)
    drawn = {crops._draw(random).tobytes() for _ in range(2000)}
    everything = {tokens.tobytes() for songs in crops.keys for tokens in songs}
    assert drawn == everything


def test_controls_are_left_out_half_the_time(crops: Crops) -> None:
    song = next(tokens for tokens in crops.keys[5] if np.isin(tokens, crops.controls[0]).any())
    left = [np.isin(crops._without(np.random.default_rng(i), song), crops.controls[0]).any() for i in range(400)]
    assert 140 < sum(left) < 260


def test_scores_without_notes_or_with_few_are_no_songs(tmp_path: Path) -> None:
    (tmp_path / "few.mid").write_bytes(midi_bytes(to_midi(Score(((Note(0, 9, 60),), (), (), ()), 60))))
    assert read_song(tmp_path / "few.mid") == "few.mid: 1 notes"
    assert scale().note_count > 8 < random_score(0).note_count
