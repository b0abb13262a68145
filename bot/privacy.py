"""Export and erasure of everything that is stored about a person.

`Store.people` finds the rows. The callers decide who may ask.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from bot.files.song_files import Files
from bot.store import Store


class Privacy:
    """Exports and erases one person's data."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        # Writing zips occupies threads that all other file access needs, too.
        self._one_export = asyncio.Lock()

    async def export_of(self, user_id: str) -> dict[str, Any]:
        """Return everything that is stored about a person, by table, ready for JSON."""
        return await self._store.people.export(user_id)

    async def write_export(self, user_id: str, target: Path, suffixes: Collection[str] | None = None) -> int:
        """Write an export as a zip: `about.json`, `songs/<id>/<name>`, `uploads/<sha256>.mid`. Return its bytes.

        suffixes: only include files with these suffixes, or all if None. One zip is written at a time. Raise OSError
        if it cannot be written.
        """
        about = await self.export_of(user_id)
        wanted = {f"songs/{row['song']}/{row['name']}": row["sha256"] for row in about["files"]}
        wanted |= {f"uploads/{row['sha256']}.mid": row["sha256"] for row in about["uploads"]}
        paths = {
            name: self._files.path_of(sha256)
            for name, sha256 in wanted.items()
            if suffixes is None or Path(name).suffix in suffixes
        }
        async with self._one_export:
            return await asyncio.to_thread(_write_zip, target, about, paths)

    async def erase(self, user_id: str) -> int:
        """Remove a person's rows and files, so that neither can be read from the disk. Return the number of files.

        A file stays if somebody else's rows name the same bytes. Remixes by others stay, without their parent. A song
        that is being composed for the person is discarded when it is done.
        """
        removed = await self._files.remove_unnamed(await self._store.people.erase(user_id))
        await self._store.database.scrub()
        return removed


def _write_zip(target: Path, about: dict[str, Any], paths: dict[str, Path]) -> int:
    """Write a zip, without files that are missing. Return the number of bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", json.dumps(about, indent=1, ensure_ascii=False))
        for name, path in paths.items():
            if path.is_file():
                archive.write(path, name)
    return target.stat().st_size
