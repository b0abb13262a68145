"""Several requests made at once: each is answered exactly once, whatever becomes of those beside it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.requests.wait_times import WaitTimes
from bot.store import RequestRecord, Store
from generator.protocol.errors import FAULT_SENTENCE
from tests.bot.bench import Bench
from tests.fake_generator import HELD


@pytest.fixture
def jobs_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Return a function that returns the ids of all jobs that were begun, in order."""
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_GENERATOR_LOG", str(log))
    return lambda: [line.removeprefix("job ") for line in log.read_text().splitlines()] if log.exists() else []


async def until_working(bench: Bench, *entries: RequestRecord) -> None:
    async with asyncio.timeout(60):
        while any(bench.backlog.progress(entry.id) is None for entry in entries):
            await asyncio.sleep(0.02)


async def test_as_many_as_are_allowed_are_made_at_once(
    gate: Path, tmp_path: Path, store: Store, jobs_log: Callable[[], list[str]]
) -> None:
    bench = Bench(tmp_path, store, jobs=3)
    async with bench.running():
        entries = [await bench.ask(HELD, user_id=str(i)) for i in range(5)]
        await until_working(bench, *entries[:3])
        await asyncio.sleep(0.3)
        assert sorted(jobs_log()) == sorted(entry.id for entry in entries[:3])
        assert [place.position for _, place in await bench.backlog.open()] == [0, 0, 0, 1, 2]
        await bench.backlog.cancel(entries[1].id, by="1")
        await until_working(bench, entries[3])
        gate.touch()
        answers = await bench.chat.until(5)
    assert sorted(answer[:2] for answer in answers) == sorted(
        ("cancelled" if entry is entries[1] else "post", entry.id) for entry in entries
    )


async def test_a_request_that_kills_the_generator_ends_no_other(
    tmp_path: Path, store: Store, jobs_log: Callable[[], list[str]]
) -> None:
    bench = Bench(tmp_path, store, jobs=4)
    async with bench.running():
        bad = [await bench.ask(2, user_id=f"bad {i}") for i in range(2)]
        good = [await bench.ask(42 + i, user_id=str(i)) for i in range(8)]
        answers = await bench.chat.until(10)
    expected = [("refuse", entry.id, str(FAULT_SENTENCE)) for entry in bad]
    expected += [("post", entry.id, f"Tune {entry.request.seed}") for entry in good]
    assert sorted(answers) == sorted(expected)
    for entry in good:
        row = await store.requests.get(entry.id)
        assert row
        assert row.attempts <= 2  # a second death would not be for its own fault, since it is made alone then


async def test_a_killed_generator_loses_none_of_several(
    gate: Path, tmp_path: Path, store: Store, jobs_log: Callable[[], list[str]]
) -> None:
    bench = Bench(tmp_path, store, jobs=3)
    async with bench.running():
        entries = [await bench.ask(HELD, user_id=str(i)) for i in range(3)]
        await until_working(bench, *entries)
        assert bench.client.pid
        os.kill(bench.client.pid, signal.SIGKILL)
        gate.touch()
        answers = await bench.chat.until(3)
    assert sorted(answers) == sorted(("post", entry.id, f"Tune {HELD}") for entry in entries)
    assert sorted(jobs_log()) == sorted([entry.id for entry in entries] * 2)


async def test_a_clean_stop_with_several_under_way_loses_nothing(gate: Path, tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, jobs=3)
    async with bench.running():
        entries = [await bench.ask(HELD, user_id=str(i)) for i in range(4)]
        await until_working(bench, *entries[:3])
    assert bench.chat.answers() == []
    gate.touch()
    again = Bench(tmp_path, store, jobs=3)
    async with again.running():
        answers = await again.chat.until(4)
    assert sorted(answer[:2] for answer in answers) == sorted(("post", entry.id) for entry in entries)
    for entry in entries:
        row = await store.requests.get(entry.id)
        assert row
        assert row.attempts == 1


async def test_a_database_that_cannot_grow_pauses_several_and_answers_each_once(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, look_seconds=0.1, jobs=4)
    bench.files.least_free = 0
    entries = [await bench.ask(seed, user_id=str(seed)) for seed in range(100, 130)]
    await store.database.rows("PRAGMA max_page_count = 1")  # SQLite rounds it up to the present size
    async with bench.running():
        async with asyncio.timeout(60):
            while bench.backlog.trouble is None:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        await store.database.rows("PRAGMA max_page_count = 1000000")
        answers = await bench.chat.until(30)
    assert sorted(answers) == sorted(("post", entry.id, f"Tune {entry.request.seed}") for entry in entries)


async def test_waits_are_shared_by_those_that_are_made_at_once(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store)
    for i in range(4):
        await bench.ask(42, user_id=str(i))
    alone = [place.seconds for place in (await WaitTimes(store, {}).places()).values()]
    two = [place.seconds for place in (await WaitTimes(store, {}, lanes=2).places()).values()]
    assert two == [alone[0], alone[0], alone[1], alone[1]]
