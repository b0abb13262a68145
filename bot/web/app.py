"""The local channel's addresses: the page, the API and the songs' files.

Guards stand in `guards`, reading in `forms`, the API's words in `views`, the contest in `contest`; what happens to a
request is the backlog's.
"""

from __future__ import annotations

import errno
import re
import secrets
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from bot.contests.keeper import Contests
from bot.requests.backlog import Backlog
from bot.scope import PAGE
from bot.settings import Settings
from bot.store import PERIODS, RequestRecord, Song, Store
from bot.votes.taste_in_use import steered
from bot.votes.voting import NO_PAIR, OWN, Voting
from bot.web.contest import ContestRoutes
from bot.web.forms import make_request, read_judgement, read_object, read_request
from bot.web.guards import guards
from bot.web.views import nameless_view, options_view, ranked_view, request_view, song_view, standing_view, taste_view
from bot.web.voters import known_voter, name_voter
from generator.protocol.errors import FaultError, InputError
from generator.protocol.requests import Request, random_seed
from generator.protocol.uploads import digest

STATIC = Path(__file__).parent / "static"
PAGE_FILES = ("style.css", "app.js", "top.js", "battle.js", "contest.js", "taste.js", "icon.svg")

RANKINGS = ("votes", "battles")
MAX_PAGE = 100
"""Songs in one answer of the history or of a chart."""

ID = r"{id:[0-9a-f]{32}}"
CONTENT_TYPES = {
    ".mid": "audio/midi",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".png": "image/png",
    ".mp4": "video/mp4",
}


def make_app(settings: Settings, store: Store, backlog: Backlog, contests: Contests) -> web.Application:
    """The web application; serve it with `start`."""
    voting = Voting(store)
    channel = _LocalChannel(store, backlog, voting)
    app = web.Application(middlewares=guards(settings))
    app.add_routes(
        [
            web.get("/", channel.page),
            *(web.get(f"/{name}", channel.page) for name in PAGE_FILES),
            web.get("/healthz", channel.health),
            web.get("/api/options", channel.options),
            web.post("/api/requests", channel.ask),
            web.get(f"/api/requests/{ID}", channel.request),
            web.post(f"/api/requests/{ID}/cancel", channel.cancel),
            web.get("/api/songs", channel.songs),
            web.get(f"/api/songs/{ID}", channel.song),
            web.get("/api/top", channel.top),
            web.get("/api/taste", channel.taste),
            web.get("/api/battle", channel.battle),
            web.post("/api/battle", channel.judge),
            web.post(f"/api/songs/{ID}/vote", channel.vote),
            web.post(f"/api/songs/{ID}/another", channel.another),
            web.post(f"/api/songs/{ID}/remix", channel.remix),
            web.get(f"/files/{ID}/{{name}}", channel.file),
            *ContestRoutes(settings, store, contests, voting).routes(),
        ]
    )
    return app


