"""Song profiles: read from training texts, kept with a model, and drawn for a request."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import MusicError
from models.music.grid import RowClock
from models.music.score import Note, Score
from models.music.songs import Song
from models.tokens.song_profiles import (
    DEFAULT_PROFILE,
    PROFILES_FILE,
    SongProfile,
    draw_profile,
    load_profiles,
    parse_profile,
    save_profiles,
)
from models.tokens.tune_counts import loudness_of
from models.tokens.vocabulary import event_of
from models.training.examples import make_example
from tests.models.tiny import codebook
from tests.music import scale

BOSS = Song("boss", "game", "tests", "boss", "C", 0.9, 0, True, scale(600, None), clock=RowClock(483))


def test_a_profile_is_what_a_text_says_before_its_first_beat() -> None:
    found = parse_profile(make_example(BOSS).text)
    assert found
    assert found == SongProfile(
        "boss", "C", "p1+p2+tr+no", found.density, found.returns, 483, found.ornaments, None, 24
    )
    assert (f"density:{found.density}", f"returns:{found.returns}") == tuple(found.plan[1:])
    unclear = parse_profile(make_example(replace(BOSS, scene=None, key_correlation=0.1)).text)
    assert unclear == replace(found, scene=None, key=None)
    assert parse_profile(make_example(replace(BOSS, score=Score(((), (), (), ()), 600))).text) is None


def test_ornaments_are_notes_after_another_in_their_row() -> None:
    notes = tuple(Note(frame, frame + 2, 40 + i) for i, frame in enumerate((0, 32, 60, 64, 90, 92, 94, 120)))
    song = replace(BOSS, score=Score((notes, (), (), ()), 600), clock=RowClock(480))
    found = parse_profile(make_example(song).text)
    assert found
    assert found.ornaments == pytest.approx(3 / 8, abs=0.01)


def test_a_profile_is_as_loud_as_its_notes_envelopes() -> None:
    book = codebook()
    notes = tuple(Note(30 * i, 30 * i + 20, 60 + i, ((0, 15 if i < 6 else 3),)) for i in range(8))
    text = make_example(replace(BOSS, score=Score((notes, (), (), ()), 600)), book).text
    named = [loudness_of(event_of(c), book) for c in text if c != " " and event_of(c).startswith("env:")]
    assert len(named) == 2
    found = parse_profile(text, book)
    assert found
    assert found.loudness == pytest.approx((6 * named[0] + 2 * named[1]) / 8, abs=0.06)
    assert named[0] > named[1]
    assert parse_profile(text) == replace(found, loudness=None)


def test_profiles_are_kept_with_a_model(tmp_path: Path) -> None:
    assert load_profiles(tmp_path) == [DEFAULT_PROFILE]
    songs = [make_example(song) for song in (BOSS, replace(BOSS, scene="town", game="another"), BOSS)]
    save_profiles([(song.text, song.game) for song in songs], tmp_path, None)
    found = load_profiles(tmp_path)
    assert [replace(profile, game=0) for profile in found] == [parse_profile(song.text) for song in songs]
    assert [profile.game for profile in found] == [0, 1, 0]
    save_profiles([], tmp_path, None)
    assert load_profiles(tmp_path) == [DEFAULT_PROFILE]
    (tmp_path / PROFILES_FILE).write_text('[["boss", "C"]]')
    with pytest.raises(MusicError, match="holds no song profiles"):
        load_profiles(tmp_path)


ROWS = [
    SongProfile(scene, key, voices, density, 0, 480, 0.1, None, beats)
    for scene in ("boss", "town")
    for key in ("C", "Am", None)
    for voices in ("p1+p2+tr", "p1")
    for density in range(6)
    for beats in (8, 64)
]


def drawn(count: int = 60, **asked: object) -> list[SongProfile]:
    return [draw_profile(ROWS, np.random.default_rng(seed), **asked) for seed in range(count)]  # type: ignore[arg-type]


def test_a_drawn_profile_fits_the_request_and_has_every_voice() -> None:
    assert {one.scene for one in drawn(scene="town")} == {"town"}
    assert {one.density for one in drawn(densities=(0, 1))} == {0, 1}
    assert {one.key for one in drawn(key="F#m")} == {"Am"}
    assert {one.voices for one in drawn()} == {"p1+p2+tr"}
    assert len({(one.scene, one.key, one.density) for one in drawn(600)}) == 36
    assert {one.beats for one in drawn(frames=400)} == {8, 64}
    assert {one.beats for one in drawn(frames=600)} == {64}


def test_of_a_scene_each_song_is_drawn_as_often() -> None:
    songs = [replace(DEFAULT_PROFILE, scene="boss", game=game) for game in (0, 0, 0, 0, 0, 1)]
    found = [draw_profile(songs, np.random.default_rng(seed), scene="boss") for seed in range(1200)]
    assert sum(one.game for one in found) == pytest.approx(200, abs=45)


def test_each_game_is_drawn_as_often_and_each_of_its_songs() -> None:
    songs = [replace(DEFAULT_PROFILE, game=0, density=density) for density in range(6)] + [
        replace(DEFAULT_PROFILE, game=1, density=0)
    ]
    found = [draw_profile(songs, np.random.default_rng(seed)) for seed in range(1200)]
    assert sum(one.game for one in found) == pytest.approx(600, abs=60)
    for density in range(6):
        assert sum(one.density == density and one.game == 0 for one in found) == pytest.approx(100, abs=35)


def test_profiles_from_before_games_were_numbered_are_read(tmp_path: Path) -> None:
    (tmp_path / PROFILES_FILE).write_text('[["boss", "C", "p1+tr", 1, 2, 480, 0.1, null, 64]]')
    assert load_profiles(tmp_path) == [SongProfile("boss", "C", "p1+tr", 1, 2, 480, 0.1, None, 64, game=0)]


def test_wishes_that_no_song_fulfils_are_ignored() -> None:
    found = drawn(scene="menu", densities=(5,))
    assert {one.scene for one in found} == {"boss", "town"}
    assert {one.density for one in found} == {5}
