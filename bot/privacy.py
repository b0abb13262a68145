"""A person's right to what is kept about them: to have all of it, and to have none of it kept.

Which rows these are is `Store.people`'s. Who may ask is up to those who call.
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
    """Both, for one person at a time."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        # Zips keep threads busy that every other look at a file needs, too.
        self._one_export = asyncio.Lock()

    async def export_of(self, user_id: str) -> dict[str, Any]:
        """Everything that is kept about a person, row by row and table by table, as JSON can hold it."""
        return await self._store.people.export(user_id)

    async def write_export(self, user_id: str, target: Path, suffixes: Collection[str] | None = None) -> int:
        """The same as a zip with the person's files: `about.json`, `songs/<id>/<name>`, `uploads/<sha256>.mid`.

        suffixes: only files whose names end so, None: all. One zip is written at a time. Returns how many bytes it has.
        Raises OSError where it cannot be written.
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
        """Remove a person's rows and files; how many files went. Nothing of either can be read from the disk then.

        A file stays where somebody else's rows name the same bytes. What others made from the person's songs stays,
        without its parent. A song that is just being composed for the person is thrown away when it is done.
        """
        removed = await self._files.remove_unnamed(await self._store.people.erase(user_id))
        await self._store.database.scrub()
        return removed


def _write_zip(target: Path, about: dict[str, Any], paths: dict[str, Path]) -> int:
    """A file that is missing is left out. How many bytes were written."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", json.dumps(about, indent=1, ensure_ascii=False))
        for name, path in paths.items():
            if path.is_file():
                archive.write(path, name)
    return target.stat().st_size
