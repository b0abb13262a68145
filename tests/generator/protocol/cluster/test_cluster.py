"""The queue in NATS: a real server, real workers in processes of their own, the fake generator under them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from generator.protocol.client import Generator, GeneratorClient
from generator.protocol.cluster.nats_generator import NatsGenerator
from generator.protocol.cluster.queue import DEAD, connect, held, place_of, subject
from generator.protocol.errors import FAULT_SENTENCE, JobTooLong
from generator.protocol.requests import Request
from generator.protocol.results import Exported, ExportJob, Failure, Job, Progress, Result
from tests.conftest import FAKE_GENERATOR, ROOT
from tests.fake_generator import HELD, MIDI
from tests.nats_server import NatsServer

HEARTBEAT = 2.0
WORKER = (
    "import asyncio, logging, sys; from generator.process.worker import work; logging.basicConfig(level='INFO');"
    f"asyncio.run(work(sys.argv[1], heartbeat={HEARTBEAT}, command=(sys.executable, '-m', 'tests.fake_generator')))"
)


def ignore(_: Progress) -> None:
    """Nobody listens."""


def _set(event: asyncio.Event, _: Progress) -> None:
    event.set()


class Cluster:
    """A server and its workers."""

    def __init__(self, server: NatsServer) -> None:
        self.server = server
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, log: Path | None = None) -> subprocess.Popen[bytes]:
        """log: where the worker's generator notes the jobs that it begins."""
        environment = {**os.environ, **({"FAKE_GENERATOR_LOG": str(log)} if log else {})}
        self.workers.append(
            subprocess.Popen([sys.executable, "-c", WORKER, self.server.url], cwd=ROOT, env=environment)
        )
        return self.workers[-1]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    made = Cluster(server)
    yield made
    for worker in made.workers:
        with suppress(ProcessLookupError):
            worker.send_signal(signal.SIGCONT)
        worker.kill()
        worker.wait()
    server.kill()


@pytest_asyncio.fixture
async def remote(cluster: Cluster) -> AsyncIterator[NatsGenerator]:
    generator = NatsGenerator(cluster.server.url, heartbeat=HEARTBEAT)
    yield generator
    await generator.close()


@pytest_asyncio.fixture(params=["child", "nats"])
async def generator(request: pytest.FixtureRequest) -> AsyncIterator[Generator]:
    """Both kinds of generator, for what both promise."""
    if request.param == "child":
        client = GeneratorClient(FAKE_GENERATOR)
        yield client
        await client.close()
    else:
        request.getfixturevalue("cluster").add_worker()
        nats = NatsGenerator(request.getfixturevalue("cluster").server.url, heartbeat=HEARTBEAT)
        yield nats
        await nats.close()


def job(folder: Path, seed: int, name: str = "a", upload: Path | None = None) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(id=name, request=Request(seed=seed), folder=str(folder), upload=str(upload) if upload else None)


async def test_a_job_gives_files_and_progress(generator: Generator, tmp_path: Path) -> None:
    heard: list[Progress] = []
    upload = tmp_path / "upload"
    upload.write_bytes(MIDI)
    answer = await generator.run(job(tmp_path / "job", 42, upload=upload), heard.append)
    assert isinstance(answer, Result)
    assert (answer.id, answer.title, answer.report) == ("a", "Tune 42", "4 of 9 parts were kept.")
    assert {path.name for path in (tmp_path / "job").iterdir()} >= {"tune.mid", "tune.mp4", "tune.ogg", "tune.png"}
    assert (tmp_path / "job" / answer.midi).read_bytes() == MIDI
    assert [progress.stage for progress in heard] == ["composing"]


async def test_failures_keep_their_words(generator: Generator, tmp_path: Path) -> None:
    damaged = await generator.run(job(tmp_path / "a", 3), ignore)
    ours = await generator.run(job(tmp_path / "b", 7, "b"), ignore)
    assert isinstance(damaged, Failure)
    assert "damaged" in damaged.sentence
    assert isinstance(ours, Failure)
    assert (damaged.fault, ours.fault) == (False, True)


async def test_an_export_gives_its_file(generator: Generator, tmp_path: Path) -> None:
    midi = tmp_path / "tune.mid"
    midi.write_bytes(MIDI)
    (tmp_path / "out").mkdir()
    asked = ExportJob(id="e", midi=str(midi), format="famitracker", folder=str(tmp_path / "out"), sound="chip")
    answer = await generator.export(asked, ignore)
    assert isinstance(answer, Exported)
    assert (tmp_path / "out" / answer.file).read_text() == f"famitracker of {len(MIDI)} bytes, chip"


async def test_a_job_that_is_under_way_can_be_cancelled(generator: Generator, tmp_path: Path) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(generator.run(job(tmp_path / "a", HELD), lambda _: begun.set()))
    await begun.wait()
    await generator.cancel("a")
    assert isinstance(await asyncio.wait_for(running, 20), Failure)
    assert isinstance(await generator.run(job(tmp_path / "b", 0, "b"), ignore), Result)


async def test_a_job_that_waits_can_be_cancelled(cluster: Cluster, remote: NatsGenerator, tmp_path: Path) -> None:
    running = asyncio.create_task(remote.run(job(tmp_path / "a", 0), ignore))
    await asyncio.sleep(0.5)
    await remote.cancel("a")
    assert isinstance(await asyncio.wait_for(running, 20), Failure)
    log = tmp_path / "log"
    cluster.add_worker(log)
    assert isinstance(await remote.run(job(tmp_path / "b", 0, "b"), ignore), Result)
    assert log.read_text() == "job b\n"


