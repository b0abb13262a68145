"""Backup and restore of a real data folder, by the commands that people run."""

import asyncio
import gzip
import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.files.backup import _locked, write_backup
from bot.files.data_folder import DATABASE, sole_owner
from bot.files.restore import MOVING, REPLACING, RESTORING, _stage, finish_restore, restore
from bot.files.song_files import Files
from bot.main import main
from bot.scope import Scope
from bot.store import Store
from bot.store.database.migrations import Migration, all_migrations
from generator.protocol.errors import FaultError, InputError
from generator.protocol.uploads import digest
from tests.bot.kept import ask, content, digests, make, new_entry, on_disk

UPLOAD = b"MThd an upload"
Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Every file of a folder but the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


async def fill(folder: Path, *seeds: int) -> None:
    folder.mkdir(exist_ok=True)
    async with Store.open(folder / DATABASE) as store:
        for seed in seeds:
            await make(store, Files(store, folder), seed, upload=UPLOAD)


async def titles(folder: Path) -> list[str]:
    """The songs of a folder, each with all its files and the right bytes."""
    async with Store.open(folder / DATABASE) as store:
        songs = await store.songs.history(Scope("7"))
        for song in songs:
            for name, path in (await Files(store, folder).paths(song.id)).items():
                assert path.read_bytes() == content(song.seed, name)
    return [song.title for song in songs]


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder and its backup, to be copied."""
    folder = tmp_path_factory.mktemp("master")
    asyncio.run(fill(folder / "var", 1, 2))
    write_backup(folder / "var", folder / "backup.tar.gz")
    return folder


@pytest.fixture
def data(master: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(master / "var", tmp_path / "var"))


@pytest.fixture
def backup(master: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(master / "backup.tar.gz", tmp_path))


async def test_what_was_backed_up_comes_back(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHIPTUNE_DATA_DIR", str(data))
    file, new = tmp_path / "backup.tar.gz", tmp_path / "new"
    assert await asyncio.to_thread(main, ["backup", str(file)]) == 0
    assert "the database and 7 files" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    assert await asyncio.to_thread(main, ["restore", str(file), "--data", str(new)]) == 0
    assert "the database and 7 files" in capsys.readouterr().out
    assert await titles(new) == ["Tune 2", "Tune 1"]
    assert on_disk(new) == {*digests(1, 2), digest(UPLOAD)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar.gz", "new", "var"]


async def test_a_bot_at_work_is_backed_up_as_it_is_at_one_moment(data: Path, tmp_path: Path) -> None:
    async with Store.open(data / DATABASE) as store:
        files = Files(store, data)
        backing = asyncio.create_task(asyncio.to_thread(write_backup, data, tmp_path / "backup.tar.gz"))
        seed = 3
        while not backing.done() or seed < 10:
            await make(store, files, seed)
            seed += 1
        await backing
    restore(tmp_path / "backup.tar.gz", tmp_path / "new")
    found = await titles(tmp_path / "new")
    assert found[-2:] == ["Tune 2", "Tune 1"]
    assert found == [f"Tune {number}" for number in range(len(found), 0, -1)]


async def test_a_lost_or_damaged_file_is_told_and_costs_nothing_else(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, damaged = [data / "files" / sha256[:2] / sha256 for sha256 in sorted(digests(1))[:2]]
    lost.unlink()
    damaged.write_bytes(b"other")
    file = tmp_path / "backup.tar.gz"
    assert await asyncio.to_thread(main, ["backup", str(file), "--data", str(data)]) == 0
    assert "2 files that the database names were already missing or damaged" in capsys.readouterr().out
    assert restore(file, tmp_path / "new").files == 5


@pytest.mark.parametrize("what", ["no data", "in the way", "no folder", "old folders", "old schema"])
async def test_a_backup_that_cannot_be_is_one_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    file = tmp_path / "backup.tar.gz"
    match what:
        case "no data":
            (data / DATABASE).unlink()
        case "in the way":
            file.write_text("precious")
        case "no folder":
            file = tmp_path / "nowhere" / "backup.tar.gz"
        case "old folders":
            (data / "songs").mkdir()
        case "old schema":
            async with Store.open(data / DATABASE) as store:
                await store.database.change("DELETE FROM migrations WHERE number = 3")
    assert await asyncio.to_thread(main, ["backup", str(file), "--data", str(data)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not file.exists() or file.read_text() == "precious"


# Restoring refuses


async def test_a_folder_that_is_in_use_is_refused_also_by_force(backup: Path, data: Path) -> None:
    before = tree(data)
    with sole_owner(data), pytest.raises(InputError, match="stop it first"):
        restore(backup, data, force=True)
    assert tree(data) == before


async def test_a_folder_that_is_not_empty_needs_force(backup: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    await fill(other, 5)
    before = tree(other)
    with pytest.raises(InputError, match="not empty"):
        restore(backup, other)
    assert tree(other) == before
    restore(backup, other, force=True)
    assert await titles(other) == ["Tune 2", "Tune 1"]
    assert on_disk(other) == {*digests(1, 2), digest(UPLOAD)}


Members = list[tuple[tarfile.TarInfo, bytes]]


def other_bytes(members: Members) -> None:
    entry, data = members[-1]
    members[-1] = (entry, data[:-1] + b"?")


def member_missing(members: Members) -> None:
    members.pop()


def manifest_last(members: Members) -> None:
    members.append(members.pop(0))


def way_out(members: Members) -> None:
    change_manifest(members, lambda manifest: manifest["members"].update({"../evil": {"sha256": "0" * 64, "bytes": 0}}))
    members.append((tarfile.TarInfo("../evil"), b""))


def link(members: Members) -> None:
    entry, _ = members[-1]
    entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0
    members[-1] = (entry, b"")


def not_named(members: Members) -> None:
    members.append((tarfile.TarInfo("files/00/extra"), b""))


def other_format(members: Members) -> None:
    change_manifest(members, lambda manifest: manifest.update(format=2))


def no_json(members: Members) -> None:
    replace(members, 0, b"{")


def no_members(members: Members) -> None:
    replace(members, 0, b"[]")


def no_database(members: Members) -> None:
    def forge(manifest: dict[str, Any]) -> None:
        manifest["members"][DATABASE] = {"sha256": digest(b"x" * 5000), "bytes": 5000}

    change_manifest(members, forge)
    replace(members, 1, b"x" * 5000)


def deep(members: Members) -> None:
    """A manifest that is nested too deeply."""
    replace(members, 0, b"[" * 200_000)


def huge(members: Members) -> None:
    """A manifest that promises more than any disk holds."""
    change_manifest(members, lambda manifest: manifest["members"][DATABASE].update(bytes=1 << 60))


def negative(members: Members) -> None:
    """A size below zero."""
    change_manifest(members, lambda manifest: manifest["members"][DATABASE].update(bytes=-1))


def change_manifest(members: Members, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads(members[0][1])
    change(manifest)
    replace(members, 0, json.dumps(manifest).encode())


def replace(members: Members, number: int, data: bytes) -> None:
    entry, _ = members[number]
    entry.size = len(data)
    members[number] = (entry, data)


def rewrite(file: Path, change: Callable[[Members], None]) -> None:
    """Change an archive's members."""
    with tarfile.open(file) as archive:
        members = [(entry, (archive.extractfile(entry) or io.BytesIO()).read()) for entry in archive]
    change(members)
    with tarfile.open(file, "w:gz") as archive:
        for entry, data in members:
            archive.addfile(entry, io.BytesIO(data))


