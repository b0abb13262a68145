"""Battles on real rows: which judgements stand, which pairs are shown, and that what is removed leaves the ranking."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.requests.wait_times import LimitError
from bot.scope import Scope
from bot.store import Song, Store
from bot.store.battles import ELSEWHERE, JUDGED, OWN_SONG, TWICE_THE_SAME
from bot.voting import MOST, Voting
from generator.protocol.errors import InputError
from tests.bot.kept import make


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


@pytest_asyncio.fixture
async def songs(store: Store, files: Files) -> list[Song]:
    """Three of the server 7, each of somebody else's: 1, 2 and 3; and one of the server 8."""
    mine = [await make(store, files, seed, user_id=str(seed)) for seed in (1, 2, 3)]
    return [*mine, await make(store, files, 4, user_id="4", scope="8")]


async def count(store: Store) -> int:
    return int((await store.database.fetch("SELECT count(*) FROM battles"))[0][0])


@pytest.mark.parametrize(
    ("voter", "pair", "sentence"),
    [
        pytest.param("a", (0, 1), JUDGED, id="the same again"),
        pytest.param("a", (1, 0), JUDGED, id="the same the other way round"),
        pytest.param("1", (0, 1), OWN_SONG, id="the first is one's own"),
        pytest.param("2", (0, 1), OWN_SONG, id="the second is one's own"),
        pytest.param("b", (0, 3), ELSEWHERE, id="one of another server"),
        pytest.param("b", (2, 2), TWICE_THE_SAME, id="one twice"),
    ],
)
async def test_what_does_not_count(
    store: Store, songs: list[Song], voter: str, pair: tuple[int, int], sentence: str
) -> None:
    await store.battles.judge(Scope("7"), "a", songs[0].id, songs[1].id, 1)
    with pytest.raises(InputError) as refused:
        await store.battles.judge(Scope("7"), voter, songs[pair[0]].id, songs[pair[1]].id, 0)
    assert str(refused.value) == sentence
    rows = await store.database.fetch("SELECT first, outcome FROM battles")
    assert [tuple(row) for row in rows] == [(min(songs[0].id, songs[1].id), float(songs[0].id < songs[1].id))]


@pytest.mark.parametrize("gone", [0, 1])
@pytest.mark.parametrize("is_a_parent", [False, True])
async def test_one_is_deleted_between_showing_and_choosing(
    store: Store, files: Files, songs: list[Song], gone: int, is_a_parent: bool
) -> None:
    pair = await store.battles.pair(Scope("7"), "a")
    assert pair
    if is_a_parent:
        await make(store, files, 5, user_id="5", parent=pair[gone].id)
    await store.battles.judge(Scope("7"), "b", pair[0].id, pair[1].id, 1)
    await files.delete(pair[gone].id)
    with pytest.raises(InputError, match="no longer in the history"):
        await store.battles.judge(Scope("7"), "a", pair[0].id, pair[1].id, 1)
    assert await count(store) == 0
    assert await store.battles.top(Scope("7")) == []


@pytest.mark.parametrize(
    ("place", "person", "expected"),
    [
        pytest.param("7", ("a", []), {1, 2, 3}, id="three"),
        pytest.param("7", ("1", []), {2, 3}, id="one's own are left out"),
        pytest.param("7", ("1", [(1, 2)]), set(), id="judged already"),
        pytest.param("7", ("a", [(0, 1), (0, 2)]), {2, 3}, id="the one that is left"),
        pytest.param("8", ("a", []), set(), id="fewer than two songs"),
        pytest.param("9", ("a", []), set(), id="no songs"),
    ],
)
async def test_which_pairs_are_shown(
    store: Store, songs: list[Song], place: str, person: tuple[str, list[tuple[int, int]]], expected: set[int]
) -> None:
    voter, judged = person
    for one, other in judged:
        await store.battles.judge(Scope("7"), voter, songs[one].id, songs[other].id, 0.5)
    shown = set()
    for _ in range(20):
        pair = await store.battles.pair(Scope(place), voter)
        assert bool(pair) == bool(expected)
        shown |= {song.seed for song in pair or ()}
    assert shown == expected


async def test_the_least_known_come_first(store: Store, files: Files, songs: list[Song]) -> None:
    for voter in "abcdef":
        await store.battles.judge(Scope("7"), voter, songs[0].id, songs[1].id, 1)
    pair = await store.battles.pair(Scope("7"), "x")
    assert pair
    assert songs[2].id in {song.id for song in pair}


async def test_the_ranking_and_its_pages(store: Store, songs: list[Song]) -> None:
    for voter in "abcdefgh":
        await store.battles.judge(Scope("7"), voter, songs[1].id, songs[0].id, 1)
        await store.battles.judge(Scope("7"), voter, songs[2].id, songs[1].id, 0)
    top = await store.battles.top(Scope("7"))
    assert (top[0].rank, top[0].song.title, top[0].strength.judgements) == (1, "Tune 2", 16)
    assert top[0].low > top[1].low >= top[2].low
    assert all(0 < one.low < one.strength.middle < one.high < 1 for one in top)
    assert [one.song.id for one in await store.battles.top(Scope("7"), limit=1, start=1)] == [top[1].song.id]
    assert await store.battles.top(Scope("8")) == []


async def test_one_who_is_erased_leaves_the_ranking_with_judgements_and_songs(store: Store, songs: list[Song]) -> None:
    await store.battles.judge(Scope("7"), "1", songs[1].id, songs[2].id, 1)
    await store.battles.judge(Scope("7"), "a", songs[0].id, songs[1].id, 1)
    assert [row["voter"] for row in (await store.people.export("1"))["battles"]] == ["1"]
    await store.people.erase("1")
    assert await count(store) == 0


async def test_what_a_server_judged_goes_with_it(store: Store, songs: list[Song]) -> None:
    await store.battles.judge(Scope("7"), "a", songs[0].id, songs[1].id, 1)
    await store.servers.left(Scope("7"), 1.0)
    await store.servers.erase(Scope("7"), 2.0)
    assert await count(store) == 0


async def test_a_hundred_presses_at_once_are_one_judgement_a_person(store: Store, songs: list[Song]) -> None:
    presses = [
        store.battles.judge(
            Scope("7"), str(100 + press % 10), songs[press % 2].id, songs[1 - press % 2].id, press % 3 / 2
        )
        for press in range(100)
    ]
    ends = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(end, InputError) for end in ends) == 90
    assert await count(store) == 10


async def test_a_judgement_and_a_deletion_at_once_leave_none(store: Store, files: Files, songs: list[Song]) -> None:
    work = [store.battles.judge(Scope("7"), str(voter), songs[0].id, songs[1].id, 1) for voter in range(10, 20)]
    await asyncio.gather(*work[:5], files.delete(songs[0].id), *work[5:], return_exceptions=True)
    assert await count(store) == 0


async def test_judgements_have_the_limit_of_votes(store: Store, songs: list[Song]) -> None:
    voting = Voting(store, lambda: 0.0)
    for _ in range(MOST):
        await voting.cast(songs[0].id, "a", 1)
    with pytest.raises(LimitError):
        await voting.judge(Scope("7"), "a", songs[0].id, songs[1].id, 1)
    assert await count(store) == 0
