"""The processor time of jobs that run at once: what the process and its tools use is split evenly among them.

The shares add up to what was used. Which job used a moment cannot be told, because the jobs share the network's steps.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable


def used_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Meter:
    """Splits processor time among the jobs that run. Any thread may call it."""

    def __init__(self, clock: Callable[[], float] = used_seconds) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._shares: dict[object, float] = {}
        self._settled = 0.0

    def begin(self, job: object) -> None:
        """Count a job's share from now on."""
        with self._lock:
            self._settle()
            self._shares[job] = 0.0

    def end(self, job: object) -> float:
        """Stop counting for a job and return its share in seconds."""
        with self._lock:
            self._settle()
            return self._shares.pop(job)

    def _settle(self) -> None:
        now = self._clock()
        for job in self._shares:
            self._shares[job] += (now - self._settled) / len(self._shares)
        self._settled = now
