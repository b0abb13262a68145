"""Tokens stay out of the log and out of every repr, and the package stays light."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.contests.keeper import Contests
from bot.discord.app import DiscordSide
from bot.discord.queue.submission import Destination
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.settings import Settings
from bot.store import Store
from tests.discord_side.conftest import Composer

TOKEN = "MDAw.a-token-that-nobody-may-see"
LIBRARY = ("discord", "discord.http", "discord.gateway", "discord.webhook.async_")


@pytest.fixture
def verbose() -> Iterator[None]:
    """Somebody debugs: everything is logged."""
    loggers = {logging.getLogger(): logging.DEBUG, logging.getLogger("discord"): logging.NOTSET}
    before = {logger: logger.level for logger in loggers}
    for logger, level in loggers.items():
        logger.setLevel(level)
    yield
    for logger, level in before.items():
        logger.setLevel(level)


@pytest.mark.usefixtures("verbose")
async def test_the_library_never_logs_what_it_sends(store: Store, tmp_path: Path) -> None:
    backlog = Backlog(store, Composer(), {}, Files(store, tmp_path))
    async with DiscordSide(Settings(token=TOKEN, data_dir=tmp_path), store, backlog, Contests(store)) as side:
        assert side.delivery is not None
        assert not any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in LIBRARY)


def test_a_destination_hides_its_token() -> None:
    destination = Destination(
        application=1, token=TOKEN, created=0.0, message=2, channel=3, user=4, limit=5, reachable=True
    )
    assert TOKEN not in repr(destination)
    assert Destination.from_dict(destination.to_dict()) == destination


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, bot.discord.app; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "discord" in loaded
    assert not {"torch", "transformers", "music21", "onnxruntime", "numpy", "models.inference"} & set(loaded)
