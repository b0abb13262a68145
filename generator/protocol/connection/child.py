"""A generator process as the bot sees it: started, given jobs, watched, cancelled and ended.

The process announces itself with {"type": "ready"}, takes one job a frame, does several jobs at once and answers with
the frames of `generator.protocol.results`, each of which names its job. {"type": "cancel", "id": ID} cancels a job. The
process ends when its stdin ends, so it never outlives the bot. When to start another one is left to
`generator.protocol.client`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from generator.protocol.connection.framing import FramingError, receive_frame, send_frame
from generator.protocol.errors import GeneratorDied, JobTooLong
from generator.protocol.results import Answer, AnyJob, Exported, Failure, Progress, Result, answer_from_json
from generator.protocol.system.confinement import GENERATOR_LIMITS, confined, fresh_environment

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
"""The time between two looks at the jobs. No look counts for more than two, so a machine that slept ends no job."""
GRACE_SECONDS = 5.0
"""The time between asking a process to end and killing it."""
SECRETS = ("DISCORD_TOKEN", "CHIPTUNE_PASSWORD", "CHIPTUNE_NATS_URL")
"""Environment variables that the process does not get, because it and its tools read files from strangers."""

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Limits in seconds.

    start: until the process is ready. job: on a job's processor time, and on its time without progress. cancel: on how
    long a cancelled job may still run before its process is killed.
    """

    start: float
    job: float
    cancel: float


@dataclass(slots=True)
class _Running:
    """A job that the process does.

    silent: seconds since its last progress. processor: its share of the processor time. too_long: whether it was ended
    because it took too much. deadline: when the process is killed unless the job ends, by the loop's clock.
    """

    answer: asyncio.Future[Result | Exported | Failure]
    on_progress: OnProgress
    silent: float = 0.0
    processor: float = 0.0
    too_long: bool = False
    deadline: float | None = None


