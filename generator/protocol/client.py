"""The bot's side of the generator: sends a job to a child process and waits for its answer.

`Generator` is what the backlog knows; `GeneratorClient` is its form for one machine, a child process that is started
on first use and again after it died. The child announces itself with {"type": "ready"}, takes one job a frame and
answers with frames of `generator.protocol`'s answers; {"type": "cancel", "id": ID} takes a job back. It ends itself
when its stdin ends (`framing.read_to_the_end`), so that it doesn't outlive the bot. Knows nothing of what a job does.
Imports nothing heavy.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from generator.protocol.errors import CANCELLED_SENTENCE, GeneratorDied
from generator.protocol.framing import FramingError, receive_frame, send_frame
from generator.protocol.results import Answer, Failure, Job, Progress, Result, answer_from_json

log = logging.getLogger(__name__)

JOB_SECONDS = 300.0
"""A job that takes longer is stuck: its child is killed."""
START_SECONDS = 120.0
"""Loading the model on a slow, busy machine takes well under this."""
GRACE_SECONDS = 5.0
"""Between asking a child to end and killing it."""
CANCEL_SECONDS = 10.0
"""Between telling a child to drop a job and killing it; rendering the longest tune takes less."""

SECRETS = ("DISCORD_TOKEN",)

OnProgress = Callable[[Progress], None]


class Generator(Protocol):
    """Whatever turns a job into files: a child process here, a queue to many machines elsewhere."""

    async def run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Do one job; calls `on_progress` on the way. Raises GeneratorDied where it ended without an answer."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Have a job dropped whose `run` is under way; that then ends soon, with any answer or GeneratorDied."""
        ...


class GeneratorClient:
    """A generator in a child process; one job at a time.

    command: what to start. job_seconds, start_seconds, cancel_seconds: limits on a job, on the child's start, and on
    how long a job goes on that was cancelled.
    """

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "generator"),
        *,
        job_seconds: float = JOB_SECONDS,
        start_seconds: float = START_SECONDS,
        cancel_seconds: float = CANCEL_SECONDS,
    ) -> None:
        self._command = tuple(command)
        self._job_seconds = job_seconds
        self._start_seconds = start_seconds
        self._cancel_seconds = cancel_seconds
        self._child: Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._wanted: set[str] = set()
        self._asked: tuple[str, asyncio.Timeout] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, None while none runs."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def warm_up(self) -> None:
        """Start the child ahead of the first job; where that fails the log says why, and the job tries again."""
        async with self._one_at_a_time:
            ready = False
            try:
                await self._ready_child()
                ready = True
            except (GeneratorDied, FramingError, ConnectionError) as error:
                log.warning("the generator did not start: %s", error)
            finally:
                if not ready:
                    await self._end(signal.SIGKILL)

    async def run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Do one job in the child. Raises GeneratorDied where the child ended, hung or talked nonsense."""
        self._wanted.add(job.id)
        try:
            async with self._one_at_a_time:
                return await self._run(job, on_progress)
        finally:
            self._wanted.discard(job.id)

    async def cancel(self, job_id: str) -> None:
        """Tell the child to drop a job; one that does not listen is killed."""
        self._wanted.discard(job_id)
        child = self._child
        if self._asked is None or self._asked[0] != job_id or child is None or child.stdin is None:
            return
        # The limit that `run` waits within comes nearer: past it the child is killed as one that hangs.
        self._asked[1].reschedule(asyncio.get_running_loop().time() + self._cancel_seconds)
        with suppress(ConnectionError):  # it died, which `run` finds out
            await send_frame(child.stdin, json.dumps({"type": "cancel", "id": job_id}))

    async def _run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Do one job, the only one; see `run`."""
        answered = False
        try:
            child = await self._ready_child()
            if job.id not in self._wanted:
                answered = True
                return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
            async with asyncio.timeout(self._job_seconds) as limit:
                self._asked = job.id, limit
                answer = await _ask(child, job, on_progress)
            answered = True
            return answer
        except TimeoutError as error:
            raise GeneratorDied(f"no answer to job {job.id} in time") from error
        except (FramingError, ConnectionError) as error:
            raise GeneratorDied(f"job {job.id}: {error}") from error
        finally:
            self._asked = None
            # Without an answer (also when cancelled) the child may still be at work: never give it the next job.
            if not answered:
                await self._end(signal.SIGKILL)

    async def close(self) -> None:
        """End the child: ask first, kill it when it doesn't listen."""
        await self._end(signal.SIGTERM)

    async def _ready_child(self) -> Process:
        """The running child, started and loaded; raises GeneratorDied."""
        if self._child is not None and self._child.returncode is None:
            return self._child
        started = time.monotonic()
        try:
            # A process group of its own: Ctrl-C in a terminal reaches only the bot, which then ends the child, and
            # a kill reaches the tools (FluidSynth, ffmpeg) that the child started.
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, process_group=0, env=_environment()
            )
        except OSError as error:
            raise GeneratorDied(f"the generator cannot be started: {error}") from error
        try:
            async with asyncio.timeout(self._start_seconds):
                await _expect_ready(self._child)
        except TimeoutError as error:
            raise GeneratorDied(f"the generator was not ready within {self._start_seconds:g} s") from error
        log.info("generator ready after %.1f s (process %d)", time.monotonic() - started, self._child.pid)
        return self._child

    async def _end(self, sign: signal.Signals) -> None:
        """End the child and everything that it started, and reap it."""
        child, self._child = self._child, None
        if child is None:
            return
        _signal_group(child, sign)
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await child.wait()
        except TimeoutError:
            log.warning("the generator (process %d) did not end within %g s; killing it", child.pid, GRACE_SECONDS)
        _signal_group(child, signal.SIGKILL)
        await child.wait()


async def _expect_ready(child: Process) -> None:
    """Wait for the child's first frame; raises GeneratorDied where it is another one or none."""
    text = await _receive(child)
    if _parse(text) is not None:
        raise GeneratorDied("the generator answered before it was asked")


async def _ask(child: Process, job: Job, on_progress: OnProgress) -> Result | Failure:
    """Send a job and read answers until the last one."""
    if child.stdin is None:
        raise GeneratorDied("the generator has no stdin")
    await send_frame(child.stdin, json.dumps(job.to_dict()))
    while True:
        answer = _parse(await _receive(child))
        if answer is None or answer.id != job.id:
            raise GeneratorDied(f"the generator answered something else than job {job.id}")
        if not isinstance(answer, Progress):
            return answer
        on_progress(answer)


async def _receive(child: Process) -> str:
    """The next frame; raises GeneratorDied at the end of the stream, FramingError where it is no frame."""
    if child.stdout is None:
        raise GeneratorDied("the generator has no stdout")
    text = await receive_frame(child.stdout)
    if text is None:
        raise GeneratorDied(f"the generator ended with code {await child.wait()}")
    return text


def _parse(text: str) -> Answer | None:
    """An answer, None for "ready"; raises GeneratorDied for anything else."""
    try:
        if json.loads(text) == {"type": "ready"}:
            return None
        return answer_from_json(text)
    except (ValueError, TypeError, KeyError) as error:
        raise GeneratorDied(f"the generator sent nonsense: {text[:80]!r}") from error


def _environment() -> dict[str, str]:
    """Our environment without secrets: the child and its tools read files of strangers."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


def _signal_group(child: Process, sign: signal.Signals) -> None:
    """Send a signal to the child's process group; one that is gone already is no error."""
    try:
        os.killpg(child.pid, sign)
    except ProcessLookupError:
        return
