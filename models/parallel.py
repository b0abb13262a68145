"""Spreads work over processes, in order, with little of it in memory at a time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 1024
"""Items handed over at once: enough to keep the processes busy, and few enough for the memory."""


def in_parallel(
    work: Callable[[T], R], items: Iterable[T], chunk: int = 8, processes: int | None = None
) -> Iterator[R]:
    """Yield the result of `work`, a module-level function, for each item, in order.

    chunk: items that a process takes at a time; 1 if each takes seconds, so that none waits behind another. processes:
    how many work at once; by default one for each core.
    """
    source = iter(items)
    with ProcessPoolExecutor(processes, initializer=_ignore_interrupts) as pool:
        while batch := list(islice(source, _AT_ONCE)):
            yield from pool.map(work, batch, chunksize=chunk)


def _ignore_interrupts() -> None:
    """Ignore Ctrl-C in a worker: the parent process handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
