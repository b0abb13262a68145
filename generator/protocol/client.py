"""The bot's side of the generator: has jobs done by a child process, several at once.

The backlog knows only `Generator`. `GeneratorClient` implements it on one machine, with a child process that is started
on first use and again after it has died. What the process is told and how it is watched is left to
`generator.protocol.connection.child`, what a job does to `generator.process`.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from generator.protocol.connection.child import Child, OnProgress, TimeLimits
from generator.protocol.errors import CANCELLED_SENTENCE, GeneratorDied
from generator.protocol.results import AnyJob, Exported, ExportJob, Failure, Job, Result

log = logging.getLogger(__name__)

JOB_SECONDS = 300.0
"""A job that takes more processor time, or after whose last progress so much time has passed, is ended."""
START_SECONDS = 120.0
"""The limit on starting a child. Loading the model takes far less, even on a slow and busy machine."""
CANCEL_SECONDS = 30.0
"""The time between cancelling a job and killing its child. Rendering the longest tune takes less."""


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
    """A generator in a child process, which does any number of jobs at once.

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
        self._limits = TimeLimits(start=start_seconds, job=job_seconds, cancel=cancel_seconds)
        self._child: Child | None = None
        self._starting = asyncio.Lock()
        self._wanted: set[str] = set()

    @property
    def pid(self) -> int | None:
        """The child's process id, or None if no child is running."""
        return self._child.pid if self._child and self._child.alive else None

    async def warm_up(self) -> None:
        """Start the child before the first job. If that fails, it is logged, and the first job tries again."""
        try:
            await self._ready_child()
        except GeneratorDied as error:
            log.warning("the generator did not start: %s", error)

    async def run(self, job: Job, on_progress: OnProgress) -> Result | Failure:
        """Do one job in the child, beside those that it does already.

        Raise GeneratorDied if the child ended or broke the protocol, JobTooLong if it hung or took too much.
        """
        answer = await self._do(job, on_progress)
        if isinstance(answer, Exported):
            raise GeneratorDied(f"the generator exported something for job {job.id}")
        return answer

    async def export(self, job: ExportJob, on_progress: OnProgress) -> Exported | Failure:
        """Export a tune in the child. Raise GeneratorDied and JobTooLong as `run` does."""
        answer = await self._do(job, on_progress)
        if isinstance(answer, Result):
            raise GeneratorDied(f"the generator composed something for job {job.id}")
        return answer

    async def _do(self, job: AnyJob, on_progress: OnProgress) -> Result | Exported | Failure:
        """Do a job of either kind. See `run`."""
        self._wanted.add(job.id)
        try:
            child = await self._ready_child()
            if job.id not in self._wanted:
                return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
            return await child.run(job, on_progress)
        finally:
            self._wanted.discard(job.id)

    async def cancel(self, job_id: str) -> None:
        """Tell the child to cancel a job. Kill it if it does not react in time."""
        self._wanted.discard(job_id)
        if self._child is not None:
            await self._child.cancel(job_id)

    async def close(self) -> None:
        """Ask the child to end, and kill it if it does not."""
        child, self._child = self._child, None
        if child is not None:
            await child.end(signal.SIGTERM)

    async def _ready_child(self) -> Child:
        """Return the running child, starting it if there is none. Raise GeneratorDied if it does not start."""
        async with self._starting:
            if self._child is None or not self._child.alive:
                if self._child is not None:  # whatever is left of it must not write into a job's folder any more
                    await self._child.end(signal.SIGKILL)
                self._child = None
                self._child = await Child.start(self._command, self._limits, self._scratch)
            return self._child