@pytest.mark.parametrize(
    "change",
    [
        other_bytes,
        member_missing,
        manifest_last,
        way_out,
        link,
        not_named,
        other_format,
        no_json,
        no_members,
        no_database,
        deep,
        negative,
    ],
)
async def test_a_damaged_backup_changes_nothing(backup: Path, data: Path, change: Callable[[Members], None]) -> None:
    rewrite(backup, change)
    before = tree(data)
    with pytest.raises(InputError, match="is no backup, or is damaged"):
        restore(backup, data, force=True)
    assert tree(data) == before


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "gzip", "flipped"])
async def test_what_is_no_archive_changes_nothing(
    backup: Path, data: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    whole = backup.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    made = {"empty": b"", "text": b"no", "cut": whole[: len(whole) // 2], "gzip": gzip.compress(b"no")}
    backup.write_bytes(made.get(kind, bytes(flipped)))
    before = tree(data)
    assert await asyncio.to_thread(main, ["restore", str(backup), "--data", str(data), "--force"]) == 2
    said = capsys.readouterr().err
    assert "is no backup, or is damaged" in said
    assert said.count("\n") == 1
    assert tree(data) == before


async def test_a_missing_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, ["restore", str(tmp_path / "none"), "--data", str(tmp_path / "var")]) == 2
    assert capsys.readouterr().err == f"There is no file {tmp_path / 'none'}.\n"


async def test_a_backup_of_a_newer_program_is_refused(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Migration] = all_migrations()[:-1]
    monkeypatch.setattr("bot.files.restore.all_migrations", lambda: steps)
    with pytest.raises(InputError, match="newer version"):
        restore(backup, tmp_path / "new")


# A crash on the way


async def test_a_crash_before_everything_is_there_leaves_the_old_data(backup: Path, data: Path, tmp_path: Path) -> None:
    await fill(data, 3)
    before = tree(data)
    (data / RESTORING / "files").mkdir(parents=True)
    (data / RESTORING / DATABASE).write_bytes(b"half of it")
    finish_restore(data)
    assert tree(data) == before


@pytest.mark.parametrize("moved", [None, 0, 1, 2])
async def test_a_crash_after_that_is_finished_at_the_next_start(backup: Path, data: Path, moved: int | None) -> None:
    await fill(data, 3)
    _stage(backup, data)
    assert (data / REPLACING / DATABASE).is_file()
    shutil.rmtree(data / "files")  # what the crash had got to
    if moved is not None:
        shutil.rmtree(data / "jobs")
        (data / DATABASE).unlink()
        (data / REPLACING).rename(data / MOVING)
        for path in sorted((data / MOVING).iterdir())[:moved]:
            path.rename(data / path.name)
    finish_restore(data)
    assert await titles(data) == ["Tune 2", "Tune 1"]
    assert {path.name for path in data.iterdir()} - {"lock"} == {DATABASE, "files"}


async def test_a_restored_bot_goes_on(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "new")
    async with Store.open(tmp_path / "new" / DATABASE) as store:
        files = Files(store, tmp_path / "new")
        await make(store, files, 3)
        await ask(store, files, new_entry(4, upload=UPLOAD))
        assert len(await store.songs.history(Scope("7"))) == 3


def damage(data: Path) -> None:
    """Overwrite a page in the middle of the database, as a dying disk does."""
    with closing(sqlite3.connect(data / DATABASE)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [page] = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'requests_by_person'").fetchone()
        [size] = database.execute("PRAGMA page_size").fetchone()
    with (data / DATABASE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


async def test_a_damaged_database_is_neither_backed_up_nor_opened(data: Path, tmp_path: Path) -> None:
    damage(data)
    with pytest.raises(FaultError, match=r"damaged|cannot be read"):
        write_backup(data, tmp_path / "new.tar.gz")
    assert not list(tmp_path.glob("new*"))
    with pytest.raises((FaultError, sqlite3.DatabaseError)):
        async with Store.open(data / DATABASE):
            pytest.fail("a damaged database was opened")


def test_what_killed_backups_left_is_removed_and_a_running_one_is_left_alone(data: Path, tmp_path: Path) -> None:
    stale, running = tmp_path / ".backup-stale", tmp_path / ".backup-running"
    for folder in (stale, running):
        folder.mkdir()
        (folder / DATABASE).touch()
    with _locked(running):
        write_backup(data, tmp_path / "new.tar.gz")
    assert not stale.exists()
    assert running.exists()


def test_a_backup_larger_than_the_disk_is_refused_before_anything_is_written(
    backup: Path, data: Path, tmp_path: Path
) -> None:
    before = tree(data)
    rewrite(backup, huge)
    with pytest.raises(FaultError, match="MB are free"):
        restore(backup, data, force=True)
    assert tree(data) == before
