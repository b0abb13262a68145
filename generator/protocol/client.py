"""The bot's side of the generator: sends a job to a child process and waits for its answer.

The backlog knows only `Generator`. `GeneratorClient` implements it on one machine, with a child process that is started
on first use and again after it has died. The child announces itself with {"type": "ready"}, takes one job a frame and
answers with the frames of `generator.protocol.results`. {"type": "cancel", "id": ID} cancels a job. The child ends when
its stdin ends, so it never outlives the bot. What a job does is left to `generator.process`.
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
from pathlib import Path
from typing import Protocol

from generator.protocol.errors import CANCELLED_SENTENCE, GeneratorDied, JobTooLong
from generator.protocol.framing import FramingError, receive_frame, send_frame
from generator.protocol.results import (
    Answer,
    AnyJob,
    Exported,
    ExportJob,
    Failure,
    Job,
    Progress,
    Result,
    answer_from_json,
)
from generator.protocol.system.confinement import GENERATOR_LIMITS, confined, fresh_environment

log = logging.getLogger(__name__)

JOB_SECONDS = 300.0
"""A job that takes more processor time, or after whose last progress so much time has passed, is ended."""
CHECK_SECONDS = 1.0
"""The time between two looks at a job. No look counts for more than two, so a machine that slept ends no job."""
START_SECONDS = 120.0
"""The limit on starting a child. Loading the model takes far less, even on a slow and busy machine."""
GRACE_SECONDS = 5.0
"""The time between asking a child to end and killing it."""
CANCEL_SECONDS = 10.0
"""The time between cancelling a job and killing its child. Rendering the longest tune takes less."""

SECRETS = ("DISCORD_TOKEN", "CHIPTUNE_PASSWORD", "CHIPTUNE_NATS_URL")
"""Environment variables that the child does not get, because it and its tools read files from strangers."""

OnProgress = Callable[[Progress], None]


class Generator(Protocol):
    """Something that turns jobs into files: a child process, or a queue to many machines."""

    async def run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Do one job and report its progress.

        Raise GeneratorDied if it ended without an answer, JobTooLong if it was ended because it took too much.
        """
        ...

    async def export(self, job: ExportJob, on_progress: OnProgress) -> Exported | Failure:
        """Export a tune and report the progress. Raise GeneratorDied and JobTooLong as `run` does."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Cancel a job. Its `run` then ends soon, with any answer or GeneratorDied."""
        ...


