"""The process's side of stdin: jobs in their order, and which of them nobody wants any more.

A job is a frame of its own; {"type": "cancel", "id": ID} takes one back, also while it is being done. Frames are read
in a thread of their own, so that such a word is heard in the middle of a job; what a job is stopped by is `check`,
called wherever it tells its progress. Doing jobs is left to `work`.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

from generator.protocol.errors import JobCancelled
from generator.protocol.framing import read_frames_then_exit


class Inbox:
    """The jobs that come in on a stream; the process ends with the stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        threading.Thread(target=read_frames_then_exit, args=(stream, self._take), daemon=True).start()

    def __iter__(self) -> Iterator[str]:
        """Jobs as JSON texts, for ever."""
        while True:
            yield self._jobs.get()

    def check(self, job_id: str) -> None:
        """Raise JobCancelled where a job was taken back."""
        if job_id in self._cancelled:
            raise JobCancelled

    def forget(self, job_id: str) -> None:
        """A job is over, however it ended."""
        self._cancelled.discard(job_id)

    def _take(self, text: str) -> None:
        message = json.loads(text)
        if message.get("type") == "cancel":
            self._cancelled.add(message["id"])
        else:
            self._jobs.put(text)
