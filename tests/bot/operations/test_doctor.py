"""`chiptune doctor`: says what is wrong on a machine, and what to do."""

import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.files.data_folder import DATABASE, sole_owner
from bot.operations import doctor
from bot.operations.doctor import Finding, Level, examine, report
from bot.settings import Settings
from bot.store import Store
from generator.protocol.client import GeneratorClient
from generator.protocol.errors import InputError
from tests.conftest import FAKE_GENERATOR


@pytest.fixture(autouse=True)
def fake_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the fake generator, which needs no model."""
    monkeypatch.setattr(doctor, "GeneratorClient", lambda **options: GeneratorClient(FAKE_GENERATOR, **options))


async def finding(what: str, settings: Settings) -> Finding:
    return next(each for each in await examine(lambda: settings) if each.what == what)


async def test_a_machine_that_has_everything_is_well(tmp_path: Path) -> None:
    async with Store.open(tmp_path / DATABASE):
        pass
    findings = await examine(lambda: Settings(data_dir=tmp_path, port=0, token="abc.def.ghi"))
    text, code = report(findings)
    assert {each.level for each in findings} == {Level.GOOD}, text
    assert code == 0
    assert text.endswith("Nothing is wrong.")
    assert "abc" not in text


async def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await finding("ffmpeg", Settings(data_dir=tmp_path, port=0))
    assert found.level is Level.WRONG
    assert "apt install ffmpeg" in found.remedy


async def test_bad_settings_are_found() -> None:
    def settings() -> Settings:
        raise InputError("CHIPTUNE_PORT must be a port number.")

    text, code = report(await examine(settings))
    assert code == 1
    assert "CHIPTUNE_PORT" in text


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil", [damage, lambda path: path.write_bytes(b"not a database" * 1000)], ids=["page", "file"]
)
async def test_a_damaged_database_is_found(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title)")
        connection.executemany("INSERT INTO songs VALUES (?)", [("x" * 500,)] * 100)
    connection.close()
    spoil(path)
    found = await finding("database", Settings(data_dir=tmp_path, port=0))
    assert found.level is Level.WRONG
    assert "restore" in found.remedy


async def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert (await finding("disk", Settings(data_dir=tmp_path, port=0))).level is Level.WRONG


async def test_a_port_that_is_taken_is_a_warning(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = await finding("page", Settings(data_dir=tmp_path, port=taken.getsockname()[1]))
    assert found.level is Level.WARNING


async def test_a_running_bot_is_no_fault(tmp_path: Path) -> None:
    with sole_owner(tmp_path):
        found = await finding("data folder", Settings(data_dir=tmp_path, port=0))
    assert found.level is Level.GOOD
    assert "running bot" in found.sentence


async def test_a_generator_that_does_not_start_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "GeneratorClient", lambda **options: GeneratorClient(("/bin/false",), **options))
    assert (await finding("generator", Settings(data_dir=tmp_path, port=0))).level is Level.WRONG


@pytest.mark.parametrize("token", ["abc", "a.b", "a..c"])
async def test_a_token_of_another_form_is_found(tmp_path: Path, token: str) -> None:
    found = await finding("Discord", Settings(data_dir=tmp_path, port=0, token=token))
    assert found.level is Level.WRONG
    assert token not in str(found)
