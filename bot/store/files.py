"""The files that rows name. The files themselves are in the care of `bot.files.song_files`."""

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
        """Return a song's files by name."""
        rows = await self._db.fetch("SELECT name, sha256, bytes FROM files WHERE song = ?", (song_id,))
        return {row["name"]: KeptFile(**dict(row)) for row in rows}

    async def add(self, song_id: str, files: Iterable[KeptFile]) -> None:
        """Save the files of a song that an earlier version made."""
        async with self._db.transaction():
            for file in files:
                await self._db.execute(
                    "INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (song_id, file.name, file.sha256, file.bytes),
                )

    async def with_prefix(self, prefix: str) -> list[tuple[str, KeptFile]]:
        """Return all songs' files whose names begin with a prefix, each with the song's id."""
        rows = await self._db.fetch(
            "SELECT song, name, sha256, bytes FROM files WHERE substr(name, 1, length(?1)) = ?1", (prefix,)
        )
        return [(row["song"], KeptFile(row["name"], row["sha256"], row["bytes"])) for row in rows]

    async def forget(self, song_id: str, name: str) -> None:
        """Forget that a song has a file of a name."""
        async with self._db.transaction():
            await self._db.execute("DELETE FROM files WHERE song = ? AND name = ?", (song_id, name))

    async def named(self) -> set[str]:
        """Return the SHA-256 of every file that a row names."""
        return {row["sha256"] for row in await self._db.fetch(NAMED)}

    async def named_among(self, digests: Iterable[str]) -> set[str]:
        """Return which of some SHA-256 a row names. Only for use inside a transaction."""
        rows = await self._db.rows(
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM files WHERE sha256 = value)"
            " OR EXISTS (SELECT 1 FROM uploads WHERE sha256 = value)",
            (json.dumps(list(digests)),),
        )
        return {row["value"] for row in rows}
