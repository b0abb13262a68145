"""Exports over the API: made once by the generator, followed, cancelled, limited, and removed with their song."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.files.song_files import EXPORT
from bot.requests.exports import PERSON_LIMIT
from generator.exporting.formats import EXPORTERS
from generator.protocol.exports import EXPORT_FORMATS, MOST_FILM_SECONDS
from tests.bot.conftest import Channel, is_a_sentence


async def until(channel: Channel, path: str, *statuses: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            _, state = await channel.get(path)
            if state["status"] in statuses:
                return dict(state)
            await asyncio.sleep(0.05)


async def test_an_export_is_made_once_and_named_as_its_tune(channel: Channel) -> None:
    song = await channel.song(seed=42, sound="apu")
    path = f"/api/songs/{song['id']}/export/famitracker"
    assert (await channel.get(path))[1]["status"] == "none"
    assert (await channel.post(path))[0] == 202
    state = await until(channel, path, "done", "failed")
    async with channel.http.get(channel.url + state["file"]) as response:
        assert (response.status, response.content_type) == (200, "text/plain")
        assert response.headers["Content-Disposition"].endswith("filename*=UTF-8''Tune 42.txt")
        assert (await response.text()).startswith("famitracker of 26 bytes, apu")
    status, again = await channel.post(path)
    assert (status, again["status"], again["progress"]) == (200, "done", 1.0)


async def test_an_export_waits_its_turn_and_can_be_cancelled(gate: Path, channel: Channel) -> None:
    song = await channel.song(seed=42)
    path = f"/api/songs/{song['id']}/export/nsf"
    await channel.post(path)
    await until(channel, path, "working")
    other = f"/api/songs/{song['id']}/export/musicxml"
    assert (await channel.post(other))[1]["status"] == "queued"
    state = (await channel.post(f"{path}/cancel"))[1]
    assert (state["status"], is_a_sentence(state["error"])) == ("failed", True)
    assert (await until(channel, other, "done"))["status"] == "done"
    gate.touch()
    assert (await channel.post(path))[0] == 202
    assert (await until(channel, path, "done", "failed"))["status"] == "done"


async def test_a_failed_export_says_why_and_nothing_else_fails(channel: Channel) -> None:
    song = await channel.song(seed=42)
    for name in ("vgm", "abc"):
        path = f"/api/songs/{song['id']}/export/{name}"
        await channel.post(path)
        state = await until(channel, path, "failed")
        assert is_a_sentence(state["error"])
    assert (await channel.song(seed=43))["title"] == "Tune 43"


@pytest.fixture
async def _open_gate_at_the_end(gate: Path) -> AsyncIterator[None]:
    yield
    gate.touch()


@pytest.mark.usefixtures("_open_gate_at_the_end")
async def test_a_person_has_a_few_exports_under_way(channel: Channel) -> None:
    song = await channel.song(seed=42)
    names = ["nsf", "wav", "mp3", "ogg"]
    answers = [await channel.post(f"/api/songs/{song['id']}/export/{name}") for name in names]
    assert [status for status, _ in answers] == [*[202] * PERSON_LIMIT, 429]
    assert is_a_sentence(answers[-1][1]["error"])
    assert (await channel.post(f"/api/songs/{song['id']}/export/wav"))[0] == 202  # it is under way already


async def test_what_cannot_be_exported_is_refused(channel: Channel) -> None:
    song = await channel.song(seed=42)
    await channel.store.database.change("UPDATE songs SET seconds = :seconds", seconds=MOST_FILM_SECONDS + 1)
    assert (await channel.post(f"/api/songs/{song['id']}/export/mp4"))[0] == 400
    assert (await channel.post(f"/api/songs/{song['id']}/export/exe"))[0] == 400
    assert (await channel.post(f"/api/songs/{'0' * 32}/export/nsf"))[0] == 404
    assert (await channel.get(f"/api/songs/{song['id']}/export/wav/file"))[0] == 404


async def test_exports_go_with_their_song_and_after_a_week(channel: Channel) -> None:
    song = await channel.song(seed=42)
    paths = []
    for name in ("wav", "mp3"):
        path = f"/api/songs/{song['id']}/export/{name}"
        await channel.post(path)
        await until(channel, path, "done")
        kept = await channel.files.export_path(song["id"], name)
        assert kept
        paths.append(kept)
    made = paths[0].stat().st_mtime
    assert await channel.files.forget_old(EXPORT, made - 1) == 0
    assert await channel.files.forget_old(EXPORT, paths[1].stat().st_mtime + 1) == 2
    assert not any(path.exists() for path in paths)
    path = f"/api/songs/{song['id']}/export/wav"
    await channel.post(path)
    await until(channel, path, "done")
    await channel.files.delete(song["id"])
    assert not paths[0].exists()


async def test_the_page_offers_every_format_that_the_generator_writes(channel: Channel) -> None:
    _, forms = await channel.get("/api/exports")
    assert {form["name"] for form in forms} == set(EXPORT_FORMATS) == set(EXPORTERS)
    for name, form in EXPORT_FORMATS.items():
        exporter = EXPORTERS[name]
        assert form.sounds == exporter.sounds
        assert form.suffix in exporter.suffixes or (form.suffix == ".zip" and not exporter.suffixes)
