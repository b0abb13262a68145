"""The real generator process: its jobs, its refusals, and what becomes of a job when it is killed.

The client reads frames strictly, so that a byte on stdout that belongs to none would fail every test here.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from generator.protocol.client import GeneratorClient
from generator.protocol.errors import FAULT_SENTENCE, GeneratorDied
from generator.protocol.requests import Request
from generator.protocol.results import SCORE, TAKES, VIDEO, Failure, Job, Progress, Result
from generator.protocol.uploads import digest
from models.music.midi import read_score
from models.weights import DEFAULT_MODEL
from tests.music import twinkle

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[GeneratorClient]:
    opened = GeneratorClient()
    yield opened
    await opened.close()


def new_tune(folder: Path, seconds: float = 4.0, **fields: str) -> Job:
    return Job(id="new", request=Request(seed=5, seconds=seconds, bpm=120.0, **fields), folder=str(folder))  # type: ignore[arg-type]


def remix(folder: Path, data: bytes) -> Job:
    (folder / "upload").write_bytes(data)
    request = Request(mode="arrange", upload=digest(data), name="Star.mid")
    return Job(id="remix", request=request, folder=str(folder), upload=str(folder / "upload"))


async def test_a_new_tune_comes_with_its_files_and_progress(client: GeneratorClient, tmp_path: Path) -> None:
    heard: list[Progress] = []
    answer = await client.run(new_tune(tmp_path), heard.append)
    assert isinstance(answer, Result)
    files = {answer.midi, answer.audio, answer.picture, VIDEO, SCORE, TAKES}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert digest((tmp_path / answer.midi).read_bytes()) == answer.digest
    assert read_score(tmp_path / answer.midi).seconds == answer.seconds == 4.0
    assert (answer.bpm, answer.seed, answer.model) == (120.0, 5, DEFAULT_MODEL)
    assert list(dict.fromkeys(str(progress.stage) for progress in heard)) == [
        "composing",
        "composing 8 takes",
        "rendering the sound",
        "drawing the picture",
    ]
    assert all(0 <= progress.fraction <= 1 for progress in heard)


async def test_a_cancelled_job_is_dropped_and_the_process_goes_on(client: GeneratorClient, tmp_path: Path) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(client.run(new_tune(tmp_path, 180.0), lambda _: begun.set()))
    await begun.wait()
    pid = client.pid
    await client.cancel("new")
    answer = await running
    assert isinstance(answer, Failure)
    assert answer.sentence == "This was cancelled."
    assert not list(tmp_path.iterdir())
    assert isinstance(await client.run(new_tune(tmp_path), lambda _: None), Result)
    assert client.pid == pid


async def test_the_same_job_gives_the_same_tune(client: GeneratorClient, tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        answer = await client.run(new_tune(tmp_path / name, 2.0), lambda _: None)
        assert isinstance(answer, Result)
        digests.append(answer.digest)
    assert digests[0] == digests[1]


async def test_an_upload_is_arranged(client: GeneratorClient, tmp_path: Path) -> None:
    answer = await client.run(remix(tmp_path, twinkle()), lambda _: None)
    assert isinstance(answer, Result)
    assert (answer.title, answer.model, answer.bpm) == ("Star", "none", 120.0)
    assert answer.report.startswith("Kept ")


async def test_bad_input_is_refused_and_the_process_goes_on(client: GeneratorClient, tmp_path: Path) -> None:
    pid = client.pid
    for job, sentence in (
        (remix(tmp_path, twinkle()[:26]), "The MIDI file is damaged and cannot be read."),
        (new_tune(tmp_path, model="other"), "There is no model called other."),
    ):
        answer = await client.run(job, lambda _: None)
        assert answer == Failure(id=job.id, sentence=sentence)
    assert client.pid == pid


async def test_an_error_that_nobody_foresaw_ends_its_job_and_not_the_process(
    client: GeneratorClient, tmp_path: Path
) -> None:
    assert isinstance(await client.run(new_tune(tmp_path, 2.0), lambda _: None), Result)
    pid = client.pid
    answer = await client.run(remix(tmp_path, twinkle()), lambda _: shutil.rmtree(tmp_path, ignore_errors=True))
    assert answer == Failure(id="remix", sentence=FAULT_SENTENCE, fault=True)
    assert client.pid == pid


async def test_a_process_killed_in_a_job_is_started_again(client: GeneratorClient, tmp_path: Path) -> None:
    begun = asyncio.Event()
    running = asyncio.create_task(client.run(new_tune(tmp_path, 180.0), lambda _: begun.set()))
    await begun.wait()
    pid = client.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(GeneratorDied, match="ended with code -9"):
        await running
    answer = await client.run(remix(tmp_path, twinkle()), lambda _: None)
    assert isinstance(answer, Result)
    assert client.pid != pid
