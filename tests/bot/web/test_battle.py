"""Battles over the page's API: nameless pairs, one judgement a browser and pair, the ranking."""

from typing import Any

import pytest

from bot.scope import PAGE
from bot.store import Store
from bot.store.battles import JUDGED
from bot.voting import NO_PAIR
from bot.web.forms import JUDGEMENT
from tests.bot.conftest import Channel
from tests.bot.kept import make


async def songs(channel: Channel, count: int) -> None:
    for seed in range(count):
        await make(channel.store, channel.files, seed, scope=PAGE, user_id="somebody", origin="local")


async def test_a_pair_has_no_names_until_it_is_judged(channel: Channel) -> None:
    await songs(channel, 2)
    status, pair = await channel.get("/api/battle")
    assert status == 200
    assert [set(pair[one]) for one in "ab"] == [{"id", "audio", "picture", "seconds"}] * 2
    wanted = {"a": pair["a"]["id"], "b": pair["b"]["id"], "winner": "b"}
    status, named = await channel.post("/api/battle", json=wanted)
    assert (status, {named[one]["title"] for one in "ab"}) == (200, {"Tune 0", "Tune 1"})
    assert await channel.post("/api/battle", json=wanted) == (400, {"error": JUDGED})
    assert await channel.get("/api/battle") == (400, {"error": NO_PAIR})
    status, ranking = await channel.get("/api/top?ranking=battles")
    assert [(one["rank"], one["id"], one["battles"]) for one in ranking] == [
        (1, pair["b"]["id"], 1),
        (2, pair["a"]["id"], 1),
    ]
    assert all(0 < one["low"] < one["middle"] < one["high"] < 1 for one in ranking)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"a": "0" * 32, "b": "1" * 32},
        {"a": 1, "b": 2, "winner": "a"},
        {"a": "0" * 32, "b": "1" * 32, "winner": "c"},
        {"a": "0" * 32, "b": "1" * 32, "winner": ["a"]},
        {"a": "0" * 32, "b": "1" * 32, "winner": "a", "more": 1},
    ],
)
async def test_what_is_no_judgement_is_a_sentence(channel: Channel, sent: dict[str, Any]) -> None:
    assert await channel.post("/api/battle", json=sent) == (400, {"error": JUDGEMENT})


async def test_songs_of_discord_are_not_judged_here(channel: Channel, store: Store) -> None:
    others = [await make(store, channel.files, seed) for seed in (1, 2)]
    assert await channel.get("/api/battle") == (400, {"error": NO_PAIR})
    sent = {"a": others[0].id, "b": others[1].id, "winner": "a"}
    status, answer = await channel.post("/api/battle", json=sent)
    assert (status, answer) == (400, {"error": "These two tunes were not made here."})


async def test_an_unknown_ranking_is_a_sentence(channel: Channel) -> None:
    status, answer = await channel.get("/api/top?ranking=luck")
    assert (status, answer) == (400, {"error": "The ranking must be one of votes, battles."})
