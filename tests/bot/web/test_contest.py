"""The page's contest over its API: rounds, nominations, votes, the hall of fame, and who may start one."""

from typing import Any

import aiohttp
import pytest

from bot.scope import PAGE
from bot.store import Song
from bot.store.contest.entries import ELSEWHERE, NOT_RUNNING, NOT_VOTING, OWN_SONG, RUNNING, TWICE
from bot.store.contest.schedule import DAY
from bot.web.contest import ONE_SONG, OPEN_TO_OTHERS, STOP
from tests.bot.conftest import Channel
from tests.bot.kept import make


@pytest.fixture
def public_url() -> None:
    """A page that only this machine reaches."""


async def songs(channel: Channel, *users: str) -> list[Song]:
    return [
        await make(channel.store, channel.files, seed, scope=PAGE, user_id=user, origin="local")
        for seed, user in enumerate(users)
    ]


async def do(channel: Channel, what: str, **fields: Any) -> Any:
    status, answer = await channel.post(f"/api/contest/{what}", json=fields)
    assert status == 200, answer
    return answer


async def refused(channel: Channel, what: str, **fields: Any) -> str:
    status, answer = await channel.post(f"/api/contest/{what}", json=fields)
    assert status == 400, answer
    return str(answer["error"])


async def later(channel: Channel, days: float) -> Any:
    """Let time pass, and see how the contest stands."""
    channel.calendar.time += days * DAY
    await channel.store.rounds.pass_due(channel.calendar.now())
    return (await channel.get("/api/contest"))[1]


async def test_a_round_on_the_page(channel: Channel) -> None:
    async with channel.http.get(channel.url + "/") as page:
        mine = page.cookies["chiptune_voter"].value.partition(".")[0]  # without the signature
    first, second = await songs(channel, mine, "somebody")
    assert await channel.get("/api/contest") == (200, {"round": None, "last": None, "manages": True})
    contest = await do(channel, "start")
    begun = int(channel.calendar.time)
    assert (contest["round"], contest["stage"], contest["left"]) == (1, "nominating", 2)
    assert (contest["voting"], contest["closes"]) == (begun + 5 * DAY, begun + 7 * DAY)
    assert await refused(channel, "start") == RUNNING
    assert await refused(channel, "vote", song=second.id) == NOT_VOTING
    await do(channel, "nominate", song=first.id)
    assert await refused(channel, "nominate", song=first.id) == TWICE
    contest = await do(channel, "nominate", song=second.id)
    assert ([(song["id"], song["mine"]) for song in contest["songs"]], contest["left"]) == (
        [(first.id, True), (second.id, True)],
        0,
    )
    contest = await do(channel, "withdraw", song=second.id)
    assert [song["id"] for song in contest["songs"]] == [first.id]
    await do(channel, "nominate", song=second.id)
    assert (await later(channel, 5))["stage"] == "voting"
    assert await refused(channel, "vote", song=first.id) == OWN_SONG
    contest = await do(channel, "vote", song=second.id)
    assert contest["vote"] == second.id
    assert "contest_votes" not in str(contest), "nobody is told yet how it stands"
    contest = await later(channel, 2)
    assert contest["round"] == 2
    assert contest["last"]["songs"] == [
        {"id": second.id, "title": "Tune 1", "votes": 1, "won": True},
        {"id": first.id, "title": "Tune 0", "votes": 0, "won": False},
    ]
    assert (contest["last"]["outcome"], contest["last"]["voters"]) == ("won", 1)
    _, fame = await channel.get("/api/contest/hall-of-fame")
    assert [(one["id"], one["round"], one["contest_votes"]) for one in fame] == [(second.id, 1, 1)]
    assert await channel.get("/api/contest/hall-of-fame?start=1") == (200, [])


async def test_it_is_stopped_after_the_round_or_at_once(channel: Channel) -> None:
    assert await refused(channel, "stop") == NOT_RUNNING
    await do(channel, "start")
    assert (await do(channel, "stop"))["ending"] is True
    assert (await do(channel, "start"))["ending"] is False
    ended = await do(channel, "stop", at_once=True)
    assert (ended["round"], ended["last"]["outcome"]) == (None, "stopped")


@pytest.mark.parametrize("public_url", ["https://tunes.example.org"])
async def test_on_a_page_that_is_open_to_others_nobody_starts_or_stops_it(channel: Channel) -> None:
    assert await refused(channel, "start") == OPEN_TO_OTHERS
    await channel.store.contests.start(PAGE, None, channel.calendar.now())
    assert await refused(channel, "stop", at_once=True) == OPEN_TO_OTHERS
    [song] = await songs(channel, "somebody")
    contest = await do(channel, "nominate", song=song.id)
    assert (contest["manages"], len(contest["songs"])) == (False, 1)


async def test_a_tune_of_discord_is_no_candidate(channel: Channel) -> None:
    await do(channel, "start")
    elsewhere = await make(channel.store, channel.files, 9)
    assert await refused(channel, "nominate", song=elsewhere.id) == ELSEWHERE


async def test_each_browser_has_a_vote(channel: Channel) -> None:
    await do(channel, "start")
    [song] = await songs(channel, "somebody")
    await do(channel, "nominate", song=song.id)
    await later(channel, 5)
    for _ in range(3):
        async with (
            aiohttp.ClientSession() as other,
            other.post(f"{channel.url}/api/contest/vote", json={"song": song.id}) as answer,
        ):
            assert answer.status == 200
            assert "chiptune_voter" in answer.cookies
    await do(channel, "vote", song=song.id)
    await do(channel, "vote", song=song.id)
    assert (await later(channel, 2))["last"]["voters"] == 4


@pytest.mark.parametrize(
    ("what", "sent", "sentence"),
    [
        ("nominate", {}, ONE_SONG),
        ("vote", {"song": 1}, ONE_SONG),
        ("vote", {"song": "a", "more": 1}, ONE_SONG),
        ("withdraw", {"song": ["a"]}, ONE_SONG),
        ("stop", {"at_once": 1}, STOP),
        ("stop", {"now": True}, STOP),
    ],
)
async def test_what_makes_no_sense_is_a_sentence(
    channel: Channel, what: str, sent: dict[str, Any], sentence: str
) -> None:
    assert await refused(channel, what, **sent) == sentence
    status, answer = await channel.get("/api/contest/hall-of-fame?start=-1")
    assert (status, answer["error"]) == (400, "The start must be 0 to 999999.")
