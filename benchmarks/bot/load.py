"""A hundred people at once with the real generator: how soon each is acknowledged, and when the last tune is posted.

A real bot is connected to the tests' stand-in for Discord, as in tests/wire/test_crowd.py; both, and the generator,
share this machine. `python -m benchmarks.bot.load [PEOPLE]`
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.wire.standin.crowd import crowd, faults
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn

PEOPLE = 100
PATIENCE = 20.0
"""Seconds a tune, at the most."""


async def measure(people: int) -> None:
    """Run it once and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        async with StandIn(Path(folder)) as discord:
            bot = Bot(discord, Path(folder), generator=None)
            await bot.start()
            try:
                found = await crowd(discord, bot, people, patience=PATIENCE * people)
                print(found)
                for fault in faults(discord, bot, found):
                    print(f"WRONG: {fault}")
            finally:
                await bot.end()


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE))