class GeneratorClient:
    """A generator in a child process, which does one job at a time.

    command: starts the child. job_seconds: the limit on a job's processor time, and on its time without progress.
    start_seconds, cancel_seconds: the limits on starting the child, and on how long a cancelled job may still run.
    scratch: the folder for the child's temporary files, for this client alone; None for the system's.
    """

    def __init__(
        self,
        command: Sequence[str] = (sys.executable, "-m", "generator"),
        *,
        job_seconds: float = JOB_SECONDS,
        start_seconds: float = START_SECONDS,
        cancel_seconds: float = CANCEL_SECONDS,
        scratch: Path | None = None,
    ) -> None:
        self._scratch = scratch
        self._command = tuple(command)
        self._job_seconds = job_seconds
        self._start_seconds = start_seconds
        self._cancel_seconds = cancel_seconds
        self._child: Process | None = None
        self._job_lock = asyncio.Lock()
        self._wanted: set[str] = set()
        self._current: tuple[str, asyncio.Timeout] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, or None if no child is running."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def warm_up(self) -> None:
        """Start the child before the first job. If that fails, it is logged, and the first job tries again."""
        async with self._job_lock:
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
        """Do one job in the child.

        Raise GeneratorDied if the child ended or broke the protocol, JobTooLong if it hung or took too much.
        """
        answer = await self._take_turn(job, on_progress)
        if isinstance(answer, Exported):
            raise GeneratorDied(f"the generator exported something for job {job.id}")
        return answer

    async def export(self, job: ExportJob, on_progress: OnProgress) -> Exported | Failure:
        """Export a tune in the child. Raise GeneratorDied and JobTooLong as `run` does."""
        answer = await self._take_turn(job, on_progress)
        if isinstance(answer, Result):
            raise GeneratorDied(f"the generator composed something for job {job.id}")
        return answer

    async def _take_turn(self, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
        """Do one job when those before it are done. See `run`."""
        self._wanted.add(job.id)
        try:
            async with self._job_lock:
                return await self._run(job, on_progress)
        finally:
            self._wanted.discard(job.id)

    async def cancel(self, job_id: str) -> None:
        """Tell the child to cancel a job. Kill it if it does not react in time."""
        self._wanted.discard(job_id)
        child = self._child
        if self._current is None or self._current[0] != job_id or child is None or child.stdin is None:
            return
        # Bring the deadline of `run` forward: at the deadline, the child is killed like one that hangs.
        self._current[1].reschedule(asyncio.get_running_loop().time() + self._cancel_seconds)
        with suppress(ConnectionError):  # if it has died, `run` notices
            await send_frame(child.stdin, json.dumps({"type": "cancel", "id": job_id}))

    async def _run(self, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
        """Do one job while holding the lock. See `run`."""
        answered = False
        try:
            child = await self._ready_child()
            if job.id not in self._wanted:
                answered = True
                return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
            async with asyncio.timeout(None) as limit:
                self._current = job.id, limit
                answer = await self._watched(child, job, on_progress)
            answered = True
            return answer
        except TimeoutError as error:
            raise JobTooLong(f"no answer to job {job.id} in time") from error
        except (FramingError, ConnectionError) as error:
            raise GeneratorDied(f"job {job.id}: {error}") from error
        finally:
            self._current = None
            # Without an answer (also if this task was cancelled) the child may still be working: never reuse it.
            if not answered:
                await self._end(signal.SIGKILL)

    async def _watched(self, child: Process, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
        """Return the answer to a job. Raise TimeoutError if it takes too much processor time or shows no progress."""
        silent = 0.0

        def note(progress: Progress) -> None:
            nonlocal silent
            silent = 0.0
            on_progress(progress)

        before, looked = _cpu_seconds(child.pid), time.monotonic()
        step = min(CHECK_SECONDS, self._job_seconds)
        answer = asyncio.create_task(_request_answer(child, job, note))
        try:
            while not (await asyncio.wait([answer], timeout=step))[0]:
                now = time.monotonic()
                silent, looked = silent + min(now - looked, 2 * step), now
                if max(silent, _cpu_seconds(child.pid) - before) > self._job_seconds:
                    raise TimeoutError
            return answer.result()
        finally:
            answer.cancel()

    async def close(self) -> None:
        """Ask the child to end, and kill it if it does not."""
        await self._end(signal.SIGTERM)

    async def _ready_child(self) -> Process:
        """Return the running child, starting it if there is none. Raise GeneratorDied if it does not start."""
        if self._child is not None and self._child.returncode is None:
            return self._child
        started = time.monotonic()
        try:
            # The child gets its own process group. So Ctrl-C in a terminal reaches only the bot, which then ends the
            # child, and a kill also reaches the tools that the child started (FluidSynth, ffmpeg).
            self._child = await asyncio.create_subprocess_exec(
                *confined(self._command, GENERATOR_LIMITS),
                stdin=PIPE,
                stdout=PIPE,
                process_group=0,
                env=fresh_environment(self._scratch, without=SECRETS),
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
        """Signal the child and everything that it started, and wait until it has ended."""
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
    """Wait for the child's "ready". Raise GeneratorDied if its first frame is another one or does not come."""
    text = await _receive(child)
    if _parse(text) is not None:
        raise GeneratorDied("the generator sent an answer before it had a job")


async def _request_answer(child: Process, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
    """Send a job, report its progress, and return its final answer."""
    if child.stdin is None:
        raise GeneratorDied("the generator has no stdin")
    await send_frame(child.stdin, json.dumps(job.to_dict()))
    while True:
        answer = _parse(await _receive(child))
        if answer is None or answer.id != job.id:
            raise GeneratorDied(f"the generator sent something other than an answer to job {job.id}")
        if not isinstance(answer, Progress):
            return answer
        on_progress(answer)


async def _receive(child: Process) -> str:
    """Return the next frame. Raise GeneratorDied at the end of the stream, FramingError if it is not a frame."""
    if child.stdout is None:
        raise GeneratorDied("the generator has no stdout")
    text = await receive_frame(child.stdout)
    if text is None:
        raise GeneratorDied(f"the generator ended with code {await child.wait()}")
    return text


def _parse(text: str) -> Answer | None:
    """Return an answer, or None for "ready". Raise GeneratorDied for anything else."""
    try:
        if json.loads(text) == {"type": "ready"}:
            return None
        return answer_from_json(text)
    except (ValueError, TypeError, KeyError) as error:
        raise GeneratorDied(f"the generator sent no valid answer: {text[:80]!r}") from error


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that have ended; 0 if the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _signal_group(child: Process, sign: signal.Signals) -> None:
    """Send a signal to the child's process group, if it still exists."""
    try:
        os.killpg(child.pid, sign)
    except ProcessLookupError:
        return
