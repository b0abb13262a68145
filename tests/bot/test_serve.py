"""The whole bot as a process: it starts, it stops, it is killed, and every request is answered once."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.fake_generator import HELD


class Bot:
    """A running bot with the fake generator on a data folder; `start` again after `kill` or `stop`."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.log = data_dir.parent / "bot.log"
        self.jobs = data_dir.parent / "jobs.log"
        self.gate = data_dir.parent / "gate"
        self.env = {
            **os.environ,
            "CHIPTUNE_DATA_DIR": str(data_dir),
            "CHIPTUNE_PORT": str(port),
            "CHIPTUNE_JOBS": "1",
            "FAKE_GENERATOR_LOG": str(self.jobs),
            "FAKE_GENERATOR_GATE": str(self.gate),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "tests.run_bot"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stderr=log, process_group=0)
        within(20, lambda: self.alive() or None)

    def end(self, sign: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(sign)
        code = self.process.wait(10)
        self.process = None
        return code

    def alive(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.get("/healthz")["status"] == "ok")
        except OSError:
            return False

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def ask(self, seed: int) -> str:
        return str(self._call("POST", "/api/requests", json.dumps({"seed": seed}))["id"])

    def _call(self, method: str, path: str, body: str | None = None) -> Any:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            return json.load(connection.getresponse())

    def state(self, request_id: str) -> dict[str, Any]:
        return dict(self.get(f"/api/requests/{request_id}"))

    def until_working(self, request_id: str) -> None:
        within(10, lambda: self.state(request_id)["stage"])

    def until_over(self, request_id: str) -> str:
        def over() -> str | None:
            status = self.state(request_id)["status"]
            return str(status) if status in ("done", "failed") else None

        return str(within(20, over))

    def begun(self) -> list[str]:
        return [line.split()[1] for line in self.jobs.read_text().splitlines()]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data_dir / "chiptune.sqlite3")) as db:
            return db.execute(sql).fetchall()


def within(seconds: float, ask: Callable[[], Any]) -> Any:
    """The first answer that is something, or a failure after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    pytest.fail(f"nothing came within {seconds} s")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    running = Bot(tmp_path / "var", free_port())
    yield running
    if running.process:
        running.end(signal.SIGKILL)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_quietly_when_told_to(bot: Bot, sign: signal.Signals) -> None:
    bot.start()
    request = bot.ask(HELD)
    bot.until_working(request)
    assert bot.end(sign) == 0
    assert "Traceback" not in bot.log.read_text()
    assert f"the page is at http://127.0.0.1:{bot.port}/" in bot.log.read_text()
    assert bot.rows("SELECT status FROM requests") == [("working",)]
    bot.gate.touch()
    bot.start()
    assert bot.until_over(request) == "done"


def test_a_bot_killed_mid_job_answers_once_after_its_restart(bot: Bot) -> None:
    bot.start()
    first, second = bot.ask(HELD), bot.ask(42)
    bot.until_working(first)
    bot.end(signal.SIGKILL)
    bot.gate.touch()
    bot.start()
    assert [bot.until_over(request) for request in (first, second)] == ["done", "done"]
    assert sorted(bot.begun()) == sorted([first, first, second])
    assert bot.rows("SELECT id, attempts FROM requests ORDER BY number") == [(first, 2), (second, 1)]
    assert [song["id"] for song in bot.get("/api/songs")] == [second, first]


def test_a_generator_that_dies_mid_job_is_replaced(bot: Bot) -> None:
    bot.start()
    request = bot.ask(5)
    assert bot.until_over(request) == "done"
    assert bot.begun() == [request, request]
    assert bot.rows("SELECT status, attempts FROM requests") == [("posted", 2)]
    bot.end(signal.SIGTERM)


# Start-up failures


def fails_to_start(env: dict[str, str]) -> str:
    """What `python -m bot` says when it cannot start: one line, exit code 1."""
    done = subprocess.run(
        [sys.executable, "-m", "bot"],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = fails_to_start({"CHIPTUNE_PORT": str(port), "CHIPTUNE_DATA_DIR": str(tmp_path)})
    assert said == f"Cannot listen on 127.0.0.1 port {port}: it is taken. Set CHIPTUNE_PORT to another one.\n"


def test_a_data_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = fails_to_start({"CHIPTUNE_PORT": "0", "CHIPTUNE_DATA_DIR": str(tmp_path / "file" / "var")})
    assert "CHIPTUNE_DATA_DIR" in said


def test_a_damaged_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "chiptune.sqlite3").write_bytes(b"this is no database" * 100)
    said = fails_to_start({"CHIPTUNE_PORT": "0", "CHIPTUNE_DATA_DIR": str(tmp_path)})
    assert "cannot be opened" in said


def test_a_second_bot_on_the_same_data_is_one_line(bot: Bot) -> None:
    bot.start()
    said = fails_to_start({"CHIPTUNE_PORT": "0", "CHIPTUNE_DATA_DIR": str(bot.data_dir)})
    assert "Another bot is running" in said