async def test_the_job_of_a_killed_worker_ends_elsewhere(
    cluster: Cluster, remote: NatsGenerator, tmp_path: Path, gate: Path
) -> None:
    first = cluster.add_worker()
    begun = asyncio.Event()
    running = asyncio.create_task(remote.run(job(tmp_path / "a", HELD), lambda _: begun.set()))
    await begun.wait()
    first.kill()
    gate.touch()
    cluster.add_worker()
    loop = asyncio.get_running_loop()
    killed = loop.time()
    assert isinstance(await running, Result)
    assert loop.time() - killed < HEARTBEAT + 15  # the second worker has to start


async def test_a_worker_that_only_seems_dead_doubles_nothing(
    cluster: Cluster, remote: NatsGenerator, tmp_path: Path, gate: Path
) -> None:
    first = cluster.add_worker()
    begun = asyncio.Event()
    running = asyncio.create_task(remote.run(job(tmp_path / "a", HELD), lambda _: begun.set()))
    await begun.wait()
    first.send_signal(signal.SIGSTOP)
    gate.touch()
    cluster.add_worker()
    answer = await running
    first.send_signal(signal.SIGCONT)
    assert isinstance(answer, Result)
    assert isinstance(await remote.run(job(tmp_path / "b", 0, "b"), ignore), Result)


async def test_a_job_that_kills_every_generator_is_a_dead_letter(
    cluster: Cluster, remote: NatsGenerator, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    cluster.add_worker(log)
    answer = await remote.run(job(tmp_path / "a", 2), ignore)
    assert isinstance(answer, Failure)
    assert (answer.sentence, answer.fault) == (FAULT_SENTENCE, True)
    assert log.read_text() == 3 * "job a\n"
    queue = await connect(cluster.server.url, heartbeat=HEARTBEAT)
    assert await held(queue.stream, DEAD, subject("dead", "a"))
    await queue.connection.close()


async def test_a_restarted_bot_finds_its_job_and_its_answer(cluster: Cluster, tmp_path: Path, gate: Path) -> None:
    log = tmp_path / "log"
    cluster.add_worker(log)
    for name in ("under way", "done"):
        first = NatsGenerator(cluster.server.url, heartbeat=HEARTBEAT)
        begun = asyncio.Event()
        asked = job(tmp_path / name, HELD, name.replace(" ", "-"))
        running = asyncio.create_task(first.run(asked, partial(_set, begun)))
        await begun.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await first.close()
        gate.touch()
        if name == "done":
            await asyncio.sleep(1.5)
        second = NatsGenerator(cluster.server.url, heartbeat=HEARTBEAT)
        assert isinstance(await second.run(asked, ignore), Result)
        await second.close()
        gate.unlink()
    assert log.read_text() == "job under-way\njob done\n"


async def test_jobs_survive_the_death_of_the_server(
    cluster: Cluster, remote: NatsGenerator, tmp_path: Path, gate: Path
) -> None:
    cluster.add_worker()
    begun = asyncio.Event()
    running = [
        asyncio.create_task(remote.run(job(tmp_path / f"{i}", HELD, f"{i}"), lambda _: begun.set())) for i in range(3)
    ]
    await begun.wait()
    cluster.server.kill()
    await asyncio.sleep(1)
    gate.touch()
    cluster.server.start()
    answers = await asyncio.wait_for(asyncio.gather(*running), 60)
    assert [type(answer) for answer in answers] == [Result] * 3


async def test_a_worker_that_is_told_to_end_finishes_its_job_first(
    cluster: Cluster, remote: NatsGenerator, tmp_path: Path, gate: Path
) -> None:
    log = tmp_path / "log"
    worker = cluster.add_worker(log)
    begun = asyncio.Event()
    running = asyncio.create_task(remote.run(job(tmp_path / "a", HELD), lambda _: begun.set()))
    await begun.wait()
    worker.terminate()
    await asyncio.sleep(1)
    assert worker.poll() is None
    gate.touch()
    assert isinstance(await running, Result)
    assert await asyncio.to_thread(worker.wait, 20) == 0
    assert log.read_text() == "job a\n"


async def test_no_credentials_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = NatsServer(tmp_path / "nats", "--user", "bot", "--pass", "hunter2")
    server.start()
    caplog.set_level(logging.DEBUG)
    try:
        for login in ("bot:wrong1", "bot:hunter2"):
            generator = NatsGenerator(server.url.replace("//", f"//{login}@"))
            await generator.warm_up()
            assert generator.connected == (login == "bot:hunter2")
            await generator.close()
    finally:
        server.kill()
    assert f"127.0.0.1:{server.port}" in caplog.text
    assert "hunter2" not in caplog.text
    assert "wrong1" not in caplog.text
    assert place_of("nats://bot:hunter2@host:1/") == "host:1"


async def test_a_job_that_took_too_long_is_not_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    queue = await connect(cluster.server.url, heartbeat=HEARTBEAT)
    await queue.stream.publish(subject("answers", "a"), b'{"too_long": true}')
    await queue.connection.close()
    remote = NatsGenerator(cluster.server.url, heartbeat=HEARTBEAT)
    with pytest.raises(JobTooLong):
        await remote.run(job(tmp_path / "a", 0), ignore)
    await remote.close()
