"""The API's requests: submit one, follow it, cancel it.

Turns what browsers and scripts send into submissions; what a submission becomes is left to `bot.requests.submissions`.
"""

from __future__ import annotations

from aiohttp import web

from bot.requests.backlog import Backlog
from bot.requests.submissions import Origin, Submissions
from bot.scope import PAGE
from bot.store import RequestRecord, Store
from bot.web.asked import has_takes
from bot.web.forms import check_options, read_object, read_submission
from bot.web.security.voters import known_voter
from bot.web.songs import page_song
from bot.web.views import options_view, request_view
from generator.protocol.errors import FaultError, InputError
from generator.protocol.i18n import _

SAME_AGAIN = _("An arrangement comes out the same every time: there is no other take of it.")
ID = r"{id:[0-9a-f]{32}}"


class RequestRoutes:
    """The handlers of requests."""

    def __init__(self, store: Store, backlog: Backlog) -> None:
        self._store = store
        self._backlog = backlog
        self._submissions = Submissions(store, backlog)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/api/options", self.options),
            web.post("/api/requests", self.submit),
            web.get(f"/api/requests/{ID}", self.show),
            web.post(f"/api/requests/{ID}/cancel", self.cancel),
            web.post(f"/api/songs/{ID}/another", self.another_take),
            web.post(f"/api/songs/{ID}/remix", self.remix),
            web.post(f"/api/songs/{ID}/takes/{{number:[0-9]{{1,3}}}}", self.pick_take),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Respond that the server runs and its database answers."""
        return web.json_response({"status": "ok", "open": await self._store.requests.count_open()})

    async def ready(self, _: web.Request) -> web.Response:
        """Respond whether tunes are made, or with 503 and the reason why not."""
        try:
            trouble = self._backlog.files.trouble() or self._backlog.trouble
        except FaultError as error:
            trouble = str(error)
        if trouble:
            return web.json_response({"status": "waiting", "error": trouble}, status=503)
        return web.json_response({"status": "ok"})

    async def options(self, _: web.Request) -> web.Response:
        """Respond with the options of a request and their ranges."""
        return web.json_response(options_view())

    async def submit(self, request: web.Request) -> web.Response:
        """Submit a new tune, or a remix of the MIDI file that was sent along."""
        options, upload = await read_submission(request)
        if upload is None:
            return _accepted(await self._submissions.generate(_origin(request), options))
        return _accepted(await self._submissions.remix(_origin(request), upload, options))

    async def another_take(self, request: web.Request) -> web.Response:
        """Submit another take of a song."""
        song = await page_song(self._store, request)
        entry = await self._store.requests.get(song.id)
        if entry and not has_takes(entry):
            raise InputError(SAME_AGAIN)
        return _accepted(await self._submissions.another_take(_origin(request), song.id))

    async def pick_take(self, request: web.Request) -> web.Response:
        """Submit one of the takes that a song was chosen from."""
        song = await page_song(self._store, request)
        number = int(request.match_info["number"])
        return _accepted(await self._submissions.pick_take(_origin(request), song, number))

    async def remix(self, request: web.Request) -> web.Response:
        """Submit a remix of a song."""
        song = await page_song(self._store, request)
        options = check_options(await read_object(request))
        return _accepted(await self._submissions.remix(_origin(request), song, options))

    async def show(self, request: web.Request) -> web.Response:
        """Respond with the state of a request."""
        entry = await self._page_request(request)
        place = await self._backlog.place(entry.id)
        song = await self._store.songs.get(entry.id)
        version = (await self._store.songs.versions([entry.id])).get(entry.id)
        return web.json_response(request_view(entry, place, self._backlog.progress(entry.id), song, version))

    async def cancel(self, request: web.Request) -> web.Response:
        """Cancel a request of the same browser."""
        entry = await self._page_request(request)
        if entry.user_id != known_voter(request):
            raise InputError(_("Only the browser that asked can cancel this."))
        await self._backlog.cancel(entry.id, by=entry.user_id)
        return web.json_response({"id": entry.id})

    async def _page_request(self, request: web.Request) -> RequestRecord:
        """Return the request that an address names. Respond 404 unless it came from the page."""
        entry = await self._store.requests.get(request.match_info["id"])
        if entry is None or entry.scope != PAGE:
            raise web.HTTPNotFound
        return entry


def _origin(request: web.Request) -> Origin:
    """Return where a request comes from. All scripts together count as one person, because they have no cookie."""
    return Origin(name="local", scope=PAGE, user_id=known_voter(request))


def _accepted(entry: RequestRecord) -> web.Response:
    return web.json_response({"id": entry.id}, status=202)
