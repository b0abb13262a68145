"""The API's exports: ask for one, follow it, download or cancel it. The rules are in `bot.requests.exports`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.languages import say
from bot.requests.exports import Export, Exports
from bot.store import Song, Store
from bot.web.files import content_type
from bot.web.security.voters import known_voter
from generator.protocol.exports import EXPORT_FORMATS, export_format

EXPORT = "/api/songs/{id:[0-9a-f]{32}}/export/{format}"


class ExportRoutes:
    """The handlers of exports."""

    def __init__(self, store: Store, exports: Exports) -> None:
        self._store = store
        self._exports = exports

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/exports", self.formats),
            web.post(EXPORT, self.start),
            web.get(EXPORT, self.show),
            web.post(f"{EXPORT}/cancel", self.cancel),
            web.get(f"{EXPORT}/file", self.file),
        ]

    async def formats(self, _: web.Request) -> web.Response:
        """Respond with the formats, in the order in which people see them."""
        forms = [{"name": form.name, "title": say(form.title)} for form in EXPORT_FORMATS.values()]
        return web.json_response(forms)

    async def start(self, request: web.Request) -> web.Response:
        """Have an export made. Respond 202 with its state, or 200 if its file exists."""
        song = await self._song(request)
        export = await self._exports.start(song, request.match_info["format"], _person(request))
        return web.json_response(_view(request, export, ready=export is None), status=202 if export else 200)

    async def show(self, request: web.Request) -> web.Response:
        """Respond with the state of an export."""
        song, name = await self._song(request), export_format(request.match_info["format"]).name
        ready = await self._exports.path(song.id, name) is not None
        return web.json_response(_view(request, self._exports.state(song.id, name), ready=ready))

    async def cancel(self, request: web.Request) -> web.Response:
        """Withdraw this browser's wish for an export."""
        song, name = await self._song(request), export_format(request.match_info["format"]).name
        await self._exports.cancel(song.id, name, _person(request))
        return web.json_response(_view(request, self._exports.state(song.id, name), ready=False))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Send a finished export, named as the tune; respond 404 if it was not made."""
        song, form = await self._song(request), export_format(request.match_info["format"])
        path = await self._exports.path(song.id, form.name)
        if path is None:
            raise web.HTTPNotFound
        name = quote(f"{song.title}{form.suffix}", safe=" ")
        headers = {
            "Content-Type": content_type(f"tune{form.suffix}"),
            "Content-Disposition": f"attachment; filename=\"tune{form.suffix}\"; filename*=UTF-8''{name}",
        }
        return web.FileResponse(path, headers=headers)

    async def _song(self, request: web.Request) -> Song:
        song = await self._store.songs.get(request.match_info["id"])
        if song is None:
            raise web.HTTPNotFound
        return song


def _person(request: web.Request) -> str:
    """Return whose limit applies. All scripts together count as one person, because they have no cookie."""
    return f"local:{known_voter(request) or ''}"


def _view(request: web.Request, export: Export | None, *, ready: bool) -> dict[str, Any]:
    """Return the state of an export: none, queued, working, done or failed."""
    name, song = request.match_info["format"], request.match_info["id"]
    status = "done" if ready else "none"
    if export and not ready:
        status = "failed" if export.error else "working" if export.progress else "queued"
    return {
        "format": name,
        "status": status,
        "progress": 1.0 if ready else export.progress.fraction if export and export.progress else 0.0,
        "error": say(export.error) if status == "failed" and export and export.error else None,
        "file": f"/api/songs/{song}/export/{name}/file" if ready else None,
    }
