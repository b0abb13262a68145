"""How long charts and votes take with many songs and votes: median milliseconds, on a database file on disk.

    python -m benchmarks.bot.charts [--songs N] [--votes N] [--people N] [--file PATH]

All songs belong to one server, which is the worst case, and were made over one year. An existing --file is used again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bot.scope import Scope
from bot.store import PERIODS, Store
from bot.store.charts import DAY

TIMES = 30
SERVER = "7"
DEEP = 50
"""A page that only a very curious person reaches."""


async def median(work: Callable[[], Awaitable[object]]) -> float:
    """Return the median time of `TIMES` runs, in milliseconds."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def rows(songs: int, people: int) -> Iterator[tuple[str, str, float]]:
    """Yield (song id, who requested it, when it was made)."""
    rng, now = random.Random(0), time.time()
    for number in range(songs):
        yield f"{number:032x}", str(rng.randrange(people)), now - rng.random() * 365 * DAY


def votes(songs: int, count: int, people: int) -> Iterator[tuple[str, str, int]]:
    """Yield (song id, who voted, 1 or -1). Songs differ in how well they are liked; a few get most of the votes."""
    rng = random.Random(1)
    liked = [rng.betavariate(4, 2) for _ in range(songs)]
    for _ in range(count):
        number = int(songs * rng.random() ** 3)
        yield f"{number:032x}", str(rng.randrange(people)), 1 if rng.random() < liked[number] else -1


def fill(path: Path, songs: int, count: int, people: int) -> None:
    """Write songs and votes into a database that already has its schema."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        requests = [(*row[:2], SERVER, row[2], row[2]) for row in rows(songs, people)]
        db.executemany(
            "INSERT INTO requests (id, origin, request, destination, user_id, guild_id, status, created, updated)"
            " VALUES (?, 'discord', '{}', '{}', ?, ?, 'posted', ?, ?)",
            requests,
        )
        db.executemany(
            "INSERT INTO songs (id, title, digest, midi, audio, picture, seconds, bpm, key, seed, model, engine,"
            " user_id, guild_id, report, timings, created)"
            " VALUES (?, 'A tune', '', 'tune.mid', 'tune.ogg', 'tune.png', 30.0, 120.0, 'C', 1, 'nes', 'numpy',"
            " ?, ?, '', '{}', ?)",
            [row[:4] for row in requests],
        )
        db.executemany("INSERT OR IGNORE INTO votes VALUES (?, ?, ?, 0.0)", votes(songs, count, people))


async def measure(path: Path, songs: int, count: int, people: int) -> None:
    """Fill the store if it is empty, then time its charts and votes."""
    async with Store.open(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        empty = not db.execute("SELECT 1 FROM songs LIMIT 1").fetchone()
    if empty:
        fill(path, songs, count, people)
    rng = random.Random(2)
    async with Store.open(path) as store:
        [(song_count, vote_count)] = await store.database.fetch(
            "SELECT (SELECT count(*) FROM songs), (SELECT count(*) FROM votes)"
        )
        print(f"{song_count:,} songs, {vote_count:,} votes")
        for period in PERIODS:
            for start in (0, 10 * DEEP):

                async def top(period: str = period, start: int = start) -> object:
                    return await store.charts.top(Scope(SERVER), period, limit=11, start=start)

                print(f"top, {period + ',':<7} page {1 + start // 10:<3}{await median(top):8.2f} ms")

        async def vote() -> object:
            song, voter = f"{rng.randrange(song_count):032x}", str(rng.randrange(people))
            return await store.votes.toggle(song, voter, rng.choice((-1, 1)))

        print(f"a vote              {await median(vote):8.2f} ms, with the disk")
        await store.database.execute("PRAGMA synchronous = OFF")
        print(f"a vote              {await median(vote):8.2f} ms, without the disk")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--file", type=Path, help="the database; if left out, a temporary file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "charts.sqlite3"
        asyncio.run(measure(path, options.songs, options.votes, options.people))


if __name__ == "__main__":
    main()
