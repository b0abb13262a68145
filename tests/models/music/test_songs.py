"""Corpus files: songs are stored exactly, the same songs give the same bytes, and damaged files are refused."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from models.music.grid import RowClock
from models.music.score import Score
from models.music.songs import (
    CLEAR_KEY,
    CorpusError,
    Song,
    encode_songs,
    read_songs,
    song_from_json,
    song_to_json,
    write_songs,
)
from tests.music import random_score, scale


def song(seed: int) -> Song:
    random = Random(seed)
    score = random_score(seed, grid=seed % 2 == 0)
    return Song(
        name=random.choice(("overworld", "Größe \u2028 ドラゴン", "")),
        game="super mario bros 3",
        collection="vgmusic/nes",
        scene=random.choice((None, "boss")),
        key=random.choice((None, "F#m")),
        key_correlation=random.choice((0.0, 0.7654)),
        reduction=random.randrange(3),
        real=random.random() < 0.5,
        score=score,
        clock=None if score.grid else RowClock(16 * random.randrange(20, 40) + 5, random.random() < 0.5, 3, 2, -1),
    )


@pytest.mark.parametrize("seed", range(40))
def test_a_song_comes_back_exactly(seed: int) -> None:
    assert song_from_json(song_to_json(song(seed))) == song(seed)


def test_empty_scores_and_odd_titles_come_back() -> None:
    for score in (Score(((), (), (), ()), 0), replace(scale(), title="\ud800 \n\0")):
        odd = replace(song(0), score=score)
        assert song_from_json(song_to_json(odd)) == odd
        assert "\n" not in song_to_json(odd)


def test_a_file_holds_songs_in_order_and_the_same_songs_are_the_same_bytes(tmp_path: Path) -> None:
    songs = [song(seed) for seed in range(5)]
    write_songs(tmp_path / "a.gz", songs)
    write_songs(tmp_path / "other.gz", iter(songs))
    assert list(read_songs(tmp_path / "a.gz")) == songs
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "other.gz").read_bytes()
    (tmp_path / "parts.gz").write_bytes(encode_songs(songs[:2]) + encode_songs([]) + encode_songs(songs[2:]))
    assert list(read_songs(tmp_path / "parts.gz")) == songs


@pytest.mark.parametrize(("correlation", "key"), [(CLEAR_KEY, "F#m"), (CLEAR_KEY - 0.01, None)])
def test_a_key_in_doubt_is_none(correlation: float, key: str | None) -> None:
    assert replace(song(0), key="F#m", key_correlation=correlation).clear_key == key


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        '{"name": "a"}',
        song_to_json(song(2)).replace('"real":', '"unreal":'),
        song_to_json(song(2)).replace('"frames":', '"frames":-'),
    ],
)
def test_lines_without_a_song_are_refused(line: str) -> None:
    with pytest.raises(CorpusError, match="holds no song"):
        song_from_json(line)


@pytest.mark.parametrize("keep", [0, 5, 12, 200])
def test_missing_and_damaged_files_are_refused(tmp_path: Path, keep: int) -> None:
    with pytest.raises(CorpusError, match="no corpus"):
        list(read_songs(tmp_path / "gone.gz"))
    write_songs(tmp_path / "a.gz", [song(seed) for seed in range(5)])
    whole = (tmp_path / "a.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[:keep])
    (tmp_path / "plain.gz").write_bytes(b"plain text")
    (tmp_path / "wrong.gz").write_bytes(whole[:300] + bytes(len(whole) - 300))
    for name in ("cut.gz", "plain.gz", "wrong.gz"):
        if name == "cut.gz" and keep == 0:
            assert list(read_songs(tmp_path / name)) == []
            continue
        with pytest.raises(CorpusError, match="damaged"):
            list(read_songs(tmp_path / name))
