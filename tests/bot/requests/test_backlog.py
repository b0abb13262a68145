"""The backlog on a real store and a real child process; only the chat is a list of what it was told."""

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.requests.backlog import TOO_LONG
from bot.requests.delivery import DeliveryError
from bot.requests.progress_updates import PROGRESS_SECONDS
from bot.store import RequestRecord, Song, Store
from generator.protocol.errors import FAULT_SENTENCE, InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from tests.bot.bench import Bench
from tests.fake_generator import HELD

MIDI = b"MThd and some more"


@pytest.fixture
def bench(tmp_path: Path, store: Store) -> Bench:
    return Bench(tmp_path, store)


async def test_a_request_becomes_a_posted_song(bench: Bench) -> None:
    entry = await bench.ask(42)
    async with bench.running():
        assert await bench.chat.until(1) == [("post", entry.id, "Tune 42")]
    assert bench.chat.told[0] == ("queued", entry.id, 1)
    assert await bench.status(entry) == "posted"
    song = await bench.store.songs.get(entry.id)
    assert song
    assert (song.seed, song.message_id) == (42, f"message {entry.id}")
    assert all(path.stat().st_size > 0 for path in (await bench.files.paths(song.id)).values())
    assert list((bench.folder / "jobs").iterdir()) == []
    assert bench.backlog.progress(entry.id) is None


async def test_accepted_means_that_the_row_exists(bench: Bench, tmp_path: Path) -> None:
    entry = await bench.ask(1)
    with closing(sqlite3.connect(tmp_path / "chiptune.sqlite3")) as outside:
        assert outside.execute("SELECT id, status FROM requests").fetchall() == [(entry.id, "queued")]


async def test_many_are_answered_in_order(bench: Bench) -> None:
    async with bench.running():
        entries = [await bench.ask(100 + i, user_id=str(i)) for i in range(20)]
        answers = await bench.chat.until(20)
    assert [answer[1] for answer in answers] == [entry.id for entry in entries]


async def test_progress_is_told_about_once_a_second(gate: Path, bench: Bench) -> None:
    async with bench.running():
        entry = await bench.ask(HELD)
        await bench.until_told("progress", 1)
        began = asyncio.get_running_loop().time()
        await bench.until_told("progress", 3)
        took = asyncio.get_running_loop().time() - began
        gate.touch()
        await bench.chat.until(1)
    told = [what for what in bench.chat.told if what[0] == "progress"]
    assert len(told) >= 3
    assert took >= 1.9 * PROGRESS_SECONDS
    assert all(what[1] == entry.id and 0 < what[2] <= 1 and what[3] == "composing" for what in told)


@pytest.mark.parametrize(("seed", "sentence"), [(3, "damaged"), (7, "Something went wrong")])
async def test_a_failure_is_refused_with_its_sentence(bench: Bench, seed: int, sentence: str) -> None:
    async with bench.running():
        entry = await bench.ask(seed)
        ((kind, _, told),) = await bench.chat.until(1)
    assert kind == "refuse"
    assert sentence in told
    row = await bench.store.requests.get(entry.id)
    assert row
    assert (row.status, row.error) == ("refused", told)


async def test_a_request_that_kills_the_generator_is_refused_after_three_attempts(bench: Bench) -> None:
    async with bench.running():
        bad, good = await bench.ask(2), await bench.ask(42)
        assert await bench.chat.until(2) == [("refuse", bad.id, FAULT_SENTENCE), ("post", good.id, "Tune 42")]
    row = await bench.store.requests.get(bad.id)
    assert row
    assert row.attempts == 3


async def test_a_request_that_takes_too_long_is_never_tried_again(tmp_path: Path, store: Store) -> None:
    bench = Bench(tmp_path, store, job_seconds=1.0)
    async with bench.running():
        entry = await bench.ask(6)
        assert await bench.chat.until(1) == [("refuse", entry.id, TOO_LONG)]
    row = await store.requests.get(entry.id)
    assert row
    assert row.attempts == 1


