"""What those who wait are told, refused and can take back: the backlog on a real store and a real child process."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.requests import progress_updates
from bot.requests.cost import expected_seconds
from bot.requests.wait_times import LimitError, approximate_time
from bot.scope import Scope
from bot.store import RequestRecord, Store
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from tests.bot.bench import Bench
from tests.fake_generator import HELD


@pytest_asyncio.fixture
async def bench(gate: Path, tmp_path: Path, store: Store) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, store)
    async with bench.running():
        yield bench


async def until_working(bench: Bench, entry: RequestRecord) -> None:
    async with asyncio.timeout(90):
        while bench.backlog.progress(entry.id) is None:
            await asyncio.sleep(0.02)


def told(bench: Bench, entry: RequestRecord) -> list[str]:
    return [str(what[0]) for what in bench.chat.told if what[1] == entry.id]


async def test_never_are_two_edits_of_one_message_under_way(
    gate: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_updates, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(progress_updates, "PROGRESS_SECONDS", 0.0)
    bench.chat.seconds = 0.3
    entry = await bench.ask(HELD)
    await bench.until_told("progress", 3)
    gate.touch()
    await bench.chat.until(1)
    assert bench.chat.most_at_once == 1
    assert told(bench, entry)[-1] == "post"


async def test_who_waits_hears_of_every_step(gate: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_updates, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(progress_updates, "PROGRESS_SECONDS", 0.05)
    monkeypatch.setattr(progress_updates, "WAITING_SECONDS", 0.05)
    held = await bench.ask(HELD, user_id="a")
    await until_working(bench, held)
    second = await bench.ask(HELD, user_id="b")
    third = await bench.ask(42, user_id="c")
    assert (await bench.backlog.place(held.id)).position == 0  # type: ignore[union-attr]
    assert [(entry.id, place.position) for entry, place in await bench.backlog.open()] == [
        (held.id, 0),
        (second.id, 1),
        (third.id, 2),
    ]
    await bench.backlog.cancel(held.id, by="a")
    await until_working(bench, second)
    async with asyncio.timeout(90):
        while ("queued", third.id, 1) not in bench.chat.told:
            await asyncio.sleep(0.02)
    gate.touch()
    await bench.chat.until(3)
    places = [what[2] for what in bench.chat.told if what[:2] == ("queued", third.id)]
    assert places == sorted(places, reverse=True)
    assert set(places) == {1, 2}
    assert told(bench, third)[-1] == "post"


async def test_estimates_add_up_and_shrink(bench: Bench) -> None:
    held = await bench.ask(HELD, user_id="a")
    await until_working(bench, held)
    one, two = await bench.ask(42, user_id="b"), await bench.ask(42, user_id="c")
    seconds = [place.seconds for _, place in await bench.backlog.open()]
    assert 0 < seconds[0] < seconds[1] < seconds[2]
    assert seconds[2] - seconds[1] == pytest.approx(seconds[1] - seconds[0])
    await bench.backlog.cancel(one.id, by="b")
    place = await bench.backlog.place(two.id)
    assert place
    assert (place.position, place.seconds < seconds[2]) == (1, True)


async def test_what_waits_is_cancelled_at_once(bench: Bench) -> None:
    held = await bench.ask(HELD, user_id="a")
    await until_working(bench, held)
    waiting = await bench.ask(42, user_id="b")
    await bench.backlog.cancel(waiting.id, by="b")
    assert await bench.chat.until(1) == [("cancelled", waiting.id, "This was cancelled.")]
    assert await bench.status(waiting) == "refused"
    with pytest.raises(InputError, match="too late"):
        await bench.backlog.cancel(waiting.id, by="b")
    with pytest.raises(InputError, match="no such request"):
        await bench.backlog.cancel("0" * 32, by="b")


async def test_what_is_being_made_is_dropped_and_the_child_goes_on(
    gate: Path, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, after = await bench.ask(HELD, user_id="a"), await bench.ask(42, user_id="b")
    await until_working(bench, held)
    pid = bench.client.pid
    await bench.backlog.cancel(held.id, by="a moderator")
    answers = await bench.chat.until(2)
    assert sorted(answers) == [
        ("cancelled", held.id, "This was cancelled by a moderator."),
        ("post", after.id, "Tune 42"),
    ]
    assert bench.client.pid == pid
    assert told(bench, held)[-1] == "cancelled"
    assert await bench.store.songs.get(held.id) is None
    assert bench.backlog.progress(held.id) is None


async def test_what_was_cancelled_is_said_after_a_restart(bench: Bench, store: Store) -> None:
    entry = await bench.ask(HELD, user_id="a")
    await until_working(bench, entry)
    assert await store.queue.cancel(entry.id, "This was cancelled.")  # and the bot was killed before it said so
    again = Bench(bench.folder, store)
    async with again.running():
        assert await again.chat.until(1) == [("cancelled", entry.id, "This was cancelled.")]


async def test_over_a_limit_is_refused_with_what_to_do(bench: Bench) -> None:
    held = [await bench.ask(HELD, user_id="a") for _ in range(3)]
    with pytest.raises(LimitError, match=r"You have 3 open requests.* in about .*Or cancel one of them") as refused:
        await bench.ask(42, user_id="a")
    assert 1 <= refused.value.retry_after < 60
    await bench.ask(42, user_id="b")
    await bench.backlog.cancel(held[2].id, by="a")
    await bench.ask(42, user_id="a")
    assert await bench.store.requests.count_open() == 4


async def test_a_server_sets_its_own_limits(bench: Bench) -> None:
    async def ask(person: str) -> RequestRecord:
        return await bench.backlog.accept(Request(seed=HELD), origin="discord", user_id=person, scope=Scope("7"))

    await bench.store.servers.change(Scope("7"), "server_limit", 2)
    await ask("a")
    await ask("b")
    with pytest.raises(LimitError, match="This server has 2 open requests"):
        await ask("c")
    await bench.store.servers.reset(Scope("7"))
    await bench.store.servers.change(Scope("7"), "cooldown", 3600)
    with pytest.raises(LimitError, match=r"every 3600 seconds: again <t:\d+:R>\.") as refused:
        await ask("a")
    assert 3500 < refused.value.retry_after <= 3600


async def test_a_conversation_is_not_called_a_server(bench: Bench) -> None:
    async def ask(person: str) -> RequestRecord:
        return await bench.backlog.accept(
            Request(seed=HELD), origin="discord", user_id=person, scope=Scope("channel:7")
        )

    await bench.store.servers.change(Scope("channel:7"), "server_limit", 1)
    await ask("a")
    with pytest.raises(LimitError, match="This conversation has 1 open request,"):
        await ask("b")


async def test_a_full_queue_says_so(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, everybody=1)
    await bench.ask(42, user_id="a")
    with pytest.raises(LimitError, match="The queue is full with 1 open request"):
        await bench.ask(42, user_id="b")


async def test_what_waited_for_over_a_day_is_refused(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store)
    old = RequestRecord(id="a" * 32, origin="local", request=Request(seed=42), created=time.time() - 25 * 3600)
    await store.requests.add(old)
    async with bench.running():
        [(kind, _, sentence)] = await bench.chat.until(1)
    assert (kind, "over a day" in sentence) == ("refuse", True)


async def test_the_pace_is_learnt(bench: Bench) -> None:
    await bench.ask(42, user_id="a")
    await bench.chat.until(1)
    held = await bench.ask(HELD, user_id="a")
    await until_working(bench, held)
    [one] = await bench.store.queue.line()
    assert one.work == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "a few seconds"),
        (38, "about 40 seconds"),
        (58, "about a minute"),
        (100, "about 2 minutes"),
        (3500, "about an hour"),
        (9000, "about 2 hours"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert approximate_time(seconds) == words


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [
        (Request(), 30.0),
        (Request(seconds=12), 12.0),
        (Request(bars=8), 16.0),
        (Request(bars=8, bpm=160), 12.0),
        (Request(mode="arrange", upload="0" * 64), 60.0),
    ],
)
def test_the_length_that_is_expected(request_: Request, seconds: float) -> None:
    assert expected_seconds(request_) == seconds
