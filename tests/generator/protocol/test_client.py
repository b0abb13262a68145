"""The client against a real child process that speaks the protocol."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generator.protocol.client import GeneratorClient
from generator.protocol.errors import GeneratorDied, JobTooLong
from generator.protocol.requests import Request
from generator.protocol.results import Failure, Job, Progress, Result
from tests.conftest import FAKE_GENERATOR, ROOT
from tests.fake_generator import BUSY, HELD


def ignore(_: Progress) -> None:
    """Nobody listens."""


@pytest_asyncio.fixture
async def client() -> AsyncIterator[GeneratorClient]:
    opened = GeneratorClient(FAKE_GENERATOR, job_seconds=20)
    yield opened
    await opened.close()


def job(folder: Path, seed: int, name: str = "a") -> Job:
    return Job(id=name, request=Request(seed=seed), folder=str(folder))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while not gone(pid):
            await asyncio.sleep(0.02)


async def test_a_job_gives_files_and_progress(client: GeneratorClient, tmp_path: Path) -> None:
    heard: list[Progress] = []
    answer = await client.run(job(tmp_path, 42), heard.append)
    assert isinstance(answer, Result)
    assert (answer.id, answer.seed, answer.title) == ("a", 42, "Tune 42")
    assert (tmp_path / answer.midi).read_bytes().startswith(b"MThd")
    assert [progress.stage for progress in heard] == ["composing"]


async def test_one_child_does_many_jobs(client: GeneratorClient, tmp_path: Path) -> None:
    first = await client.run(job(tmp_path, 0), ignore)
    pid = client.pid
    answers = await asyncio.gather(*(client.run(job(tmp_path, 100 + i, f"job{i}"), ignore) for i in range(10)))
    assert isinstance(first, Result)
    assert [answer.id for answer in answers] == [f"job{i}" for i in range(10)]
    assert client.pid == pid


async def test_jobs_run_beside_each_other_with_their_own_progress_and_end(
    gate: Path, client: GeneratorClient, tmp_path: Path
) -> None:
    heard: dict[str, set[str]] = {name: set() for name in "abc"}

    def start(name: str) -> asyncio.Task[Result | Failure]:
        return asyncio.create_task(client.run(job(tmp_path, HELD, name), lambda told: heard[name].add(told.id)))

    running = {name: start(name) for name in "abc"}
    while not all(heard.values()):
        await asyncio.sleep(0.02)
    assert heard == {name: {name} for name in "abc"}
    quick = await client.run(job(tmp_path, 0, "quick"), ignore)
    assert isinstance(quick, Result)
    await client.cancel("b")
    assert isinstance(await running["b"], Failure)
    assert not running["a"].done()
    gate.touch()
    assert [type(await running[name]) for name in "ac"] == [Result, Result]


@pytest.mark.parametrize("seed", [2, 4], ids=["died", "garbage"])
async def test_a_death_ends_all_jobs_of_the_child(client: GeneratorClient, tmp_path: Path, seed: int) -> None:
    begun = asyncio.Event()
    held = asyncio.create_task(client.run(job(tmp_path, HELD), lambda _: begun.set()))
    await begun.wait()
    with pytest.raises(GeneratorDied, match="job b"):
        await client.run(job(tmp_path, seed, "b"), ignore)
    with pytest.raises(GeneratorDied, match="job a"):
        await held
    assert isinstance(await client.run(job(tmp_path, 0), ignore), Result)


async def test_a_job_that_hangs_and_does_not_react_ends_the_others_as_a_death_does(gate: Path, tmp_path: Path) -> None:
    client = GeneratorClient(FAKE_GENERATOR, job_seconds=1.5, cancel_seconds=0.3)
    held = asyncio.create_task(client.run(job(tmp_path, HELD), ignore))
    with pytest.raises(JobTooLong):
        await client.run(job(tmp_path, 6, "b"), ignore)
    with pytest.raises(GeneratorDied, match="another job hung"):
        await held
    assert client.pid is None


async def test_a_failure_is_an_answer(client: GeneratorClient, tmp_path: Path) -> None:
    answer = await client.run(job(tmp_path, 3), ignore)
    assert isinstance(answer, Failure)
    assert not answer.fault
    assert "damaged" in answer.sentence


@pytest.mark.parametrize("seed", [2, 4], ids=["died", "garbage"])
async def test_a_broken_child_is_reported_and_replaced(client: GeneratorClient, tmp_path: Path, seed: int) -> None:
    with pytest.raises(GeneratorDied):
        await client.run(job(tmp_path, seed), ignore)
    assert client.pid is None
    assert isinstance(await client.run(job(tmp_path, 0), ignore), Result)


async def test_a_killed_child_is_reported_and_replaced(client: GeneratorClient, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(_: Progress) -> None:
        if client.pid and not killed:  # progress sent before the kill still arrives after it
            killed.append(client.pid)
            os.kill(client.pid, signal.SIGKILL)

    with pytest.raises(GeneratorDied, match="ended with code -9"):
        await client.run(job(tmp_path, HELD), kill)
    assert isinstance(await client.run(job(tmp_path, 0), ignore), Result)


async def test_a_child_that_ends_between_jobs_is_replaced(client: GeneratorClient, tmp_path: Path) -> None:
    await client.run(job(tmp_path, 0), ignore)
    pid = client.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    await asyncio.sleep(0.1)
    assert isinstance(await client.run(job(tmp_path, 0), ignore), Result)
    assert client.pid != pid


async def test_a_hanging_job_is_ended(tmp_path: Path) -> None:
    client = GeneratorClient(FAKE_GENERATOR, job_seconds=0.3, cancel_seconds=0.3)
    with pytest.raises(JobTooLong, match="in time"):
        await client.run(job(tmp_path, 6), ignore)
    assert client.pid is None


async def test_a_job_may_take_long_while_it_shows_progress(
    gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = GeneratorClient(FAKE_GENERATOR, job_seconds=2)
    running = asyncio.create_task(client.run(job(tmp_path, HELD), ignore))
    await asyncio.sleep(4)
    gate.touch()
    assert isinstance(await running, Result)
    await client.close()


async def test_a_job_is_ended_by_its_processor_time_though_it_shows_progress(tmp_path: Path) -> None:
    client = GeneratorClient(FAKE_GENERATOR, job_seconds=3)
    busy = Job(id="a", request=Request(seed=BUSY, seconds=180.0), folder=str(tmp_path))  # 4.5 s of processor time
    heard: list[Progress] = []
    with pytest.raises(JobTooLong):
        await client.run(busy, heard.append)
    assert len(heard) > 1
    assert isinstance(await client.run(job(tmp_path, 0, "b"), ignore), Result)
    await client.close()


async def test_processor_time_is_shared_among_the_jobs_that_run(tmp_path: Path) -> None:
    """The same job as above, which alone would be ended, is charged half beside another one."""
    client = GeneratorClient(FAKE_GENERATOR, job_seconds=3)
    begun = asyncio.Event()
    held = asyncio.create_task(client.run(job(tmp_path, HELD, "held"), lambda _: begun.set()))
    await begun.wait()
    busy = Job(id="busy", request=Request(seed=BUSY, seconds=180.0), folder=str(tmp_path))
    assert isinstance(await client.run(busy, ignore), Result)
    await client.cancel("held")
    assert isinstance(await held, Failure)
    await client.close()


async def test_a_cancelled_job_leaves_no_child_that_still_works(client: GeneratorClient, tmp_path: Path) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(client.run(job(tmp_path, HELD), lambda _: begun.set()))
    await begun.wait()
    pid = client.pid
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pid
    await until_gone(pid)
    assert isinstance(await client.run(job(tmp_path, 0, "b"), ignore), Result)


async def test_a_cancelled_job_ends_and_the_child_goes_on(client: GeneratorClient, tmp_path: Path) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(client.run(job(tmp_path, HELD), lambda _: begun.set()))
    await begun.wait()
    pid = client.pid
    await client.cancel("another")
    await client.cancel("a")
    answer = await running
    assert isinstance(answer, Failure)
    assert not answer.fault
    assert isinstance(await client.run(job(tmp_path, 0, "b"), ignore), Result)
    assert client.pid == pid


async def test_a_job_that_is_cancelled_before_its_turn_is_never_sent(
    client: GeneratorClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GENERATOR_LOG", str(tmp_path / "log"))
    running = [asyncio.create_task(client.run(job(tmp_path, 0, name), ignore)) for name in ("a", "b")]
    await asyncio.sleep(0)
    await client.cancel("b")  # while the child is started
    first, second = await asyncio.gather(*running)
    assert isinstance(first, Result)
    assert isinstance(second, Failure)
    assert (tmp_path / "log").read_text() == "job a\n"


async def test_a_child_that_does_not_drop_its_job_is_killed(tmp_path: Path) -> None:
    client = GeneratorClient(FAKE_GENERATOR, cancel_seconds=0.2)
    begun = asyncio.Event()
    running = asyncio.create_task(client.run(job(tmp_path, 6), lambda _: begun.set()))
    await begun.wait()
    await client.cancel("a")
    with pytest.raises(JobTooLong, match="in time"):
        await running
    assert client.pid is None


@pytest.mark.parametrize(
    ("command", "start", "sentence"),
    [
        (FAKE_GENERATOR, "die", "ended with code 3"),
        (FAKE_GENERATOR, "silent", "not ready within"),
        (("/nonexistent/generator",), "", "cannot be started"),
    ],
)
async def test_a_child_that_does_not_start_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], start: str, sentence: str
) -> None:
    monkeypatch.setenv("FAKE_START", start)
    client = GeneratorClient(command, start_seconds=2)
    with pytest.raises(GeneratorDied, match=sentence):
        await client.run(job(tmp_path, 0), ignore)
    await client.close()


async def test_closing_ends_the_child(client: GeneratorClient, tmp_path: Path) -> None:
    await client.run(job(tmp_path, 0), ignore)
    pid = client.pid
    await client.close()
    assert pid
    assert gone(pid)


def test_a_child_does_not_outlive_a_killed_bot(tmp_path: Path) -> None:
    bot = f"""
import asyncio
from generator.protocol.client import GeneratorClient
from generator.protocol.requests import Request
from generator.protocol.results import Job

async def main():
    client = GeneratorClient({FAKE_GENERATOR!r})
    job = Job(id="a", request=Request(seed=6), folder={str(tmp_path)!r})
    await client.run(job, lambda _: print(client.pid, flush=True))

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", bot], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(pid)
