"""A contest's rules on real rows: what may be nominated and voted for, who wins, and what leaves with whom."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.scope import Scope
from bot.store import SONG_DELETED, Store
from bot.store.contest.entries import (  # fmt: skip
    ELSEWHERE,
    ENOUGH,
    FULL,
    HAS_WON,
    MAX_NOMINEES,
    MAX_PER_PERSON,
    NO_NOMINEE,
    NOT_NOMINATED,
    NOT_NOMINATING,
    NOT_RUNNING,
    NOT_VOTING,
    ONE_CHANNEL,
    OWN_SONG,
    ROUND_OVER,
    RUNNING,
    TWICE,
    VOTING_OVER,
)
from bot.store.contest.schedule import DAY
from generator.protocol.errors import InputError
from tests.bot.contests.rounds_of_play import PLACE, START, Place
from tests.bot.kept import make

VOTING, CLOSED = START + 5 * DAY, START + 7 * DAY


@pytest_asyncio.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(store, tmp_path)
    await place.fill()
    yield place


async def voting(place: Place, *numbers: int) -> None:
    await place.nominate(*numbers)
    assert await place.store.rounds.pass_due(VOTING) == 1


@pytest.mark.parametrize(
    ("song", "person", "at", "sentence"),
    [
        pytest.param("0", "1", START, None, id="one's own"),
        pytest.param("0", "a", VOTING - 1, None, id="somebody else's, in the last second"),
        pytest.param("0", "a", VOTING, NOT_NOMINATING, id="too late, though nobody has looked yet"),
        pytest.param("1", "a", START, TWICE, id="nominated already"),
        pytest.param("other", "a", START, ELSEWHERE, id="of another server"),
        pytest.param("closed", "a", START, ONE_CHANNEL, id="of a channel that not everybody sees"),
        pytest.param("none", "a", START, SONG_DELETED, id="none at all"),
        pytest.param("deleted", "a", START, SONG_DELETED, id="a deleted one"),
        pytest.param("0", "busy", START, ENOUGH, id="one too many"),
    ],
)
async def test_what_may_be_nominated(place: Place, song: str, person: str, at: float, sentence: str | None) -> None:
    await place.nominate(1)
    for number in (2, 3):
        await place.store.contests.nominate(Scope(PLACE), place.songs[number].id, "busy", START)
    assert MAX_PER_PERSON == 2
    parent = await make(place.store, place.files, 6, user_id="6")
    await make(place.store, place.files, 7, user_id="7", parent=parent.id)
    await place.files.delete(parent.id)
    closed = await make(place.store, place.files, 8, user_id="8", only_in="31")
    assert closed.id not in {song.id for song in await place.store.contests.nominatable(Scope(PLACE), 25)}
    ids = {"other": place.other.id, "none": "f" * 32, "deleted": parent.id, "closed": closed.id}
    wanted = ids.get(song) or place.songs[int(song)].id
    if sentence is None:
        assert (await place.store.contests.nominate(Scope(PLACE), wanted, person, at)).id == wanted
    else:
        with pytest.raises(InputError) as refused:
            await place.store.contests.nominate(Scope(PLACE), wanted, person, at)
        assert str(refused.value) == sentence
    assert await place.count("nominations") == 3 + (sentence is None)


@pytest.mark.parametrize(
    ("song", "voter", "at", "sentence"),
    [
        pytest.param(0, "a", VOTING, None, id="a nominee"),
        pytest.param(0, "fan 0", CLOSED - 1, None, id="what one has nominated, in the last second"),
        pytest.param(0, "1", VOTING, OWN_SONG, id="one's own"),
        pytest.param(1, "1", VOTING, None, id="another's, by the one whose own is a nominee"),
        pytest.param(3, "a", VOTING, NO_NOMINEE, id="what is not nominated"),
        pytest.param(0, "a", CLOSED, VOTING_OVER, id="too late, though nobody has looked yet"),
    ],
)
async def test_what_may_be_voted_for(place: Place, song: int, voter: str, at: float, sentence: str | None) -> None:
    await voting(place, 0, 1)
    if sentence is None:
        await place.vote(song, voter, at=at)
    else:
        with pytest.raises(InputError) as refused:
            await place.vote(song, voter, at=at)
        assert str(refused.value) == sentence
    assert await place.count("ballots") == (sentence is None)


async def test_stages_refuse_what_belongs_to_others(place: Place) -> None:
    await place.nominate(0)
    with pytest.raises(InputError, match=NOT_VOTING):
        await place.vote(0, "a", at=START)
    first = await place.round()
    await place.store.rounds.pass_due(VOTING)
    with pytest.raises(InputError, match=NOT_NOMINATING):
        await place.store.contests.nominate(Scope(PLACE), place.songs[1].id, "a", START)
    await place.store.rounds.pass_due(CLOSED)
    with pytest.raises(InputError, match=ROUND_OVER):
        await place.store.contests.vote(Scope(PLACE), place.songs[0].id, "a", CLOSED, round_id=first.id)
    with pytest.raises(InputError, match=NOT_RUNNING):
        await place.store.contests.nominate(Scope("8"), place.other.id, "a", START)


async def test_a_vote_changes_and_counts_once(place: Place) -> None:
    await voting(place, 0, 1)
    for number in (0, 1, 0, 1):
        await place.vote(number, "a", at=VOTING)
    await place.vote(0, "b", at=VOTING)
    number = (await place.round()).number
    assert (await place.store.contests.mine(number, "a")).vote == place.songs[1].id
    assert [one.votes for one in await place.store.contests.nominees(number)] == [None, None], "nobody is told yet"
    await place.store.rounds.pass_due(CLOSED)
    assert [one.votes for one in await place.store.contests.nominees(number)] == [1, 1]
    assert (await place.last()).voters == 2


async def test_a_round_takes_so_many_songs_and_no_more(place: Place) -> None:
    for seed in range(MAX_NOMINEES + 1):
        song = await make(place.store, place.files, 100 + seed, user_id="9")
        if seed < MAX_NOMINEES:
            await place.store.contests.nominate(Scope(PLACE), song.id, f"fan {seed}", START)
    with pytest.raises(InputError) as refused:
        await place.store.contests.nominate(Scope(PLACE), song.id, "late", START)
    assert str(refused.value) == FULL


@pytest.mark.parametrize(
    ("votes", "likes", "winner"),
    [
        pytest.param({0: "ab", 1: "c"}, {}, 0, id="most votes"),
        pytest.param({0: "a", 1: "bc"}, {0: 9}, 1, id="likes are no votes"),
        pytest.param({0: "a", 1: "b"}, {1: 2}, 1, id="a tie goes to the one that is liked most surely"),
        pytest.param({0: "a", 1: "b"}, {}, 0, id="and then to the one that was nominated first"),
        pytest.param({1: "a"}, {0: 9}, 1, id="one vote is enough"),
    ],
)
async def test_who_wins(place: Place, votes: dict[int, str], likes: dict[int, int], winner: int) -> None:
    await voting(place, 0, 1)
    for number, voters in votes.items():
        await place.vote(number, *voters, at=VOTING)
    for number, count in likes.items():
        for liker in range(count):
            await place.store.votes.cast(place.songs[number].id, f"liker {liker}", 1)
    await place.store.rounds.pass_due(CLOSED)
    [famous] = await place.store.contests.hall_of_fame(Scope(PLACE))
    assert (famous.song.id, famous.votes) == (place.songs[winner].id, len(votes[winner]))
    assert (famous.round.outcome, famous.round.ordinal) == ("won", 1)
    assert await place.count("ballots") == 0, "who voted for what is forgotten"
    [nominators] = await place.store.database.fetch("SELECT count(nominator) FROM nominations")
    assert nominators[0] == 0
    with pytest.raises(InputError, match=HAS_WON):
        await place.store.contests.nominate(Scope(PLACE), famous.song.id, "a", CLOSED)
    assert famous.song.id not in {song.id for song in await place.store.contests.nominatable(Scope(PLACE), 25)}


async def test_a_nomination_is_taken_back_by_its_own_person_alone(place: Place) -> None:
    await place.nominate(0)
    with pytest.raises(InputError, match=NOT_NOMINATED):
        await place.store.contests.withdraw(Scope(PLACE), place.songs[0].id, "a", START)
    await place.store.contests.withdraw(Scope(PLACE), place.songs[0].id, "fan 0", START)
    assert await place.count("nominations") == 0


async def test_it_is_started_once_and_stopped_in_two_ways(place: Place) -> None:
    contests = place.store.contests
    with pytest.raises(InputError, match=RUNNING):
        await contests.start(Scope(PLACE), "10", START)
    await contests.stop(Scope(PLACE), START)
    assert (await place.round()).last
    assert not (await contests.start(Scope(PLACE), "10", START)).last, "it goes on"
    await voting(place, 0)
    await place.vote(0, "a", at=VOTING)
    await contests.stop(Scope(PLACE), VOTING)
    await place.store.rounds.pass_due(CLOSED)
    assert await contests.open(Scope(PLACE)) is None
    assert (await place.last()).outcome == "won"
    assert (await contests.start(Scope(PLACE), "10", CLOSED)).ordinal == 2
    await contests.stop(Scope(PLACE), CLOSED, at_once=True)
    assert (await place.last()).outcome == "stopped"
    with pytest.raises(InputError, match=NOT_RUNNING):
        await contests.stop(Scope(PLACE), CLOSED)


@pytest.mark.parametrize("is_a_parent", [False, True])
@pytest.mark.parametrize("stage", ["nominating", "voting", "over"])
async def test_a_deleted_song_leaves_its_round_and_its_fame(place: Place, stage: str, is_a_parent: bool) -> None:
    await place.nominate(0, 1)
    number = (await place.round()).number
    if is_a_parent:
        await make(place.store, place.files, 6, user_id="6", parent=place.songs[0].id)
    if stage != "nominating":
        await place.store.rounds.pass_due(VOTING)
        await place.vote(0, "a", "b", at=VOTING)
        await place.vote(1, "c", at=VOTING)
    if stage == "over":
        await place.store.rounds.pass_due(CLOSED)
    await place.files.delete(place.songs[0].id)
    assert [one.song.id for one in await place.store.contests.nominees(number)] == [place.songs[1].id]
    assert await place.store.contests.hall_of_fame(Scope(PLACE)) == [], "no other song moves up"
    if stage == "voting":
        assert (await place.store.contests.mine(number, "a")).vote is None, "and may vote again"
        await place.vote(1, "a", at=VOTING)
        await place.store.rounds.pass_due(CLOSED)
        [famous] = await place.store.contests.hall_of_fame(Scope(PLACE))
        assert (famous.song.id, famous.votes) == (place.songs[1].id, 2)


async def test_one_who_is_erased_leaves_songs_and_votes_behind_them(place: Place) -> None:
    await voting(place, 0, 1)
    await place.vote(1, "1", "fan 1", at=VOTING)
    about = await place.store.people.export("fan 1")
    assert [row["song"] for row in about["ballots"]] == [place.songs[1].id]
    assert [row["song"] for row in about["nominations"]] == [place.songs[1].id]
    await place.store.people.erase("fan 1")
    about = await place.store.people.export("fan 1")
    assert about["ballots"] == about["nominations"] == []
    number = (await place.round()).number
    assert len(await place.store.contests.nominees(number)) == 2, "what others may have voted for stays"
    await place.store.people.erase("1")
    assert [one.song.id for one in await place.store.contests.nominees(number)] == [place.songs[1].id]
    assert await place.count("ballots") == 0


async def test_everything_of_a_server_goes_with_it(place: Place) -> None:
    await voting(place, 0, 1)
    await place.vote(0, "a", at=VOTING)
    await place.store.servers.left(Scope(PLACE), 1.0)
    assert await place.store.rounds.pass_due(CLOSED) == 0, "while the bot is away nothing happens"
    assert await place.store.rounds.pending() == []
    await place.store.servers.erase(Scope(PLACE), 2.0)
    for table in ("contests", "rounds", "nominations", "ballots", "announcements"):
        assert await place.count(table) == 0
    assert await place.store.database.fetch("PRAGMA foreign_key_check") == []


async def test_many_at_once_are_each_counted_once(place: Place) -> None:
    presses = [place.store.contests.nominate(Scope(PLACE), place.songs[n % 4].id, str(n % 5), START) for n in range(40)]
    ends = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(not isinstance(end, BaseException) for end in ends) == 4
    await place.store.rounds.pass_due(VOTING)
    votes = [place.store.contests.vote(Scope(PLACE), place.songs[n % 4].id, f"v{n % 10}", VOTING) for n in range(100)]
    await asyncio.gather(*votes, place.store.rounds.pass_due(VOTING), place.files.delete(place.songs[3].id),
                         return_exceptions=True)  # fmt: skip
    rows = await place.store.database.fetch("SELECT count(DISTINCT voter), count(*) FROM ballots")
    assert rows[0][0] == rows[0][1] <= 10
    assert await place.store.rounds.pass_due(CLOSED) == 1
    assert await place.store.rounds.pass_due(CLOSED) == 0
