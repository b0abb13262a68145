"""How long the queue takes to pick the next request while many wait: milliseconds, on a database file on disk.

python -m benchmarks.bot.queue [--rows N] [--people N] [--servers N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.scope import Scope
from bot.store import Limits, RequestRecord, Store
from generator.protocol.requests import Request

TIMES = 30
NO_LIMITS = Limits(person=10**9, server=10**9, everybody=10**9)


async def best(work: Callable[[], Awaitable[object]]) -> float:
    """Return the best time of `TIMES` runs, in milliseconds, so that other work on the machine does not count."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - began))
    return min(times)


async def measure(rows: int, people: int, servers: int) -> None:
    """Fill a queue, then time taking from it, adding to it and listing it."""
    rng = random.Random(0)

    def entry() -> RequestRecord:
        user = rng.randrange(people)
        home = str(user % servers)
        return RequestRecord(
            id=uuid.uuid4().hex, origin="discord", request=Request(), user_id=str(user), scope=Scope(home)
        )

    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder) / "queue.sqlite3") as store:
            await store.database.execute("PRAGMA synchronous = OFF")  # the disk's speed does not count
            for _ in range(rows):
                await store.queue.add(entry(), NO_LIMITS, 30.0)
            for what, work in (
                ("take the next", store.queue.take),
                ("add a request", lambda: store.queue.add(entry(), NO_LIMITS, 30.0)),
                ("refuse a request", lambda: store.queue.add(entry(), Limits(), 30.0)),
                ("list the queue", store.queue.line),
            ):
                print(f"{what:<16}{await best(work):8.2f} ms")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--servers", type=int, default=100)
    options = parser.parse_args(arguments)
    asyncio.run(measure(options.rows, options.people, options.servers))


if __name__ == "__main__":
    main()