async def start(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Listen; the runner, to be cleaned up at the end, and the page's URL. Raises FaultError, one sentence."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        why = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise FaultError(f"Cannot listen on {host} port {port}: {why}. Set CHIPTUNE_PORT to another one.") from error
    address = runner.addresses[0]
    shown = f"[{host}]" if ":" in host else host
    return runner, f"http://{shown}:{address[1]}/"


class _LocalChannel:
    """The handlers, with what they need."""

    def __init__(self, store: Store, backlog: Backlog, voting: Voting) -> None:
        self._store = store
        self._backlog = backlog
        self._voting = voting

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page itself; its name is one of ours, checked by the routes."""
        response = web.FileResponse(STATIC / (request.path.lstrip("/") or "index.html"))
        name_voter(response, known_voter(request) or secrets.token_hex(16))
        return response

    async def health(self, _: web.Request) -> web.Response:
        """Alive, and the database answers."""
        return web.json_response({"status": "ok", "open": await self._store.requests.count_open()})

    async def options(self, _: web.Request) -> web.Response:
        """What a request may hold."""
        return web.json_response(options_view())

    async def ask(self, request: web.Request) -> web.Response:
        """Take a request."""
        asked = await read_request(request)
        wanted = asked.request if asked.seeded else await steered(self._store, asked.request, PAGE)
        return await self._accept(request, wanted, upload=asked.upload)

    async def another(self, request: web.Request) -> web.Response:
        """Another take: the same request with another seed."""
        song = await self._local_song(request)
        entry = await self._store.requests.get(song.id)
        if entry is None:
            raise web.HTTPNotFound
        wanted = replace(entry.request, seed=random_seed(), taste=None)
        return await self._accept(request, await steered(self._store, wanted, PAGE), parent=song.id)

    async def remix(self, request: web.Request) -> web.Response:
        """A remix of a song that is here already."""
        song = await self._local_song(request)
        fields = await read_object(request)
        data = await self._backlog.files.midi_of(song)
        wanted = make_request({"mode": "arrange", **fields}, upload=digest(data), name=f"{song.title}.mid")
        return await self._accept(request, wanted, upload=data, parent=song.id)

    async def request(self, request: web.Request) -> web.Response:
        """How far a request is."""
        entry = await self._local_request(request)
        place = await self._backlog.place(entry.id)
        song = await self._store.songs.get(entry.id)
        return web.json_response(request_view(entry, place, self._backlog.progress(entry.id), song))

    async def cancel(self, request: web.Request) -> web.Response:
        """Take back a request of this browser's."""
        entry = await self._local_request(request)
        if entry.user_id != known_voter(request):
            raise InputError("Only the browser that asked can cancel this.")
        await self._backlog.cancel(entry.id, by=entry.user_id)
        return web.json_response({"id": entry.id})

    async def songs(self, request: web.Request) -> web.Response:
        """The newest songs; `limit` how many, `before` the id that the page before ended with."""
        limit = _limit(request, "20")
        songs = await self._store.songs.history(PAGE, limit=limit, before=request.query.get("before"))
        return web.json_response([song_view(song) for song in songs])

    async def top(self, request: web.Request) -> web.Response:
        """The songs that people like best, by a `ranking`, of a `period`: `limit` how many, after the first `start`."""
        period, start = request.query.get("period", "week"), request.query.get("start", "0")
        ranking = request.query.get("ranking", "votes")
        if ranking not in RANKINGS:
            raise InputError(f"The ranking must be one of {', '.join(RANKINGS)}.")
        if period not in PERIODS:
            raise InputError(f"The period must be one of {', '.join(PERIODS)}.")
        if not re.fullmatch(r"[0-9]{1,6}", start):
            raise InputError("The start must be 0 to 999999.")
        if ranking == "battles":
            standings = await self._store.battles.top(PAGE, limit=_limit(request, "10"), start=int(start))
            return web.json_response([standing_view(one) for one in standings])
        chart = await self._store.charts.top(PAGE, period, limit=_limit(request, "10"), start=int(start))
        return web.json_response([ranked_view(one) for one in chart])

    async def taste(self, _: web.Request) -> web.Response:
        """What people like here, and how sure that is."""
        return web.json_response(taste_view(await self._store.tastes.of(PAGE)))

    async def song(self, request: web.Request) -> web.Response:
        """One song, and how this browser voted."""
        song = await self._song(request)
        voter = known_voter(request)
        vote = await self._store.votes.of(song.id, voter) if voter else 0
        return web.json_response({**song_view(song), "vote": vote})

    async def vote(self, request: web.Request) -> web.Response:
        """Set or take back the vote of this browser; the new sum, and what is to be said about it."""
        song = await self._local_song(request)
        fields = await read_object(request)
        value = fields.get("value")
        if set(fields) != {"value"} or type(value) is not int or value not in (-1, 0, 1):
            raise InputError("A vote is {“value”: 1}, 0 or -1.")
        known = known_voter(request)
        voter = known or secrets.token_hex(16)
        # As elsewhere, all who have no name yet are one person to the limit.
        cast = await self._voting.cast(song.id, voter, value, person=known or "")
        response = web.json_response({"votes": cast.votes, "vote": value, "note": OWN if cast.first_own else None})
        name_voter(response, voter)
        return response

    async def battle(self, request: web.Request) -> web.Response:
        """Two songs for this browser to compare, which it neither made nor compared before."""
        known = known_voter(request)
        voter = known or secrets.token_hex(16)
        pair = await self._store.battles.pair(PAGE, voter)
        if pair is None:
            raise InputError(NO_PAIR)
        response = web.json_response({name: nameless_view(song) for name, song in zip("ab", pair, strict=True)})
        name_voter(response, voter)
        return response

    async def judge(self, request: web.Request) -> web.Response:
        """Which of two songs this browser prefers; the songs with their names."""
        a, b, outcome = read_judgement(await read_object(request))
        known = known_voter(request)
        voter = known or secrets.token_hex(16)
        songs = await self._voting.judge(PAGE, voter, a, b, outcome, person=known or "")
        response = web.json_response({name: song_view(song) for name, song in zip("ab", songs, strict=True)})
        name_voter(response, voter)
        return response

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of a song's files; only names that the song itself holds."""
        song = await self._song(request)
        name = request.match_info["name"]
        path = await self._backlog.files.path(song.id, name)
        if path is None:
            raise web.HTTPNotFound
        headers = {
            "Content-Type": CONTENT_TYPES.get(Path(name).suffix, "application/octet-stream"),
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        return web.FileResponse(path, headers=headers)

    async def _accept(
        self, request: web.Request, wanted: Request, *, upload: bytes | None = None, parent: str | None = None
    ) -> web.Response:
        """Queue what a browser wants; scripts, which have no cookie, are one person together."""
        entry = await self._backlog.accept(
            wanted, origin="local", user_id=known_voter(request), scope=PAGE, upload=upload, parent=parent
        )
        return web.json_response({"id": entry.id}, status=202)

    async def _local_request(self, request: web.Request) -> RequestRecord:
        entry = await self._store.requests.get(request.match_info["id"])
        if entry is None or entry.scope != PAGE:
            raise web.HTTPNotFound
        return entry

    async def _song(self, request: web.Request) -> Song:
        song = await self._store.songs.get(request.match_info["id"])
        if song is None:
            raise web.HTTPNotFound
        return song

    async def _local_song(self, request: web.Request) -> Song:
        """A song of the local channel: people on Discord vote there, where each is one person."""
        song = await self._song(request)
        if song.scope != PAGE:
            raise InputError("This tune was made on Discord: vote and ask for other takes there.")
        return song


def _limit(request: web.Request, usual: str) -> int:
    """How many songs are asked for. Raises InputError."""
    limit = request.query.get("limit", usual)
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_PAGE:
        raise InputError(f"The limit must be 1 to {MAX_PAGE}.")
    return int(limit)