async def test_a_generator_killed_mid_job_leads_to_one_answer(
    gate: Path, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GENERATOR_LOG", str(tmp_path / "log"))
    async with bench.running():
        entry = await bench.ask(HELD)
        while bench.backlog.progress(entry.id) is None:
            await asyncio.sleep(0.02)
        assert bench.client.pid
        os.kill(bench.client.pid, signal.SIGKILL)
        gate.touch()
        assert await bench.chat.until(1) == [("post", entry.id, f"Tune {HELD}")]
    assert (tmp_path / "log").read_text().splitlines() == [f"job {entry.id}"] * 2


async def test_a_clean_stop_mid_job_loses_nothing(gate: Path, bench: Bench, tmp_path: Path) -> None:
    async with bench.running():
        first, second = await bench.ask(HELD), await bench.ask(42)
        while bench.backlog.progress(first.id) is None:
            await asyncio.sleep(0.02)
    assert [await bench.status(entry) for entry in (first, second)] == ["working", "queued"]
    assert bench.chat.answers() == []
    gate.touch()
    again = Bench(tmp_path, bench.store)
    async with again.running():
        answers = await again.chat.until(2)
    assert [answer[:2] for answer in answers] == [("post", first.id), ("post", second.id)]


async def test_clean_stops_are_no_attempts(gate: Path, tmp_path: Path, store: Store) -> None:
    entry = await Bench(tmp_path, store).ask(HELD)
    for _ in range(4):
        bench = Bench(tmp_path, store)
        async with bench.running():
            while bench.backlog.progress(entry.id) is None:
                await asyncio.sleep(0.02)
    gate.touch()
    bench = Bench(tmp_path, store)
    async with bench.running():
        assert await bench.chat.until(1) == [("post", entry.id, f"Tune {HELD}")]
    row = await store.requests.get(entry.id)
    assert row
    assert row.attempts == 1


async def test_a_clock_that_is_set_forward_refuses_nobody_who_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await bench.ask(42)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 2 * 24 * 3600)
    async with bench.running():
        assert await bench.chat.until(1) == [("post", entry.id, "Tune 42")]


async def test_what_was_composed_is_posted_at_the_next_start(
    bench: Bench, make_song: Callable[[RequestRecord], Song]
) -> None:
    made, failed = await bench.ask(42), await bench.ask(43)
    await bench.store.requests.compose(make_song(made))
    await bench.store.requests.compose_failure(failed.id, "No.")
    async with bench.running():
        answers = await bench.chat.until(2)
    assert sorted(answers) == [("post", made.id, "Tune"), ("refuse", failed.id, "No.")]


async def test_a_post_that_fails_is_tried_again_and_holds_up_nobody(bench: Bench) -> None:
    bench.chat.failures = [DeliveryError("429", retry_after=1.0)]
    async with bench.running():
        slow, quick = await bench.ask(42), await bench.ask(43)
        answers = await bench.chat.until(2)
    assert [answer[1] for answer in answers] == [quick.id, slow.id]
    assert await bench.status(slow) == "posted"


async def test_a_post_that_can_never_succeed_ends_the_request_and_keeps_the_song(bench: Bench) -> None:
    bench.chat.failures = [DeliveryError("the channel is gone", retryable=False)]
    async with bench.running():
        lost, good = await bench.ask(42), await bench.ask(43)
        assert await bench.chat.until(1) == [("post", good.id, "Tune 43")]
    assert await bench.status(lost) == "refused"
    assert await bench.store.songs.get(lost.id)


async def test_an_origin_without_a_delivery_waits(bench: Bench) -> None:
    async with bench.running():
        away = await bench.backlog.accept(Request(seed=42), origin="discord")
        await bench.ask(43)
        await bench.chat.until(1)
    assert await bench.status(away) == "composed"


async def test_an_upload_is_kept_under_its_digest(bench: Bench) -> None:
    request = Request(mode="arrange", upload=digest(MIDI))
    async with bench.running():
        await bench.backlog.accept(request, origin="local", upload=MIDI)
        await bench.backlog.accept(request, origin="local")
        await bench.chat.until(2)
    path = bench.files.path_of(digest(MIDI))
    assert path.read_bytes() == MIDI
    assert [other.name for other in path.parent.iterdir()] == [digest(MIDI)]


@pytest.mark.parametrize("upload", [b"", b"PNG...", None], ids=["empty", "not a MIDI", "never uploaded"])
async def test_a_bad_upload_is_refused_before_there_is_a_row(bench: Bench, upload: bytes | None) -> None:
    request = Request(mode="arrange", upload=digest(upload or b""))
    with pytest.raises(InputError):
        await bench.backlog.accept(request, origin="local", upload=upload)
    assert await bench.store.requests.count_open() == 0
