"""A contest as time goes by: deadlines met, slept through, jumped over and moved back; each stage is passed once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.scope import PAGE, Scope
from bot.store import Store
from bot.store.contest.rounds import QUIET
from bot.store.contest.schedule import DAY, LATE
from tests.bot.contests.rounds_of_play import PLACE, START, Place

VOTING, CLOSED = int(START) + 5 * DAY, int(START) + 7 * DAY


@pytest_asyncio.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(store, tmp_path)
    await place.fill()
    yield place


async def waiting(place: Place) -> list[tuple[int, str, str]]:
    """What is to be told: the round's ordinal, the stage that is told, and the one that it is in."""
    return [(one.round.ordinal, one.stage, one.round.stage) for one in await place.store.rounds.pending()]


async def test_a_round_from_its_beginning_to_the_next(place: Place) -> None:
    rounds = place.store.rounds
    await place.nominate(0, 1)
    assert await rounds.pass_due(VOTING - 1) == 0
    assert await rounds.pass_due(VOTING) == 1
    assert ((await place.round()).stage, (await place.round()).closes) == ("voting", CLOSED)
    await place.vote(1, "a", at=VOTING)
    assert await rounds.pass_due(CLOSED - 1) == 0
    assert await rounds.pass_due(CLOSED) == 1
    found = await place.round()
    assert (found.ordinal, found.stage, found.voting, found.closes) == (
        2,
        "nominating",
        CLOSED + 5 * DAY,
        CLOSED + 7 * DAY,
    )
    assert (await place.last()).outcome == "won"
    assert await rounds.pass_due(CLOSED) == 0


@pytest.mark.parametrize(
    ("nominated", "voters", "noticed", "outcome"),
    [
        pytest.param([], "", VOTING, "no-nominations", id="no nominations"),
        pytest.param([0], "", CLOSED, "no-votes", id="one nominee, no votes"),
        pytest.param([0], "a", CLOSED, "won", id="one nominee needs a vote like any"),
        pytest.param([0, 1], "", CLOSED, "no-votes", id="no votes"),
    ],
)
async def test_a_round_with_little_in_it_ends_and_the_next_begins(
    place: Place, nominated: list[int], voters: str, noticed: int, outcome: str
) -> None:
    await place.nominate(*nominated)
    await place.store.rounds.pass_due(VOTING)
    if voters:
        await place.vote(0, *voters, at=VOTING)
    await place.store.rounds.pass_due(noticed)
    found = await place.round()
    assert ((await place.last()).outcome, found.ordinal, found.stage) == (outcome, 2, "nominating")
    assert (found.voting, found.closes) == (CLOSED + 5 * DAY, CLOSED + 7 * DAY), "the day of the week stays"


async def test_after_some_rounds_without_nominations_the_contest_ends(place: Place) -> None:
    for ordinal in range(1, QUIET + 1):
        found = await place.round()
        assert found.ordinal == ordinal
        await place.store.rounds.pass_due(found.voting)
    assert await place.store.contests.open(Scope(PLACE)) is None
    assert (await place.store.contests.start(Scope(PLACE), "9", CLOSED)).ordinal == QUIET + 1
    await place.store.rounds.pass_due((await place.round()).voting)
    assert (await place.round()).ordinal == QUIET + 2, "they are counted anew"


@pytest.mark.parametrize("jump", [2 * DAY + 1, 30 * DAY, 4000 * DAY])
async def test_a_jump_over_both_deadlines_leaves_a_day_to_vote(place: Place, jump: int) -> None:
    """The bot was away, or the clock was wrong: it is the same to it."""
    await place.nominate(0, 1)
    now = VOTING + jump
    assert await place.store.rounds.pass_due(now) == 1
    assert await place.store.rounds.pass_due(now) == 0
    found = await place.round()
    assert (found.ordinal, found.stage, found.closes) == (1, "voting", now + DAY)
    await place.vote(0, "a", at=now)
    await place.store.rounds.pass_due(now + DAY)
    assert (await place.last()).outcome == "won"
    assert (await place.round()).voting == now + DAY + 5 * DAY


