"""What many tests need: the fake generator's command, a store, a song.

Nobody's own settings reach a test: the environment's are taken away and the data folder is a new one each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store import RequestRecord, Song, Store

# Networks as small as the tests' gain nothing from threads, and lose much where several wait for one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parent.parent
FAKE_GENERATOR = (sys.executable, "-m", "tests.fake_generator")
"""The command of a stand-in generator; run it in `ROOT`. See tests/fake_generator.py for what the seed chooses."""


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [name for name in os.environ if name.startswith("CHIPTUNE_")]
    for name in ("DISCORD_TOKEN", *ours):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session", autouse=True)
def _graphs_of_ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the graphs of tiny networks out of the user's cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.inference.graph_cache.cache_folder", lambda: folder)
        yield


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shut: `gate.touch()` lets go of what the fake generator holds (see its seed HELD)."""
    file = tmp_path / "gate"
    monkeypatch.setenv("FAKE_GENERATOR_GATE", str(file))
    return file


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(tmp_path / "chiptune.sqlite3") as opened:
        yield opened


@pytest.fixture
def make_song() -> Callable[[RequestRecord], Song]:
    def make(entry: RequestRecord) -> Song:
        return Song(
            id=entry.id,
            title="Tune",
            digest="0" * 64,
            midi="tune.mid",
            audio="tune.ogg",
            picture="tune.png",
            seconds=30.0,
            bpm=120.0,
            key="C",
            scene=entry.request.scene,
            seed=entry.request.seed,
            model="nes",
            engine="fake 1",
            scope=entry.scope,
            timings={"compose": 1.5},
        )

    return make
