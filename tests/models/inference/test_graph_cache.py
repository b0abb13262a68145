"""The cache of graphs: made once, made again if damaged or if anything that it is made from has changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.inference.graph_cache import cached_graph
from tests.conftest import ROOT

GRAPH = b"a graph" * 1000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, empty."""
    monkeypatch.setattr("models.inference.graph_cache.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "weights"
    file.write_bytes(b"weights")
    return file


def refuse() -> bytes:
    raise AssertionError("the graph is there already")


def test_a_graph_is_made_once(folder: Path, source: Path) -> None:
    assert cached_graph([source], "name", lambda: GRAPH) == GRAPH
    assert cached_graph([source], "name", refuse) == GRAPH
    assert len(list(folder.iterdir())) == 1


@pytest.mark.usefixtures("folder")
def test_other_weights_or_another_name_are_another_graph(source: Path) -> None:
    cached_graph([source], "name", lambda: GRAPH)
    assert cached_graph([source], "other", lambda: b"second") == b"second"
    source.write_bytes(b"other weights")
    assert cached_graph([source], "name", lambda: b"third") == b"third"


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 8000])
def test_a_damaged_graph_is_made_again(damage: bytes, folder: Path, source: Path) -> None:
    cached_graph([source], "name", lambda: GRAPH)
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    assert cached_graph([source], "name", lambda: GRAPH) == GRAPH
    assert cached_graph([source], "name", refuse) == GRAPH


def test_a_changed_byte_is_noticed(folder: Path, source: Path) -> None:
    cached_graph([source], "name", lambda: GRAPH)
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    assert cached_graph([source], "name", lambda: GRAPH) == GRAPH


def test_processes_that_make_it_at_once_do_not_disturb_each_other(tmp_path: Path, source: Path) -> None:
    program = f"""
import sys, time
from pathlib import Path
from models.inference.graph_cache import cached_graph
def make():
    time.sleep(0.3)
    return bytes(range(256)) * 4000
assert cached_graph([Path({str(source)!r})], "name", make) == bytes(range(256)) * 4000
"""
    environment = {"XDG_CACHE_HOME": str(tmp_path / "shared"), "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert len(list((tmp_path / "shared/chiptune-bot/graphs").iterdir())) == 1
