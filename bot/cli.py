"""The bot's own commands."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable

from bot.serve import serve
from bot.settings import load_settings


def serve_command(argv: list[str]) -> int:
    """`chiptune serve`: run the bot until it is stopped."""
    parser = argparse.ArgumentParser(
        prog="chiptune serve",
        description="Run the bot: the local page, and Discord where DISCORD_TOKEN is set.",
        epilog="Settings come from the environment or .env: DISCORD_TOKEN, CHIPTUNE_PORT, CHIPTUNE_HOST,"
        " CHIPTUNE_DATA_DIR, CHIPTUNE_PUBLIC_URL.",
    )
    parser.parse_args(argv)
    settings = load_settings()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S"
    )
    asyncio.run(serve(settings))
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {"serve": serve_command}
