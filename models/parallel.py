"""Work spread over processes, in order, with little of it in memory at a time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 1024
"""Items handed over at once: enough to keep the processes busy, few enough for the memory."""


def in_parallel(work: Callable[[T], R], items: Iterable[T], chunk: int = 8) -> Iterator[R]:
    """What `work` makes of each item, in order. `work` is a function of a module.

    chunk: items that a process takes at a time; 1 where each takes seconds, so that none waits behind another.
    """
    source = iter(items)
    with ProcessPoolExecutor(initializer=_leave_interrupts_to_the_parent) as pool:
        while some := list(islice(source, _AT_ONCE)):
            yield from pool.map(work, some, chunksize=chunk)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
