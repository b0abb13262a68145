"""Songs as training data: texts with their labels, and crops that depend on nothing but seed, step and row."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.corpus import Crops, comes_to_rest, example_of, learn_sounds, read_examples
from models.grid import BEAT_CYCLE, RowClock, find_clock
from models.score import Note, Score
from models.songs import TRAIN_FILE, CorpusError, Song, read_songs, write_songs
from models.tokens import load_tokenizer
from models.vocabulary import char, event_of, is_sound
from tests.models.tiny import codebook
from tests.music import scale

BOSS = Song("boss", "game", "tests", "boss", "C", 0.9, 0, True, scale(600, None))


def events_of(song: Song) -> list[str]:
    return [event_of(character) for character in example_of(song).text if character != " "]


def test_a_text_begins_with_scene_and_key() -> None:
    assert events_of(BOSS)[:3] == ["<bos>", "scene:boss", "key:C"]
    assert events_of(replace(BOSS, scene=None, key_correlation=0.5))[1].startswith("frames:")


def test_a_clock_that_the_corpus_knows_is_not_sought_again() -> None:
    assert events_of(replace(BOSS, clock=find_clock(BOSS.score))) == events_of(BOSS)
    assert events_of(replace(BOSS, clock=RowClock(16 * 23)))[3] == "frames:23"


def test_only_real_songs_name_sounds(corpus_folder: Path) -> None:
    def sounds(song: Song) -> int:
        return sum(is_sound(event_of(c)) for c in example_of(song, codebook()).text if c != " ")

    assert sounds(BOSS) > 0
    assert sounds(replace(BOSS, real=False)) == 0
    found = list(read_examples(corpus_folder / TRAIN_FILE, codebook()))
    assert found == [example_of(song, codebook()) for song in read_songs(corpus_folder / TRAIN_FILE)]
    assert found != list(read_examples(corpus_folder / TRAIN_FILE))


def test_sounds_are_learnt_from_real_songs_alone(tmp_path: Path) -> None:
    loud = replace(BOSS, real=False, score=Score(((Note(0, 60, 60, ((0, 15),)),), (), (), ()), 60))
    quiet = replace(BOSS, score=Score(((Note(0, 60, 60, ((0, 3),)),), (), (), ()), 60))
    write_songs(tmp_path / "both", [loud, quiet])
    write_songs(tmp_path / "arranged", [loud])
    found = learn_sounds(tmp_path / "both", 0)
    assert found is not None
    assert set(found.pulse.flatten().tolist()) == {3}
    assert learn_sounds(tmp_path / "arranged", 0) is None


def test_every_song_of_a_corpus_is_read_in_order(corpus_folder: Path) -> None:
    file = corpus_folder / TRAIN_FILE
    assert list(read_examples(file)) == [example_of(song) for song in read_songs(file)]


def test_a_corpus_without_songs_is_told(tmp_path: Path) -> None:
    write_songs(tmp_path / TRAIN_FILE, [])
    with pytest.raises(CorpusError, match="holds no songs"):
        list(read_examples(tmp_path / TRAIN_FILE))


def test_a_close_is_told_from_a_cut() -> None:
    assert comes_to_rest(replace(BOSS, score=Score(((Note(0, 60, 60),), (), (), ()), 60)))
    cut = replace(BOSS, score=Score(((Note(0, 20, 60), Note(50, 60, 60)), (), (), ()), 60))
    assert not comes_to_rest(cut)
    assert comes_to_rest(replace(cut, clock=RowClock(16 * 10)))


@pytest.fixture(scope="module")
def crops(tiny_model: Path, corpus_folder: Path) -> Crops:
    songs = list(read_examples(corpus_folder / TRAIN_FILE))
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
