"""The backlog on a real store and a real child process; only the chat is a list of what it was told."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.backlog import Backlog, PostError
from bot.files import Files
from bot.store import Entry, Song, Store
from generator.client import GeneratorClient
from generator.contract import FAULT_SENTENCE, InputError, Request, digest
from tests.conftest import FAKE_GENERATOR

MIDI = b"MThd and some more"


class Chat:
    """A poster that notes what it was told and fails when it should."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.failures: list[PostError] = []
        self.answered = asyncio.Condition()

    async def queued(self, entry: Entry, position: int) -> None:
        self.told.append(("queued", entry.id, position))

    async def progress(self, entry: Entry, fraction: float, stage: str) -> None:
        self.told.append(("progress", entry.id, fraction, stage))

    async def post(self, entry: Entry, song: Song) -> str | None:
        await self._answer("post", entry.id, song.title)
        return f"message {entry.id}"

    async def refuse(self, entry: Entry, sentence: str) -> None:
        await self._answer("refuse", entry.id, sentence)

    async def _answer(self, *what: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        async with self.answered:
            self.told.append(what)
            self.answered.notify_all()

    def answers(self) -> list[tuple[Any, ...]]:
        return [told for told in self.told if told[0] in ("post", "refuse")]

    async def until(self, count: int) -> list[tuple[Any, ...]]:
        """The answers, once there are so many of them and the store had time to hear of the last."""
        async with asyncio.timeout(20), self.answered:
            await self.answered.wait_for(lambda: len(self.answers()) >= count)
        await asyncio.sleep(0.1)
        return self.answers()


class Bench:
    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.chat = Chat()
        self.client = GeneratorClient(FAKE_GENERATOR, job_seconds=10)
        self.files = Files(store, folder)
        self.backlog = Backlog(store, self.client, {"local": self.chat}, self.files)

    async def ask(self, seed: int, **fields: Any) -> Entry:
        return await self.backlog.accept(Request(seed=seed), origin="local", guild_id="local", **fields)

    async def status(self, entry: Entry) -> str | None:
        row = await self.store.requests.get(entry.id)
        return row.status if row else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        worker = asyncio.create_task(self.backlog.run())
        try:
            yield
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
            await self.client.close()


@pytest.fixture
def bench(tmp_path: Path, store: Store) -> Bench:
    return Bench(tmp_path, store)


async def test_a_request_becomes_a_posted_song(bench: Bench) -> None:
    async with bench.running():
        entry = await bench.ask(42)
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
        entries = [await bench.ask(100 + i) for i in range(20)]
        answers = await bench.chat.until(20)
    assert [answer[1] for answer in answers] == [entry.id for entry in entries]


async def test_progress_is_told_about_once_a_second(bench: Bench) -> None:
    async with bench.running():
        entry = await bench.ask(1)
        await bench.chat.until(1)
    told = [what for what in bench.chat.told if what[0] == "progress"]
    assert 1 <= len(told) <= 3
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


async def test_a_generator_killed_mid_job_leads_to_one_answer(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GENERATOR_LOG", str(tmp_path / "log"))
    async with bench.running():
        entry = await bench.ask(1)
        while bench.backlog.progress(entry.id) is None:
            await asyncio.sleep(0.02)
        assert bench.client.pid
        os.kill(bench.client.pid, signal.SIGKILL)
        assert await bench.chat.until(1) == [("post", entry.id, "Tune 1")]
    assert (tmp_path / "log").read_text().splitlines() == [f"job {entry.id}"] * 2


async def test_a_clean_stop_mid_job_loses_nothing(bench: Bench, tmp_path: Path) -> None:
    async with bench.running():
        first, second = await bench.ask(1), await bench.ask(42)
        while bench.backlog.progress(first.id) is None:
            await asyncio.sleep(0.02)
    assert [await bench.status(entry) for entry in (first, second)] == ["working", "queued"]
    assert bench.chat.answers() == []
    again = Bench(tmp_path, bench.store)
    async with again.running():
        answers = await again.chat.until(2)
    assert [answer[:2] for answer in answers] == [("post", first.id), ("post", second.id)]


async def test_what_was_composed_is_posted_at_the_next_start(bench: Bench, make_song: Callable[[Entry], Song]) -> None:
    made, failed = await bench.ask(42), await bench.ask(43)
    await bench.store.requests.compose(make_song(made))
    await bench.store.requests.compose_failure(failed.id, "No.")
    async with bench.running():
        answers = await bench.chat.until(2)
    assert sorted(answers) == [("post", made.id, "Tune"), ("refuse", failed.id, "No.")]


async def test_a_post_that_fails_is_tried_again_and_holds_up_nobody(bench: Bench) -> None:
    bench.chat.failures = [PostError("429", retry_after=1.0)]
    async with bench.running():
        slow, quick = await bench.ask(42), await bench.ask(43)
        answers = await bench.chat.until(2)
    assert [answer[1] for answer in answers] == [quick.id, slow.id]
    assert await bench.status(slow) == "posted"


async def test_a_post_that_can_never_succeed_ends_the_request_and_keeps_the_song(bench: Bench) -> None:
    bench.chat.failures = [PostError("the channel is gone", retryable=False)]
    async with bench.running():
        lost, good = await bench.ask(42), await bench.ask(43)
        assert await bench.chat.until(1) == [("post", good.id, "Tune 43")]
    assert await bench.status(lost) == "refused"
    assert await bench.store.songs.get(lost.id)


async def test_an_origin_without_a_poster_waits(bench: Bench) -> None:
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
