"""A real bot with the fake generator in a process of its own, and Chromium in front of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import ROOT

FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
SLOW = 30_000.0
"""Milliseconds that a busy machine may take for what is quick otherwise."""
SIZES = {"phone": (390, 844), "laptop": (1366, 657)}


class Bot:
    """A bot in a process. url: of its page, without a slash at the end; the port stays the same after a restart."""

    def __init__(self, folder: Path) -> None:
        self.gate = folder / "gate"
        self._folder = folder
        self._port = "0"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        log = self._folder / "log"
        settings = {"CHIPTUNE_PORT": self._port, "CHIPTUNE_DATA_DIR": str(self._folder / "data")}
        settings["FAKE_GENERATOR_GATE"] = str(self.gate)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.run_bot"], cwd=ROOT, env={**os.environ, **settings}, stderr=output
            )
        for _ in range(600):
            if found := re.search(r"the page is at (http://127\.0\.0\.1:(\d+))/", log.read_text()):
                self.url, self._port = found[1], found[2]
                return
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    def stop(self) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: run docker/install.sh dev"
    expect.set_options(timeout=SLOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    bot = Bot(tmp_path_factory.mktemp("bot"))
    bot.start()
    yield bot
    bot.gate.touch()
    bot.stop()


@pytest.fixture
def profile(browser: Browser, bot: Bot) -> Iterator[Callable[..., BrowserContext]]:
    """Opens fresh browser profiles whose pages may throw no error. size: one of `SIZES`."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_profile(size: str = "laptop", *, workers: bool = False) -> BrowserContext:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=bot.url,
            viewport={"width": width, "height": height},
            service_workers="allow" if workers else "block",
            accept_downloads=True,
        )
        context.set_default_timeout(SLOW)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_profile
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, profile: Callable[..., BrowserContext]) -> Page:
    """A page of a fresh profile, in each size."""
    return profile(str(request.param)).new_page()


@pytest.fixture
def laptop(profile: Callable[..., BrowserContext]) -> Page:
    return profile("laptop").new_page()
