"""Votes on real rows: which stand, which rank, and that the counts are right whatever changes them."""

import asyncio
import random
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.store import Song, Store
from generator.protocol.errors import InputError
from tests.bot.kept import make

AUTHOR = "1"

RECOUNTED = """
    SELECT songs.id, likes, dislikes, own, songs.votes,
        total(value > 0 AND voter IS NOT user_id), total(value < 0 AND voter IS NOT user_id),
        total(iif(voter IS user_id, value, 0)), total(value)
    FROM songs LEFT JOIN votes ON votes.song = songs.id GROUP BY songs.id
"""
"""Each song's counts as they are kept, then as its votes give them."""


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


@pytest_asyncio.fixture
async def song(store: Store, files: Files) -> Song:
    return await make(store, files, 1, user_id=AUTHOR)


async def counts(store: Store, song: Song) -> tuple[int, int, int, int]:
    [row] = await store.database.fetch("SELECT likes, dislikes, own, votes FROM songs WHERE id = ?", (song.id,))
    return tuple(row)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        pytest.param([("a", 1)], (1, 0, 0, 1), id="a like"),
        pytest.param([("a", -1)], (0, 1, 0, -1), id="a dislike"),
        pytest.param([("a", 1), ("a", 1)], (1, 0, 0, 1), id="twice is once"),
        pytest.param([("a", 1), ("a", -1)], (0, 1, 0, -1), id="up becomes down"),
        pytest.param([("a", -1), ("a", 1)], (1, 0, 0, 1), id="down becomes up"),
        pytest.param([("a", 1), ("a", 0)], (0, 0, 0, 0), id="taken back"),
        pytest.param([("a", 0), ("a", 0)], (0, 0, 0, 0), id="nothing taken back"),
        pytest.param([("a", 1), ("b", 1), ("c", -1)], (2, 1, 0, 1), id="three people"),
        pytest.param([(AUTHOR, 1)], (0, 0, 1, 1), id="one's own is shown and does not rank"),
        pytest.param([(AUTHOR, 1), (AUTHOR, -1), ("a", 1)], (1, 0, -1, 0), id="one's own changed"),
        pytest.param([(AUTHOR, -1), (AUTHOR, 0), ("a", 1)], (1, 0, 0, 1), id="one's own taken back"),
    ],
)
async def test_what_stands_and_what_ranks(
    store: Store, song: Song, votes: list[tuple[str, int]], expected: tuple[int, ...]
) -> None:
    for voter, value in votes:
        cast = await store.votes.cast(song.id, voter, value)
    assert await counts(store, song) == expected
    assert (cast.value, cast.votes) == (votes[-1][1], expected[3])
    assert await store.votes.of(song.id, votes[-1][0]) == votes[-1][1]
    found = await store.songs.get(song.id)
    assert found
    assert found.votes == expected[3]


async def test_a_song_of_nobody_has_no_own_votes(store: Store, files: Files) -> None:
    song = await make(store, files, 2, user_id=None)
    await store.votes.cast(song.id, AUTHOR, 1)
    assert await counts(store, song) == (1, 0, 0, 1)


async def test_the_first_vote_on_a_song_of_one_s_own_is_known(store: Store, files: Files, song: Song) -> None:
    other = await make(store, files, 2, user_id=AUTHOR)
    assert not (await store.votes.cast(song.id, "a", 1)).first_own
    assert (await store.votes.cast(song.id, AUTHOR, 1)).first_own
    assert not (await store.votes.cast(song.id, AUTHOR, -1)).first_own
    assert not (await store.votes.cast(other.id, AUTHOR, 1)).first_own
    assert not (await store.votes.cast(other.id, AUTHOR, 0)).first_own


async def test_pressed_twice_a_vote_is_taken_back_and_pressed_otherwise_it_changes(store: Store, song: Song) -> None:
    pressed = [await store.votes.toggle(song.id, "a", value) for value in (1, 1, 1, -1, -1)]
    assert [(cast.value, cast.votes) for cast in pressed] == [(1, 1), (0, 0), (1, 1), (-1, -1), (0, 0)]


async def test_a_deleted_song_takes_no_votes(store: Store, files: Files, song: Song) -> None:
    child = await make(store, files, 2, parent=song.id)
    await store.votes.cast(song.id, "a", 1)
    await files.delete(song.id)  # an empty row stays for the child
    await files.delete(child.id)
    for gone in (song.id, child.id, "f" * 32):
        for value in (1, 0):
            with pytest.raises(InputError, match="no longer in the history"):
                await store.votes.cast(gone, "a", value)
        with pytest.raises(InputError, match="no longer in the history"):
            await store.votes.toggle(gone, "a", -1)
    assert await store.database.fetch("SELECT * FROM votes") == []
    assert await counts(store, song) == (0, 0, 0, 0)


async def test_a_hundred_at_once_are_all_counted(store: Store, song: Song) -> None:
    presses = [store.votes.toggle(song.id, str(voter), 1 if voter % 4 else -1) for voter in range(100, 200)]
    shown = [cast.votes for cast in await asyncio.gather(*presses)]
    assert await counts(store, song) == (75, 25, 0, 50)
    assert shown[-1] == 50


async def test_one_finger_at_once_a_hundred_times_leaves_one_vote_or_none(store: Store, song: Song) -> None:
    await asyncio.gather(*(store.votes.toggle(song.id, "a", 1) for _ in range(101)))
    assert await counts(store, song) == (1, 0, 0, 1)


async def test_a_vote_and_a_deletion_at_once_leave_no_vote(store: Store, files: Files, song: Song) -> None:
    await make(store, files, 2, parent=song.id)
    work = [store.votes.cast(song.id, str(voter), 1) for voter in range(10, 20)]
    await asyncio.gather(*work[:5], files.delete(song.id), *work[5:], return_exceptions=True)
    assert await store.database.fetch("SELECT * FROM votes") == []
    assert await counts(store, song) == (0, 0, 0, 0)


async def test_the_counts_are_right_whatever_happens(store: Store, files: Files) -> None:
    rng = random.Random(5)
    people = [str(number) for number in range(1, 9)]
    songs = [await make(store, files, seed, user_id=rng.choice(people)) for seed in range(12)]
    for step in range(200):
        song, voter = rng.choice(songs), rng.choice(people)
        if step == 100:
            await store.people.erase(voter)
        elif step % 80 == 60:
            await files.delete(song.id)
        elif await store.songs.get(song.id):
            await store.votes.cast(song.id, voter, rng.choice((-1, 0, 1)))
    rows = await store.database.fetch(RECOUNTED)
    assert len(rows) > 2
    assert any(row["likes"] and row["dislikes"] for row in rows)
    for row in rows:
        assert tuple(row)[1:5] == tuple(row)[5:]
