"""Chromium, and a small server that sends the built files with the page's own security headers."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bot.web.files import STATIC, content_type
from bot.web.security.guards import HEADERS
from models.music.score import Score

HARNESS = """<!doctype html><html lang="en"><head><title>Player</title><link rel="stylesheet" href="/index.css">
<script type="module" src="/player.js"></script></head><body><main></main></body></html>"""
"""A page with nothing but what a player needs."""
FLAGS = ["--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage"]


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/":
            self._send(HARNESS.encode(), "text/html")
        elif self.path == "/favicon.ico":
            self._send(b"", "image/x-icon")
        elif (file := STATIC / self.path.lstrip("/")).is_file():
            self._send(file.read_bytes(), content_type(file.name))
        else:
            self.send_error(404)

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the output of tests clean."""


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: run docker/install.sh dev"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def score_in_browser(score: Score) -> dict[str, Any]:
    """Return a score as the scripts hold it (`sound/score.ts`)."""
    grid = score.grid
    return {
        "frames": score.frames,
        "title": score.title,
        "loop": score.loop,
        "grid": grid
        and {
            "groove": list(grid.groove),
            "start": grid.start,
            "rowsPerBeat": grid.rows_a_beat,
            "upper": grid.upper,
            "lower": grid.lower,
        },
        "channels": [
            [
                {"start": n.start, "end": n.end, "pitch": n.pitch, "volume": list(n.volume), "duty": list(n.duty)}
                for n in notes
            ]
            for notes in score.channels
        ],
    }


class Player:
    """A player, alone in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.evaluate("document.querySelector('main').replaceChildren(document.createElement('chiptune-player'))")

    def load(self, score: Score, **source: str) -> None:
        self.call("load(...value)", [score_in_browser(score), {"title": score.title, **source}])

    def call(self, expression: str, value: object = None) -> Any:
        """Evaluate `player.EXPRESSION`, in which `value` is the value."""
        script = f"async value => await document.querySelector('chiptune-player').{expression}"
        return self.page.evaluate(script, json.loads(json.dumps(value)))


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page in which a player can be. Nothing may go wrong in it."""
    faults: list[str] = []
    with browser.new_page(viewport={"width": 1280, "height": 800}) as page:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.goto(address)
        page.evaluate("customElements.whenDefined('chiptune-player')")
        yield page
    assert not faults


@pytest.fixture
def player(page: Page) -> Player:
    return Player(page)
