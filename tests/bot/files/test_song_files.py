"""Files by their content: kept whole, found by what the rows say, and removed when none names them."""

import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.blobs import Blobs
from bot.files.song_files import UNNAMED_SECONDS, Files
from bot.scope import Scope
from bot.store import Store
from generator.protocol.errors import InputError
from generator.protocol.uploads import digest
from tests.bot.kept import FILES, ask, content, digests, make, new_entry, on_disk, song_of, write_job

UPLOAD = b"MThd an upload"
LATER = UNNAMED_SECONDS + 60


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


async def test_a_songs_files_are_found_by_name(store: Store, files: Files, tmp_path: Path) -> None:
    song = await make(store, files, 1)
    paths = await files.paths(song.id)
    assert {name: path.read_bytes() for name, path in paths.items()} == {name: content(1, name) for name in FILES}
    assert all(path == tmp_path / "files" / path.name[:2] / path.name for path in paths.values())
    assert await files.path(song.id, "tune.ogg") == paths["tune.ogg"]
    assert await files.path(song.id, "../lock") is None
    assert await files.midi_of(song) == content(1, "tune.mid")
    assert not (tmp_path / "jobs" / song.id).exists()


async def test_the_same_bytes_are_kept_once_until_the_last_song_goes(
    store: Store, files: Files, tmp_path: Path
) -> None:
    one, two = await make(store, files, 1), await make(store, files, 1)
    assert on_disk(tmp_path) == digests(1)
    await files.delete(one.id)
    assert on_disk(tmp_path) == digests(1)
    await files.delete(two.id)
    assert on_disk(tmp_path) == set()


async def test_missing_files_are_said_to_be(store: Store, files: Files) -> None:
    song = await make(store, files, 1)
    (await files.paths(song.id))["tune.mid"].unlink()
    with pytest.raises(InputError, match="no longer here"):
        await files.midi_of(song)
    assert await files.path(song.id, "tune.mid") is None
    assert set(await files.paths(song.id)) == {"tune.ogg", "tune.png"}
    await store.database.change("DELETE FROM files")
    assert await files.paths(song.id) == {}


async def test_every_file_of_a_job_is_kept(store: Store, files: Files) -> None:
    entry = await ask(store, files, new_entry(1))
    folder = await write_job(files, entry)
    (folder / "tune.mp4").write_bytes(b"a film")
    (folder / "tune.nsf").symlink_to(folder / "tune.mp4")
    (folder / "parts").mkdir()
    assert await files.compose(song_of(entry))
    paths = await files.paths(entry.id)
    assert set(paths) == {*FILES, "tune.mp4"}
    assert paths["tune.mp4"].read_bytes() == b"a film"


async def test_a_song_is_written_with_all_its_files_or_not(store: Store, files: Files, tmp_path: Path) -> None:
    entry = await ask(store, files, new_entry(1))
    folder = await write_job(files, entry)
    (folder / "tune.png").unlink()
    with pytest.raises(FileNotFoundError):
        await files.compose(song_of(entry))
    assert await store.songs.get(entry.id) is None
    assert await files.collect(time.time() + LATER) == 2
    assert on_disk(tmp_path) == set()


async def test_a_song_whose_request_was_removed_leaves_no_file(store: Store, files: Files, tmp_path: Path) -> None:
    entry = await ask(store, files, new_entry(1))
    await write_job(files, entry)
    await store.people.erase("1")
    assert not await files.compose(song_of(entry))
    assert on_disk(tmp_path) == set()


async def test_a_crash_before_the_row_leaves_the_job_to_be_done_again(
    store: Store, files: Files, tmp_path: Path
) -> None:
    entry = await ask(store, files, new_entry(1))
    folder = await write_job(files, entry)
    with Blobs(tmp_path / "files").holding() as hold:
        for name in FILES:
            hold.adopt(folder / name)
    again = Files(store, tmp_path)
    await write_job(again, entry)
    assert await again.compose(song_of(entry))
    await again.collect(time.time() + LATER)
    assert on_disk(tmp_path) == digests(1)


# What is removed


async def test_what_no_row_names_goes_after_an_hour(store: Store, files: Files, tmp_path: Path) -> None:
    await make(store, files, 1, upload=UPLOAD)
    lost = digest(b"lost")
    with Blobs(tmp_path / "files").holding() as hold:
        hold.keep(b"lost")
    part = tmp_path / "files" / "abc.part"
    part.touch()
    assert await files.collect(time.time()) == 0
    assert lost in on_disk(tmp_path)
    assert await files.collect(time.time() + LATER) == 1
    assert on_disk(tmp_path) == {*digests(1), digest(UPLOAD)}
    assert not part.exists()


