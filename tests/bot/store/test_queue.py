"""The queue's order, limits and estimates on real SQLite files."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.scope import PAGE, Scope
from bot.store import LimitReached, Limits, OpenRequest, Requester, RequestRecord, Song, Store
from bot.store.queue import NEWEST, START_PACE
from generator.protocol.requests import Request

NO_LIMITS = Limits(person=10**6, server=10**6, everybody=10**6)


def asks(person: str, server: str | None = "s", origin: str = "discord", **fields: object) -> RequestRecord:
    values = {"id": uuid.uuid4().hex, "origin": origin, "user_id": person, "scope": server and Scope(server), **fields}
    return RequestRecord(request=Request(), **values)  # type: ignore[arg-type]


async def queue_up(store: Store, *people: str, server: str = "s") -> dict[str, str]:
    """Requests of people, in this order; whose each one is."""
    entries = [asks(person, server) for person in people]
    for entry in entries:
        assert await store.queue.add(entry, NO_LIMITS, 30.0) is None
    return {entry.id: str(entry.user_id) for entry in entries}


async def taken(store: Store, count: int = 1000) -> str:
    """The people whose requests are taken next, in one word."""
    found = ""
    while count and (entry := await store.queue.take()):
        found += str(entry.user_id)
        count -= 1
    return found


async def standing(store: Store) -> list[str]:
    return [waiting.id for waiting in await store.queue.line()]


# The order


async def test_people_take_turns(store: Store) -> None:
    await queue_up(store, *"aaaabbc")
    assert await taken(store) == "abcabaa"


async def test_a_newcomer_waits_for_nobody_s_second(store: Store) -> None:
    await queue_up(store, *"aaaa")
    assert await taken(store, 2) == "aa"
    await queue_up(store, "b")
    assert await taken(store) == "baa"


async def test_who_waited_for_each_answer_has_no_advantage(store: Store) -> None:
    await queue_up(store, *"abab")
    assert await taken(store, 1) == "a"
    await queue_up(store, "a")
    assert await taken(store) == "baba"


async def test_servers_take_turns_within_a_round(store: Store) -> None:
    await queue_up(store, *"abc", server="large")
    await queue_up(store, *"xx", server="small")
    assert await taken(store) == "axbcx"


async def test_places_outside_of_servers_are_their_own(store: Store) -> None:
    for entry in (
        asks("a", "s"),
        asks("b", "s"),
        asks("c", "channel:1"),
        asks("d", "local", origin="local"),
        asks("e", "local", origin="local"),
    ):
        await store.queue.add(entry, NO_LIMITS, 30.0)
    assert await taken(store) == "acdeb"


async def test_a_person_is_the_same_in_every_server(store: Store) -> None:
    await queue_up(store, "a", server="s")
    await queue_up(store, "a", server="t")
    await queue_up(store, "b", server="s")
    assert await taken(store) == "aba"


async def test_the_turns_outlive_a_restart(tmp_path: Path) -> None:
    for expected in "abab":
        async with Store.open(tmp_path / "db.sqlite3") as store:
            if not await store.queue.line():
                await queue_up(store, *"aabb")
            assert await taken(store, 1) == expected


async def test_what_is_put_back_is_next(store: Store) -> None:
    await queue_up(store, *"aab")
    first = await store.queue.take()
    assert first
    await store.requests.requeue(first.id)
    again = await store.queue.take()
    assert again
    assert (again.id, again.attempts) == (first.id, 2)
    assert await taken(store) == "ba"


async def test_what_is_taken_back_costs_no_turn(store: Store) -> None:
    first, second, *_ = await queue_up(store, *"aaabb")
    for request in (first, second):
        assert await store.queue.cancel(request, "Gone.")
    assert await taken(store) == "abb"


@pytest.mark.parametrize("seed", range(4))
async def test_nobody_gets_two_turns_more_than_one_who_waits(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    homes = {person: rng.choice("xyz") for person in "abcdef"}
    owner: dict[str, str] = {}
    since: dict[str, Counter[str]] = {}  # of each that waits: the turns of everybody since it was asked for
    newcomers: set[str] = set()
    served: set[str] = set()
    for _ in range(120):
        action = rng.random()
        if action < 0.5:
            person = rng.choice("aaaabbcdef")
            known = person in served or person in owner.values()
            for request in await queue_up(store, person, server=homes[person]):
                owner[request], since[request] = person, Counter()
                newcomers |= set() if known else {request}
        elif action < 0.55 and since:
            request = rng.choice(list(since))
            await store.queue.cancel(request, "Gone.")
            del since[request]
        elif entry := await store.queue.take():
            person, turns = owner[entry.id], since.pop(entry.id)
            served.add(person)
            for count in [*since.values(), turns]:
                count[person] += 1
            others = {other: count for other, count in turns.items() if other != person}
            assert all(count <= turns[person] + 1 for count in others.values()), turns
            assert entry.id not in newcomers or all(count <= 1 for count in others.values()), turns
            if rng.random() < 0.1:
                await store.requests.compose_failure(entry.id, "No.")
    assert served


async def test_the_line_is_the_order_of_taking(store: Store) -> None:
    rng = random.Random(5)
    for _ in range(40):
        await queue_up(store, rng.choice("abcde"), server=rng.choice("st"))
        if rng.random() < 0.3:
            await store.queue.take()
    working = [waiting.id for waiting in await store.queue.line() if waiting.working]
    queued = (await standing(store))[len(working) :]
    order = []
    while entry := await store.queue.take():
        order.append(entry.id)
    assert order == queued


# Limits


@pytest.mark.parametrize(
    ("limits", "reached"),
    [
        (Limits(person=2), LimitReached("person", 2)),
        (Limits(server=3), LimitReached("server", 3)),
        (Limits(everybody=4, person=9, server=9), LimitReached("everybody", 4)),
        (Limits(person=9, server=9, cooldown=30), LimitReached("cooldown", 30, 20.0)),
        (Limits(), None),
    ],
)
async def test_each_limit_is_named(store: Store, limits: Limits, reached: LimitReached | None) -> None:
    now = 1_000_000.0
    for person, server in (("a", "s"), ("a", "s"), ("b", "s"), ("c", "t")):
        await store.queue.add(asks(person, server, created=now), NO_LIMITS, 30.0)
    entry = asks("a", "s", created=now + 10)
    assert await store.queue.add(entry, limits, 30.0) == reached
    assert (await store.requests.get(entry.id) is None) == (reached is not None)


async def test_a_hundred_at_once_do_not_get_past_a_limit(store: Store) -> None:
    entries = [asks("a") for _ in range(100)]
    await asyncio.gather(*(store.queue.add(entry, Limits(), 30.0) for entry in entries))
    assert await store.requests.count_open() == 3


async def test_what_is_answered_counts_no_more(store: Store) -> None:
    await queue_up(store, *"aaa")
    assert await store.queue.add(asks("a"), Limits(), 30.0) == LimitReached("person", 3)
    entry = await store.queue.take()
    assert entry
    assert await store.queue.add(asks("a"), Limits(), 30.0) == LimitReached("person", 3)
    await store.requests.compose_failure(entry.id, "No.")
    assert await store.queue.add(asks("a"), Limits(), 30.0) is None


async def test_a_limit_can_be_asked_for_beforehand(store: Store) -> None:
    await queue_up(store, *"aab")
    asker = Requester("discord", "a", Scope("s"))
    assert await store.queue.reached(asker, Limits()) is None
    assert await store.queue.reached(asker, Limits(person=2)) == LimitReached("person", 2)
    assert await store.queue.reached(Requester("local", "a", PAGE), Limits(person=1)) is None


# Estimates


async def test_work_is_estimated_by_the_pace_of_its_mode(store: Store) -> None:
    first, second = asks("a"), asks("b")
    await store.queue.add(first, NO_LIMITS, 10.0)
    await store.queue.add(second, NO_LIMITS, 20.0)
    await store.queue.take()
    assert await store.queue.line() == [
        OpenRequest(first.id, True, 10.0 * START_PACE),
        OpenRequest(second.id, False, 20.0 * START_PACE),
    ]
    await store.queue.learn("arrange", 9.0)
    await store.queue.learn("generate", 2.0)
    await store.queue.learn("generate", 4.0)
    assert [waiting.work for waiting in await store.queue.line()] == [
        pytest.approx(music * (2.0 + NEWEST * 2.0)) for music in (10.0, 20.0)
    ]


# Cancelling


async def test_what_is_open_can_be_cancelled_and_moves_on_no_more(
    store: Store, make_song: Callable[[RequestRecord], Song]
) -> None:
    await queue_up(store, *"ab")
    working = await store.queue.take()
    [queued] = [entry for entry in await store.queue.open() if entry.status == "queued"]
    assert working
    for entry in (working, queued):
        cancelled = await store.queue.cancel(entry.id, "Gone.")
        assert cancelled
        assert (cancelled.status, cancelled.error, cancelled.cancelled) == ("composed", "Gone.", True)
    assert not await store.requests.compose(make_song(working))
    assert not await store.requests.compose_failure(working.id, "No.")
    assert not await store.requests.requeue(working.id)
    assert await store.songs.get(working.id) is None
    assert [entry.error for entry in await store.requests.undelivered()] == ["Gone.", "Gone."]
    assert await store.queue.take() is None
    assert await store.queue.cancel(working.id, "Gone.") is None


async def test_open_requests_by_person_and_server(store: Store) -> None:
    await queue_up(store, *"ab", server="s")
    await queue_up(store, "a", server="t")
    await store.queue.take()
    assert [entry.scope for entry in await store.queue.open(user_id="a")] == ["s", "t"]
    assert [entry.user_id for entry in await store.queue.open(scope=Scope("s"))] == ["a", "b"]
    assert len(await store.queue.open()) == 3
