"""The process's stdin: the jobs in their order, and which of them have been cancelled.

Each frame is a job, or {"type": "cancel", "id": ID}, which cancels one. A thread reads the frames, so a cancellation
arrives even during a job. The job stops at its next progress report, which calls `check`. Doing jobs is left to
`generator.process.pipeline`.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

from generator.protocol.connection.framing import read_frames_then_exit
from generator.protocol.errors import JobCancelled


class Inbox:
    """The jobs that arrive on a stream. The process ends when the stream ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        threading.Thread(target=read_frames_then_exit, args=(stream, self._receive), daemon=True).start()

    def __iter__(self) -> Iterator[str]:
        """Yield jobs as JSON texts, forever."""
        while True:
            yield self._jobs.get()

    def check(self, job_id: str) -> None:
        """Raise JobCancelled if a job has been cancelled."""
        if job_id in self._cancelled:
            raise JobCancelled

    def forget(self, job_id: str) -> None:
        """Forget that a job was cancelled, because it is over."""
        self._cancelled.discard(job_id)

    def _receive(self, text: str) -> None:
        message = json.loads(text)
        if message.get("type") == "cancel":
            self._cancelled.add(message["id"])
        else:
            self._jobs.put(text)