async def test_votes_that_nobody_could_give_have_a_day_more(place: Place) -> None:
    await place.nominate(0)
    await place.store.rounds.pass_due(VOTING)
    late = CLOSED + LATE + 1
    assert await place.store.rounds.pass_due(late) == 1
    assert ((await place.round()).stage, (await place.round()).closes) == ("voting", late + DAY)
    await place.store.rounds.pass_due(late + DAY + LATE)
    assert (await place.last()).outcome == "no-votes"


async def test_votes_that_were_given_count_though_the_end_was_slept_through(place: Place) -> None:
    await place.nominate(0)
    await place.store.rounds.pass_due(VOTING)
    await place.vote(0, "a", at=VOTING)
    await place.store.rounds.pass_due(CLOSED + 30 * DAY)
    assert (await place.last()).outcome == "won"
    assert (await place.round()).voting == CLOSED + 35 * DAY


async def test_a_clock_that_goes_back_passes_nothing_again(place: Place) -> None:
    await place.nominate(0)
    await place.store.rounds.pass_due(VOTING)
    assert await place.store.rounds.pass_due(START) == 0
    assert (await place.round()).stage == "voting"
    await place.vote(0, "a", at=START)
    assert await place.store.rounds.pass_due(VOTING) == 0
    await place.store.rounds.pass_due(CLOSED)
    for now in (START, VOTING, CLOSED, CLOSED + 1):
        assert await place.store.rounds.pass_due(now) == 0
    assert [one.round.ordinal for one in await place.store.contests.hall_of_fame(Scope(PLACE))] == [1]
    assert await place.count("rounds") == 2


async def test_each_stage_is_announced_once_and_those_before_it_shown_anew(place: Place) -> None:
    rounds = place.store.rounds
    [first] = await rounds.pending()
    assert (first.stage, first.started_in, first.message_id) == ("nominating", "9", None)
    await rounds.set_channel(first, "9")
    await place.nominate(0)
    await rounds.announced(first, "100")
    [again] = await rounds.pending()
    assert (again.message_id, again.channel_id) == ("100", "9"), "what happened meanwhile is to be shown, too"
    await rounds.announced(again, "100")
    assert await rounds.pending() == []
    await place.files.delete(place.songs[0].id)
    assert await waiting(place) == [(1, "nominating", "nominating")]
    await place.nominate(1)
    await rounds.pass_due(VOTING)
    assert await waiting(place) == [(1, "voting", "voting"), (1, "nominating", "voting")]
    await place.vote(1, "a", at=VOTING)
    await rounds.pass_due(CLOSED)
    assert await waiting(place) == [(1, "over", "over"), (2, "nominating", "nominating"), (1, "nominating", "over")], (
        "what was never sent need not be any more"
    )
    for one in await rounds.pending():
        await rounds.announced(one, "101")
    await place.files.delete(place.songs[1].id)
    assert (1, "over", "over") in await waiting(place)
    for one in await rounds.pending():
        await rounds.drop(one)
    await rounds.pass_due(CLOSED)
    assert await rounds.pending() == []


async def test_what_is_on_its_way_when_its_stage_passes_is_not_forgotten(place: Place) -> None:
    rounds = place.store.rounds
    [opening] = await rounds.pending()
    await rounds.set_channel(opening, "9")
    await place.nominate(0)
    await rounds.pass_due(VOTING)
    assert sorted(await waiting(place)) == [(1, "nominating", "voting"), (1, "voting", "voting")]
    await rounds.announced(opening, "100")
    again = next(one for one in await rounds.pending() if one.stage == "nominating")
    assert (again.message_id, again.round.stage) == ("100", "voting"), "that it is over is to be shown in it"


async def test_the_page_is_told_nothing(place: Place) -> None:
    before = await place.count("announcements")
    await place.store.contests.start(PAGE, None, START)
    await place.store.contests.stop(PAGE, START, at_once=True)
    assert await place.count("announcements") == before
