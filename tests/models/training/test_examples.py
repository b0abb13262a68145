"""Songs as training data: texts with their labels and plans."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.music.grid import RowClock, find_clock
from models.music.score import Note, Score
from models.music.songs import TRAIN_FILE, CorpusError, Song, read_songs, write_songs
from models.tokens.vocabulary import PLAN, event_of, is_control, is_sound
from models.training.examples import has_ending, learn_sounds, make_example, read_examples
from tests.models.tiny import codebook
from tests.music import scale

BOSS = Song("boss", "game", "tests", "boss", "C", 0.9, 0, True, scale(600, None))


def events_of(song: Song) -> list[str]:
    return [event_of(character) for character in make_example(song).text if character != " "]


def test_a_text_begins_with_scene_key_and_plan() -> None:
    head = events_of(BOSS)[: events_of(BOSS).index("beat:0")]
    assert head[:3] == ["<bos>", "scene:boss", "key:C"]
    assert [event.partition(":")[0] for event in head[3:6]] == ["voices", "density", "returns"]
    assert head[6].startswith("frames:")
    assert head[-1] == "length:24"
    assert events_of(replace(BOSS, scene=None, key_correlation=0.5))[1].startswith("voices:")


@pytest.mark.parametrize(
    ("collection", "console"),
    [("vgmusic/nes", "nes"), ("VGMusic/SNES", "snes"), ("vgmusic/gameboy", "gameboy"), ("open", "other")],
)
def test_an_arranged_song_names_its_console(collection: str, console: str) -> None:
    assert f"console:{console}" in events_of(replace(BOSS, real=False, collection=collection))
    assert not any(event.startswith("console:") for event in events_of(BOSS))


def test_a_clock_that_the_corpus_knows_is_not_sought_again() -> None:
    assert events_of(replace(BOSS, clock=find_clock(BOSS.score))) == events_of(BOSS)
    plain = [
        event for event in events_of(replace(BOSS, clock=RowClock(16 * 23))) if event.partition(":")[0] not in PLAN
    ]
    assert next(event for event in plain if not is_control(event)) == "frames:23"


def test_only_real_songs_name_sounds(corpus_folder: Path) -> None:
    def sounds(song: Song) -> int:
        return sum(is_sound(event_of(c)) for c in make_example(song, codebook()).text if c != " ")

    assert sounds(BOSS) > 0
    assert sounds(replace(BOSS, real=False)) == 0
    found = list(read_examples(corpus_folder / TRAIN_FILE, codebook()))
    assert found == [make_example(song, codebook()) for song in read_songs(corpus_folder / TRAIN_FILE)]
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
    assert list(read_examples(file)) == [make_example(song) for song in read_songs(file)]


def test_a_corpus_without_songs_is_refused(tmp_path: Path) -> None:
    write_songs(tmp_path / TRAIN_FILE, [])
    with pytest.raises(CorpusError, match="holds no songs"):
        list(read_examples(tmp_path / TRAIN_FILE))


def test_an_ending_is_distinguished_from_a_cut() -> None:
    assert has_ending(replace(BOSS, score=Score(((Note(0, 60, 60),), (), (), ()), 60)))
    cut = replace(BOSS, score=Score(((Note(0, 20, 60), Note(50, 60, 60)), (), (), ()), 60))
    assert not has_ending(cut)
    assert has_ending(replace(cut, clock=RowClock(16 * 10)))
