"""Songs with real files in a real data folder, for the tests of what is kept."""

import uuid
from pathlib import Path
from typing import Any

from bot.files.song_files import Files
from bot.scope import Scope
from bot.store import RequestRecord, Song, Store
from generator.protocol.requests import Request
from generator.protocol.uploads import digest

FILES = ("tune.mid", "tune.ogg", "tune.png")


def content(seed: int, name: str) -> bytes:
    """What a song's file holds: other bytes for every seed and name, and no text that is found elsewhere."""
    return f"MThd {seed} {name} ".encode() * 20


def new_entry(seed: int = 0, *, upload: bytes | None = None, **fields: Any) -> RequestRecord:
    values = {"origin": "discord", "scope": Scope("7"), "user_id": "1", **fields}
    mode = {"mode": "arrange", "upload": digest(upload)} if upload else {}
    return RequestRecord(id=uuid.uuid4().hex, request=Request(seed=seed, **mode), **values)  # type: ignore[arg-type]


def song_of(entry: RequestRecord, **fields: Any) -> Song:
    seed = entry.request.seed
    values = {
        "title": f"Tune {seed}",
        "digest": digest(content(seed, "tune.mid")),
        "midi": "tune.mid",
        "audio": "tune.ogg",
        "picture": "tune.png",
        "seconds": 30.0,
        "bpm": 120.0,
        "key": "C",
        "scene": None,
        "seed": seed,
        "model": "nes",
        "engine": "fake 1",
        "parent": entry.parent,
        "scope": entry.scope,
        "user_id": entry.user_id,
        "only_in": entry.only_in,
    }
    return Song(id=entry.id, **{**values, **fields})


async def ask(store: Store, files: Files, entry: RequestRecord, upload: bytes | None = None) -> RequestRecord:
    """Write a request with its upload, as the backlog does."""
    async with files.keeping_upload(entry.request.upload, upload):
        await store.requests.add(entry)
    return entry


async def write_job(files: Files, entry: RequestRecord) -> Path:
    """What the generator leaves of a job."""
    folder = await files.job_folder(entry.id)
    for name in FILES:
        (folder / name).write_bytes(content(entry.request.seed, name))
    return folder


async def make(store: Store, files: Files, seed: int = 0, *, upload: bytes | None = None, **fields: Any) -> Song:
    """A song from request to post."""
    entry = await ask(store, files, new_entry(seed, upload=upload, **fields), upload)
    await write_job(files, entry)
    assert await files.compose(song_of(entry))
    await files.forget_job(entry.id)
    await store.requests.posted(entry.id, f"message {seed}")
    song = await store.songs.get(entry.id)
    assert song
    return song


def on_disk(folder: Path) -> set[str]:
    """The files that are kept, by their digests."""
    return {path.name for path in (folder / "files").glob("??/*")}


def digests(*seeds: int) -> set[str]:
    """Those of these songs' files."""
    return {digest(content(seed, name)) for seed in seeds for name in FILES}
