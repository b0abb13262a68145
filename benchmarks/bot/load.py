"""A crowd on Discord with the real generator: how soon each person gets an answer, and when the last tune is posted.

    python -m benchmarks.bot.load [--people N] [--fake]

A real bot is connected to the tests' stand-in for Discord, as in tests/wire/test_crowd.py. The bot, the stand-in and
the generator share this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.wire.standin.crowd import check_crowd, run_crowd
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn

PEOPLE = 100
PATIENCE = 20.0
"""Seconds per tune before the run is given up."""
FAKE_GENERATOR = "tests.fake_generator"


async def measure(people: int, generator: str | None) -> bool:
    """Run it once, print what happened, and return whether every tune was posted exactly once.

    generator: the module to start as the generator; None for the real one.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with StandIn(Path(folder)) as discord:
            bot = Bot(discord, Path(folder), generator=generator)
            await bot.start()
            try:
                result = await run_crowd(discord, bot, people, patience=PATIENCE * people)
                wrong = list(check_crowd(discord, bot, result))
                print("\n".join([str(result), *(f"WRONG: {fault}" for fault in wrong)]))
                return not wrong
            finally:
                await bot.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the times; return 1 if a request was lost or answered twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--fake", action="store_true", help="use the tests' fake generator, to try this program")
    options = parser.parse_args(arguments)
    return 0 if asyncio.run(measure(options.people, FAKE_GENERATOR if options.fake else None)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
