"""Songs that are deleted, and songs that are reported."""

from pathlib import Path

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.scope import Scope
from bot.store import Report, Store
from bot.store.reports import REASON_LENGTH
from generator.protocol.errors import InputError
from tests.bot.kept import ask, digests, make, new_entry, on_disk, song_of, write_job


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


async def rows(store: Store, table: str) -> int:
    return int((await store.database.fetch(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608


async def test_a_deleted_song_leaves_nothing(store: Store, files: Files, tmp_path: Path) -> None:
    song, other = await make(store, files, 1), await make(store, files, 2)
    await store.votes.cast(song.id, "2", 1)
    await store.reports.add(song.id, "2", "Too loud.")
    assert await store.messages.add(song.id, "9", "again", "2")
    await files.delete(song.id)
    assert not await store.messages.add(song.id, "9", "once more", "2")
    assert await rows(store, "messages") == 0
    assert await store.songs.get(song.id, or_deleted=True) is None
    assert await store.requests.get(song.id) is None
    assert [await rows(store, table) for table in ("songs", "requests", "votes", "reports")] == [1, 1, 0, 0]
    assert on_disk(tmp_path) == digests(2)
    assert await store.songs.history(Scope("7")) == [other]
    await files.delete(song.id)


async def test_what_comes_of_a_closed_song_is_listed_no_further_but_in_another_place_as_usual(
    store: Store, files: Files
) -> None:
    parent = await make(store, files, 1, only_in="31")
    here = new_entry(2, parent=parent.id)
    elsewhere = new_entry(3, parent=parent.id, scope="channel:5")
    for entry in (here, elsewhere):
        await ask(store, files, entry)
    kept = [await store.requests.get(entry.id) for entry in (here, elsewhere)]
    assert [entry and entry.only_in for entry in kept] == ["31", None]


async def test_a_deleted_parent_can_still_be_read_as_deleted(store: Store, files: Files, tmp_path: Path) -> None:
    parent = await make(store, files, 1, upload=b"MThd upload")
    child = await make(store, files, 2, parent=parent.id)
    await store.votes.cast(parent.id, "2", 1)
    await store.messages.add(parent.id, "9", "again", "2")
    await files.delete(parent.id)
    assert await rows(store, "messages") == 0
    assert await store.songs.get(parent.id) is None
    assert await store.requests.get(parent.id) is None
    assert await store.songs.history(Scope("7")) == [child]
    left = await store.songs.get(parent.id, or_deleted=True)
    assert left
    assert (left.title, left.user_id, left.message_id, left.votes) == ("deleted", None, None, 0)
    assert left.deleted
    assert on_disk(tmp_path) == digests(2)
    with pytest.raises(InputError, match="no longer"):
        await store.reports.add(parent.id, "2", "Too loud.")


async def test_an_empty_row_goes_with_the_last_that_names_it(store: Store, files: Files) -> None:
    parent = await make(store, files, 1)
    child = await make(store, files, 2, parent=parent.id)
    await files.delete(parent.id)
    assert await store.songs.forget_deleted() == 0
    await files.delete(child.id)
    assert await store.songs.forget_deleted() == 1
    assert await rows(store, "requests") == 0


async def test_a_song_whose_parent_goes_while_it_is_composed_has_none(store: Store, files: Files) -> None:
    parent = await make(store, files, 1, user_id="1")
    entry = await ask(store, files, new_entry(2, user_id="2", parent=parent.id))
    taken = await store.queue.take()
    await store.people.erase("1")
    assert taken
    assert taken.parent == parent.id
    await write_job(files, entry)
    assert await files.compose(song_of(taken))
    song = await store.songs.get(entry.id)
    assert song
    assert song.parent is None
    late = await ask(store, files, new_entry(3, parent=parent.id))
    kept = await store.requests.get(late.id)
    assert kept
    assert kept.parent is None


# Reports


async def test_a_person_reports_a_song_once(store: Store, files: Files) -> None:
    song = await make(store, files, 1)
    assert await store.reports.add(song.id, "2", " Too\nloud. ")
    assert not await store.reports.add(song.id, "2", "Much too loud.")
    assert await store.reports.add(song.id, "3", "Stolen.")
    waiting = await store.reports.waiting(Scope("7"))
    assert [(report.reporter, report.reason) for report in waiting] == [("2", "Too loud."), ("3", "Stolen.")]
    assert all(isinstance(report, Report) and report.song == song.id for report in waiting)
    assert await store.reports.waiting(Scope("8")) == []


async def test_a_handled_report_waits_no_longer_and_stays_the_only_one(store: Store, files: Files) -> None:
    song = await make(store, files, 1)
    await store.reports.add(song.id, "2", "Too loud.")
    assert await store.reports.handle(song.id) == 1
    assert await store.reports.waiting(Scope("7")) == []
    assert not await store.reports.add(song.id, "2", "Too loud.")
    assert await store.reports.handle(song.id) == 0


@pytest.mark.parametrize("reason", ["", " \n", "x" * (REASON_LENGTH + 1)], ids=["empty", "blank", "long"])
async def test_a_report_needs_a_reason(store: Store, files: Files, reason: str) -> None:
    song = await make(store, files, 1)
    with pytest.raises(InputError, match="why you report"):
        await store.reports.add(song.id, "2", reason)
