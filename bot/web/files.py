"""The files that the web server sends: the page's scripts, styles and icons, and the files of songs.

The page itself is in `pages`.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.files.song_files import Files
from bot.store import Store

STATIC = Path(__file__).parent / "static"
INDEX = "index.html"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".mid": "audio/midi",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".zip": "application/zip",
    ".txt": "text/plain; charset=utf-8",
    ".abc": "text/vnd.abc; charset=utf-8",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
}


def content_type(name: str) -> str:
    """Return the media type of a file by its name."""
    return CONTENT_TYPES.get(Path(name).suffix, "application/octet-stream")


class FileRoutes:
    """The handlers that send files."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._static = {f"/{path.name}": path for path in sorted(STATIC.iterdir()) if path.name != INDEX}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes: one for each file of the page, and one for the files of songs."""
        pages = [web.get(address, self.page) for address in self._static]
        return [*pages, web.get("/files/{id:[0-9a-f]{32}}/{name}", self.song_file)]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Send a file of the page."""
        path = self._static[request.path]
        return web.FileResponse(path, headers={"Content-Type": content_type(path.name)})

    async def song_file(self, request: web.Request) -> web.StreamResponse:
        """Send a file that a song has; respond 404 if the song has none of that name."""
        song_id, name = request.match_info["id"], request.match_info["name"]
        path = await self._files.path(song_id, name) if await self._store.songs.get(song_id) else None
        if path is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": content_type(name), "Cache-Control": "private, max-age=31536000, immutable"}
        return web.FileResponse(path, headers=headers)
