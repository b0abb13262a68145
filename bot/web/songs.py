"""The API's songs: history, charts, taste, votes and battles."""

from __future__ import annotations

from aiohttp import web

from bot.languages import say
from bot.scope import PAGE
from bot.store import PERIODS, Song, Store
from bot.voting import NO_PAIR, OWN, Voting
from bot.web.forms import read_judgement, read_number, read_object
from bot.web.security.voters import known_voter, new_voter, remember_voter, voter_of
from bot.web.views import nameless_view, ranked_view, song_view, standing_view, taste_view
from generator.protocol.errors import InputError

ID = r"{id:[0-9a-f]{32}}"
RANKINGS = ("votes", "battles")
MAX_SONGS = 100
"""Songs in one response of the history or of a chart."""


class SongRoutes:
    """The handlers of songs."""

    def __init__(self, store: Store, voting: Voting) -> None:
        self._store = store
        self._voting = voting

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/songs", self.history),
            web.get(f"/api/songs/{ID}", self.show),
            web.post(f"/api/songs/{ID}/vote", self.vote),
            web.get("/api/top", self.top),
            web.get("/api/taste", self.taste),
            web.get("/api/battle", self.pair),
            web.post("/api/battle", self.judge),
        ]

    async def history(self, request: web.Request) -> web.Response:
        """Respond with the newest songs: at most `limit`, those that follow the song `before`."""
        limit, before = _limit(request, 20), request.query.get("before")
        songs = await self._store.songs.history(PAGE, limit=limit, before=before)
        return web.json_response([song_view(song) for song in songs])

    async def show(self, request: web.Request) -> web.Response:
        """Respond with a song and this browser's vote on it."""
        song = await _song(self._store, request)
        voter = known_voter(request)
        vote = await self._store.votes.of(song.id, voter) if voter else 0
        return web.json_response({**song_view(song), "vote": vote})

    async def vote(self, request: web.Request) -> web.Response:
        """Set or remove this browser's vote on a song. Respond with the new sum, and a note if there is one."""
        song = await page_song(self._store, request)
        fields = await read_object(request)
        value = fields.get("value")
        if set(fields) != {"value"} or type(value) is not int or value not in (-1, 0, 1):
            raise InputError("A vote is {“value”: 1}, 0 or -1.")
        known = known_voter(request)
        voter = voter_of(request)
        # All browsers without a name count as one person, whose votes are limited together.
        cast = await self._voting.cast(song.id, voter, value, person=known or "")
        response = web.json_response({"votes": cast.votes, "vote": value, "note": say(OWN) if cast.first_own else None})
        remember_voter(request, response, voter)
        return response

    async def top(self, request: web.Request) -> web.Response:
        """Respond with a chart: the `ranking` of a `period`, at most `limit` songs after the first `start`."""
        ranking, period = request.query.get("ranking", "votes"), request.query.get("period", "week")
        if ranking not in RANKINGS:
            raise InputError(f"The ranking must be one of {', '.join(RANKINGS)}.")
        if period not in PERIODS:
            raise InputError(f"The period must be one of {', '.join(PERIODS)}.")
        start = read_number(request, "start", 0, (0, 999_999))
        limit = _limit(request, 10)
        if ranking == "battles":
            standings = await self._store.battles.top(PAGE, limit=limit, start=start)
            return web.json_response([standing_view(standing) for standing in standings])
        chart = await self._store.charts.top(PAGE, period, limit=limit, start=start)
        return web.json_response([ranked_view(ranked) for ranked in chart])

    async def taste(self, _: web.Request) -> web.Response:
        """Respond with the taste of the page's voters."""
        return web.json_response(taste_view(await self._store.tastes.of(PAGE)))

    async def pair(self, request: web.Request) -> web.Response:
        """Respond with two songs to compare, which this browser neither made nor compared before."""
        voter = known_voter(request) or new_voter()
        pair = await self._store.battles.pair(PAGE, voter)
        if pair is None:
            raise InputError(NO_PAIR)
        response = web.json_response({name: nameless_view(song) for name, song in zip("ab", pair, strict=True)})
        remember_voter(request, response, voter)
        return response

    async def judge(self, request: web.Request) -> web.Response:
        """Record which of two songs this browser prefers. Respond with both songs, titles included."""
        first, second, outcome = read_judgement(await read_object(request))
        known = known_voter(request)
        voter = voter_of(request)
        songs = await self._voting.judge(PAGE, voter, first, second, outcome, person=known or "")
        response = web.json_response({name: song_view(song) for name, song in zip("ab", songs, strict=True)})
        remember_voter(request, response, voter)
        return response


async def page_song(store: Store, request: web.Request) -> Song:
    """Return the song that an address names. Raise InputError if it was made on Discord, where people vote by name."""
    song = await _song(store, request)
    if song.scope != PAGE:
        raise InputError("This tune was made on Discord: vote and ask for other takes there.")
    return song


async def _song(store: Store, request: web.Request) -> Song:
    """Return the song that an address names, wherever it was made. Respond 404 if there is none."""
    song = await store.songs.get(request.match_info["id"])
    if song is None:
        raise web.HTTPNotFound
    return song


def _limit(request: web.Request, default: int) -> int:
    """Return how many songs are asked for. Raise InputError."""
    return read_number(request, "limit", default, (1, MAX_SONGS))
