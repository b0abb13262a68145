"""The bot's own commands."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable

from bot.serve import serve
from bot.settings import load_settings
from generator.contract import InputError


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


def invite_command(argv: list[str]) -> int:
    """`chiptune invite`: print the links by which the bot is added. Raises InputError without a token."""
    argparse.ArgumentParser(
        prog="chiptune invite",
        description="Print the links that add the bot to a server, and to a person's own account. They are made of"
        " the application's id in DISCORD_TOKEN; nothing else of the token is in them.",
    ).parse_args(argv)
    token = load_settings().token
    if token is None:
        raise InputError("Set DISCORD_TOKEN, in the environment or in .env: the links are made of it.")
    from bot.discord.invite import application_id, server_link, user_link

    application = application_id(token)
    print(f"For a server: {server_link(application)}")
    print(f"For yourself: {user_link(application)}")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {"serve": serve_command, "invite": invite_command}
