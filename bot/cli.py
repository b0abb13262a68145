"""The commands of the bot: serve, invite, backup, restore and doctor."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from bot.files.backup import write_backup
from bot.files.restore import restore
from bot.operations.doctor import examine, report
from bot.serve import serve
from bot.settings import load_settings
from generator.protocol.errors import InputError
from generator.protocol.logs import set_up_logs


def serve_command(argv: list[str]) -> int:
    """Run `chiptune serve` until it is stopped. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="chiptune serve",
        description="Run the bot: the local page, and Discord if DISCORD_TOKEN is set.",
        epilog="Settings come from the environment or .env: DISCORD_TOKEN, CHIPTUNE_PORT, CHIPTUNE_HOST,"
        " CHIPTUNE_PASSWORD, CHIPTUNE_OPEN, CHIPTUNE_PROXIES, CHIPTUNE_DATA_DIR, CHIPTUNE_PUBLIC_URL,"
        " CHIPTUNE_KEEP_DAYS, CHIPTUNE_GRACE_DAYS, CHIPTUNE_REPORTS_CHANNEL.",
    )
    parser.parse_args(argv)
    settings = load_settings()
    set_up_logs("bot")
    os.umask(0o077)  # what the bot writes is nobody else's to read
    asyncio.run(serve(settings))
    return 0


def invite_command(argv: list[str]) -> int:
    """Run `chiptune invite`, which prints the links that add the bot. Raise InputError without a token."""
    argparse.ArgumentParser(
        prog="chiptune invite",
        description="Print the links that add the bot to a server, and to a person's own account. They contain the"
        " application's id from DISCORD_TOKEN and nothing else of the token.",
    ).parse_args(argv)
    token = load_settings().token
    if token is None:
        raise InputError("Set DISCORD_TOKEN, in the environment or in .env: the links are made from it.")
    from bot.discord.server.invite import application_id, server_link, user_link

    application = application_id(token)
    print(f"For a server: {server_link(application)}")
    print(f"For yourself: {user_link(application)}")
    return 0


def backup_command(argv: list[str]) -> int:
    """Run `chiptune backup`, which writes everything that the bot keeps into one file. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="chiptune backup",
        description="Write the database and all files that it names into one .tar.gz. The bot may be running.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the .tar.gz to write; it must not exist yet")
    _add_data_option(parser)
    options = parser.parse_args(argv)
    backup = write_backup(options.data or load_settings().data_dir, options.file)
    print(f"{options.file}: the database and {backup.files} files, {backup.bytes / 1e6:.1f} MB.")
    if backup.lost:
        print(f"{backup.lost} files that the database names were already missing or damaged; the backup lacks them.")
    return 0


def restore_command(argv: list[str]) -> int:
    """Run `chiptune restore`, which puts a backup back. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="chiptune restore",
        description="Restore a backup into the data folder. Every file is checked before anything is replaced.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a file written by chiptune backup")
    _add_data_option(parser)
    parser.add_argument("--force", action="store_true", help="replace and lose what is in the folder now")
    options = parser.parse_args(argv)
    folder = options.data or load_settings().data_dir
    backup = restore(options.file, folder, force=options.force)
    print(f"{folder}: the database and {backup.files} files, {backup.bytes / 1e6:.1f} MB.")
    return 0


def doctor_command(argv: list[str]) -> int:
    """Run `chiptune doctor`, which checks what the bot needs. Return the exit code: 1 if anything is wrong."""
    argparse.ArgumentParser(
        prog="chiptune doctor",
        description="Check everything that the bot needs on this machine, and say what to do about what is wrong.",
    ).parse_args(argv)
    text, code = report(asyncio.run(examine()))
    print(text)
    return code


def _add_data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the data folder (default: CHIPTUNE_DATA_DIR, or else var/)"
    )


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "serve": serve_command,
    "invite": invite_command,
    "backup": backup_command,
    "restore": restore_command,
    "doctor": doctor_command,
}
