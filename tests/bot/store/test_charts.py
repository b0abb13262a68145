"""Charts: the bound against published figures, and who stands where, and where not."""

import random
import time
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.scope import PAGE, Scope
from bot.store import Song, Store
from bot.store.charts import DAY, wilson
from tests.bot.kept import make


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


async def vote(store: Store, song: Song, likes: int, dislikes: int = 0) -> Song:
    async with store.database.transaction():  # one, since each waits for the disk
        for number in range(likes + dislikes):
            row = (song.id, f"voter {number}", 1 if number < likes else -1, 0.0)
            await store.database.execute("INSERT INTO votes VALUES (?, ?, ?, ?)", row)
    return song


async def titles(store: Store, guild: str = "7", period: str = "all", **options: float) -> list[str]:
    return [one.song.title for one in await store.charts.top(guild, period, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("likes", "votes", "low", "high"),
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(likes: int, votes: int, low: float, high: float) -> None:
    assert wilson(likes, votes - likes) == pytest.approx((low, high), abs=0.00005)
    assert wilson(votes - likes, likes) == pytest.approx((1 - high, 1 - low), abs=0.00005)


async def test_the_column_is_the_same_bound(store: Store, files: Files) -> None:
    rng = random.Random(3)
    song = await make(store, files, 1)
    for likes, dislikes in [(0, 0), (1, 0), (0, 1), (1000, 0), *((rng.randrange(99), rng.randrange(99)),) * 20]:
        await store.database.change("UPDATE songs SET likes = :likes, dislikes = :no", likes=likes, no=dislikes)
        [(bound,)] = await store.database.fetch("SELECT bound FROM songs WHERE id = ?", (song.id,))
        assert bound == pytest.approx(wilson(likes, dislikes)[0], abs=1e-12)


async def test_few_likes_do_not_come_before_many(store: Store, files: Files) -> None:
    for seed, likes, dislikes in ((1, 2, 0), (2, 40, 2), (3, 60, 40), (4, 0, 0), (5, 0, 3), (6, 1, 30)):
        await vote(store, await make(store, files, seed), likes, dislikes)
    chart = await store.charts.top(Scope("7"), "all")
    assert [(one.rank, one.song.title, one.likes, one.dislikes) for one in chart] == [
        (1, "Tune 2", 40, 2),
        (2, "Tune 3", 60, 40),
        (3, "Tune 1", 2, 0),
        (4, "Tune 6", 1, 30),
    ]
    assert all((one.low, one.high) == wilson(one.likes, one.dislikes) for one in chart)


async def test_ties_go_by_age_and_pages_leave_nothing_out(store: Store, files: Files) -> None:
    for seed in range(7):
        await vote(store, await make(store, files, seed), 2)
    await store.database.change("UPDATE songs SET created = created - 60 WHERE title = 'Tune 4'")
    expected = [f"Tune {seed}" for seed in (4, 0, 1, 2, 3, 5, 6)]
    assert await titles(store) == expected
    pages = [await store.charts.top(Scope("7"), "all", limit=3, start=start) for start in (0, 3, 6)]
    assert [one.song.title for page in pages for one in page] == expected
    assert [one.rank for page in pages for one in page] == [1, 2, 3, 4, 5, 6, 7]


async def test_one_s_own_vote_does_not_rank(store: Store, files: Files) -> None:
    song = await make(store, files, 1, user_id="1")
    await store.votes.cast(song.id, "1", 1)
    assert await titles(store) == []
    await vote(store, song, 1)
    [one] = await store.charts.top(Scope("7"), "all")
    assert (one.likes, one.dislikes, one.song.votes) == (1, 0, 2)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("day", ["Tune 0"]),
        ("week", ["Tune 0", "Tune 2"]),
        ("month", ["Tune 0", "Tune 2", "Tune 8"]),
        ("all", ["Tune 0", "Tune 2", "Tune 8", "Tune 31"]),
    ],
)
async def test_a_period_is_when_a_song_was_made(store: Store, files: Files, period: str, expected: list[str]) -> None:
    now = time.time()
    for likes, days in enumerate((31, 8, 2, 0), 1):
        song = await vote(store, await make(store, files, days), likes)
        await store.database.change("UPDATE songs SET created = :at WHERE id = :id", at=now - days * DAY, id=song.id)
    assert await titles(store, period=period, now=now) == expected


async def test_every_place_has_a_chart_and_a_history_of_its_own(store: Store, files: Files) -> None:
    places = ("7", "8", "channel:9", PAGE)
    for seed, place in enumerate(places):
        await vote(store, await make(store, files, seed, scope=place), 1)
    for seed, place in enumerate(places):
        assert await titles(store, place) == [f"Tune {seed}"]
        assert [song.title for song in await store.songs.history(Scope(place))] == [f"Tune {seed}"]


async def test_a_deleted_song_leaves_every_chart(store: Store, files: Files) -> None:
    parent = await vote(store, await make(store, files, 1), 3)
    child = await vote(store, await make(store, files, 2, parent=parent.id), 2)
    await files.delete(parent.id)
    assert await titles(store) == ["Tune 2"]
    await files.delete(child.id)
    assert [await titles(store, period=period) for period in ("day", "week", "month", "all")] == [[]] * 4


async def test_votes_of_one_who_is_erased_leave_the_chart(store: Store, files: Files) -> None:
    for seed, likes in ((1, 2), (2, 1)):
        await vote(store, await make(store, files, seed), likes)
    await store.people.erase("voter 0")
    assert [(one.song.title, one.likes) for one in await store.charts.top(Scope("7"), "all")] == [("Tune 1", 1)]
