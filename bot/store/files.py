"""Which files the rows name. The files themselves are `bot.files.song_files`'s."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bot.store.database.connections import Database
from bot.store.database.records import KeptFile

NAMED = "SELECT sha256 FROM files UNION SELECT sha256 FROM uploads"


class FileNames:
    """The tables `files` (of songs) and `uploads` (of requests)."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, song_id: str) -> dict[str, KeptFile]:
        """A song's files by name."""
        rows = await self._db.fetch("SELECT name, sha256, bytes FROM files WHERE song = ?", (song_id,))
        return {row["name"]: KeptFile(**dict(row)) for row in rows}

    async def add(self, song_id: str, files: Iterable[KeptFile]) -> None:
        """Name files of a song that has none, as songs of old do."""
        async with self._db.transaction():
            for file in files:
                await self._db.execute(
                    "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (song_id, file.name, file.sha256, file.bytes),
                )

    async def named(self) -> set[str]:
        """The SHA-256 of every file that a row names."""
        return {row["sha256"] for row in await self._db.fetch(NAMED)}

    async def named_among(self, digests: Iterable[str]) -> set[str]:
        """The same of some files; inside a transaction."""
        rows = await self._db.rows(
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM files WHERE sha256 = value)"
            " OR EXISTS (SELECT 1 FROM uploads WHERE sha256 = value)",
            (json.dumps(list(digests)),),
        )
        return {row["value"] for row in rows}