class Child:
    """A process that is ready for jobs. Made by `start`."""

    def __init__(self, process: Process, limits: TimeLimits) -> None:
        self._process = process
        self._limits = limits
        self._running: dict[str, _Running] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = False

    @classmethod
    async def start(cls, command: Sequence[str], limits: TimeLimits, scratch: Path | None = None) -> Child:
        """Start a process and wait until it is ready. Raise GeneratorDied if that fails; then nothing runs.

        scratch: the folder for its temporary files, for it alone; None for the system's.
        """
        started = time.monotonic()
        try:
            # The process gets its own group. So Ctrl-C in a terminal reaches only the bot, which then ends the process,
            # and a kill also reaches the tools that it started (FluidSynth, ffmpeg).
            process = await asyncio.create_subprocess_exec(
                *confined(command, GENERATOR_LIMITS),
                stdin=PIPE,
                stdout=PIPE,
                process_group=0,
                env=fresh_environment(scratch, without=SECRETS),
            )
        except OSError as error:
            raise GeneratorDied(f"the generator cannot be started: {error}") from error
        child = cls(process, limits)
        ready = False
        try:
            async with asyncio.timeout(limits.start):
                if _parse(await child._receive()) is not None:
                    raise GeneratorDied("the generator sent an answer before it had a job")
            ready = True
        except TimeoutError as error:
            raise GeneratorDied(f"the generator was not ready within {limits.start:g} s") from error
        except (FramingError, ConnectionError) as error:
            raise GeneratorDied(f"the generator did not start: {error}") from error
        finally:
            if not ready:
                await child.end(signal.SIGKILL)
        log.info("generator ready after %.1f s (process %d)", time.monotonic() - started, process.pid)
        child._tasks = [asyncio.create_task(child._read()), asyncio.create_task(child._watch())]
        return child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process takes jobs."""
        return self._process.returncode is None and not self._ending

    async def run(self, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
        """Do one job, beside those that it does already.

        Raise GeneratorDied if the process ended or broke the protocol, JobTooLong if the job hung or took too much. If
        the caller is cancelled, the process is killed, because it would go on with the job.
        """
        running = _Running(asyncio.get_running_loop().create_future(), on_progress)
        self._running[job.id] = running
        try:
            with suppress(ConnectionError):  # if it has died, `_read` notices
                await self._send(job.to_dict())
            answer = await running.answer
            if running.too_long:
                raise JobTooLong(f"job {job.id} took too much")
            return answer
        except (asyncio.CancelledError, GeneratorDied):
            await self._kill()
            raise
        except JobTooLong:
            if self._ending:
                await self._kill()
            raise
        finally:
            self._running.pop(job.id, None)

    async def cancel(self, job_id: str) -> None:
        """Tell the process to cancel a job. It is killed if it does not react in time."""
        running = self._running.get(job_id)
        if running is None or running.deadline is not None:
            return
        running.deadline = asyncio.get_running_loop().time() + self._limits.cancel
        with suppress(ConnectionError):
            await self._send({"type": "cancel", "id": job_id})

    async def end(self, sign: signal.Signals) -> None:
        """Signal the process and everything that it started, and wait until it has ended. Its jobs raise."""
        self._ending = True
        _signal_group(self._process, sign)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            log.warning("the generator (process %d) did not end within %g s; killing it", self.pid, GRACE_SECONDS)
        _signal_group(self._process, signal.SIGKILL)
        await self._process.wait()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._fail("the generator was ended")

    async def _kill(self) -> None:
        """Kill the process, so that nothing writes into a job's folder any more once its `run` has ended."""
        await self.end(signal.SIGKILL)

    async def _read(self) -> None:
        """Pass answers on to their jobs until the process ends or breaks the protocol; then end it."""
        try:
            while True:
                self._note(_parse(await self._receive()))
        except (GeneratorDied, FramingError, ConnectionError) as error:
            self._fail(str(error))
            await self.end(signal.SIGKILL)

    def _note(self, answer: Answer | None) -> None:
        running = None if answer is None else self._running.get(answer.id)
        if answer is None or running is None or running.answer.done():
            raise GeneratorDied("the generator sent something other than an answer to a job that it has")
        if isinstance(answer, Progress):
            running.silent = 0.0
            running.on_progress(answer)
        else:
            running.answer.set_result(answer)

    async def _watch(self) -> None:
        """Cancel jobs that hang or take too much, and kill the process if one of them does not react."""
        step = min(CHECK_SECONDS, self._limits.job, self._limits.cancel)
        used, looked = _cpu_seconds(self.pid), time.monotonic()
        while True:
            await asyncio.sleep(step)
            now, before = time.monotonic(), used
            used = _cpu_seconds(self.pid)
            passed, looked = min(now - looked, 2 * step), now
            for job_id, running in list(self._running.items()):
                running.silent += passed
                running.processor += (used - before) / len(self._running)
                if running.deadline is None and max(running.silent, running.processor) > self._limits.job:
                    running.too_long = True
                    await self.cancel(job_id)
            late = [job for job in self._running.values() if job.deadline is not None and _past(job.deadline)]
            for running in late:
                if not running.answer.done():
                    running.answer.set_exception(JobTooLong("a job that was to end did not, in time"))
            if late:
                self._fail("another job hung")
                await self.end(signal.SIGKILL)
                return

    def _fail(self, reason: str) -> None:
        """Take no more jobs, and end all of them with GeneratorDied."""
        self._ending = True
        for job_id, running in self._running.items():
            if not running.answer.done():
                running.answer.set_exception(GeneratorDied(f"job {job_id}: {reason}"))

    async def _send(self, message: object) -> None:
        if self._process.stdin is None:
            raise GeneratorDied("the generator has no stdin")
        await send_frame(self._process.stdin, json.dumps(message))

    async def _receive(self) -> str:
        """Return the next frame. Raise GeneratorDied at the end of the stream, FramingError if it is not a frame."""
        if self._process.stdout is None:
            raise GeneratorDied("the generator has no stdout")
        text = await receive_frame(self._process.stdout)
        if text is None:
            raise GeneratorDied(f"the generator ended with code {await self._process.wait()}")
        return text


def _past(deadline: float) -> bool:
    return asyncio.get_running_loop().time() > deadline


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


def _signal_group(process: Process, sign: signal.Signals) -> None:
    """Send a signal to the process's group, if it still exists."""
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return