async def test_a_job_in_progress_keeps_its_files(store: Store, files: Files, tmp_path: Path) -> None:
    queued = await ask(store, files, new_entry(1, upload=UPLOAD), UPLOAD)
    done = await make(store, files, 2)
    for request in (queued.id, done.id, "f" * 32):
        (await files.job_folder(request) / "tune.mid").write_bytes(UPLOAD)
    await files.collect(time.time() + LATER)
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [queued.id]
    assert digest(UPLOAD) in on_disk(tmp_path)


async def test_a_file_that_is_held_is_never_removed(store: Store, files: Files, tmp_path: Path) -> None:
    entry = new_entry(1, upload=UPLOAD)
    async with files.keeping_upload(entry.request.upload, UPLOAD):
        os.utime(files.path_of(digest(UPLOAD)), (0, 0))
        assert await files.collect(time.time() + LATER) == 0
        assert await files.remove_unnamed([digest(UPLOAD)]) == 0
        await store.requests.add(entry)
    assert await files.collect(time.time() + LATER) == 0
    assert on_disk(tmp_path) == {digest(UPLOAD)}


async def test_the_same_upload_kept_and_removed_at_once_is_there_for_whoever_has_a_row(
    store: Store, files: Files
) -> None:
    async def come_and_go(number: int) -> None:
        user = str(number)
        await ask(store, files, new_entry(number, upload=UPLOAD, user_id=user), UPLOAD)
        await files.remove_unnamed([digest(UPLOAD)])
        assert files.path_of(digest(UPLOAD)).is_file()
        await files.remove_unnamed(await store.people.erase(user))

    await asyncio.gather(*(come_and_go(number) for number in range(20)))
    assert not files.path_of(digest(UPLOAD)).exists()


# Folders of earlier versions


def to_old_form(folder: Path, songs: dict[str, dict[str, Path]], upload: str) -> None:
    """Put a data folder back to what earlier versions left."""
    for song, paths in songs.items():
        (folder / "songs" / song).mkdir(parents=True)
        for name, path in paths.items():
            shutil.copy(path, folder / "songs" / song / name)
    (folder / "uploads").mkdir()
    shutil.copy(folder / "files" / upload[:2] / upload, folder / "uploads" / f"{upload}.mid")
    shutil.rmtree(folder / "files")


async def old_songs(store: Store, files: Files, tmp_path: Path) -> set[str]:
    songs = [await make(store, files, 1, upload=UPLOAD), await make(store, files, 2)]
    to_old_form(tmp_path, {song.id: await files.paths(song.id) for song in songs}, digest(UPLOAD))
    await store.database.change("DELETE FROM files")
    return {*digests(1, 2), digest(UPLOAD)}


async def test_folders_of_earlier_versions_are_taken_over(store: Store, files: Files, tmp_path: Path) -> None:
    expected = await old_songs(store, files, tmp_path)
    (tmp_path / "songs" / ("f" * 32)).mkdir()
    assert await files.adopt_old() == 2
    assert on_disk(tmp_path) == expected
    for song in await store.songs.history(Scope("7")):
        assert {path.name for path in (await files.paths(song.id)).values()} <= expected
    assert not (tmp_path / "songs").exists()
    assert not (tmp_path / "uploads").exists()
    assert await files.collect(time.time() + LATER) == 0
    assert await files.adopt_old() == 0


async def test_taking_over_goes_on_where_it_was_stopped(store: Store, files: Files, tmp_path: Path) -> None:
    expected = await old_songs(store, files, tmp_path)
    before = tmp_path.parent / f"{tmp_path.name}-before"
    shutil.copytree(tmp_path / "songs", before)
    await files.adopt_old()
    shutil.copytree(before, tmp_path / "songs")  # as if it had stopped before any folder was removed
    await files.adopt_old()
    await files.collect(time.time() + LATER)
    assert on_disk(tmp_path) == expected


async def test_a_song_of_old_that_lost_a_file_keeps_the_others(
    store: Store, files: Files, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await old_songs(store, files, tmp_path)
    song = (await store.songs.history(Scope("7")))[0]
    (tmp_path / "songs" / song.id / "tune.ogg").unlink()
    await files.adopt_old()
    assert await files.path(song.id, "tune.mid")
    assert await files.path(song.id, "tune.ogg") is None
    assert "tune.ogg was missing already" in caplog.text
