"""The API's songs: history, scores, takes, families, charts, taste, votes, battles, and deleting one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.languages import say
from bot.requests.backlog import Backlog
from bot.scope import PAGE
from bot.store import PERIODS, Song, Store, Version
from bot.voting import NO_PAIR, OWN, Voting
from bot.web.forms import read_judgement, read_number, read_object
from bot.web.security.voters import known_voter, new_voter, remember_voter, voter_of
from bot.web.views import nameless_view, ranked_view, recipe_view, song_view, standing_view, taste_view
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.results import SCORE, VIDEO

ID = r"{id:[0-9a-f]{32}}"
NOT_YOURS = _("Only the browser that asked for a tune can delete it.")
ON_DISCORD = _("This tune was made on Discord: vote and ask for other takes there.")
RANKINGS = ("votes", "battles")
MAX_SONGS = 100
"""Songs in one response of the history or of a chart."""


class SongRoutes:
    """The handlers of songs."""

    def __init__(self, store: Store, backlog: Backlog, voting: Voting) -> None:
        self._store = store
        self._files = backlog.files
        self._exports = backlog.exports
        self._voting = voting

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/songs", self.history),
            web.get(f"/api/songs/{ID}", self.show),
            web.get(f"/api/songs/{ID}/score", self.score),
            web.get(f"/api/songs/{ID}/takes", self.takes),
            web.get(f"/api/songs/{ID}/family", self.family),
            web.post(f"/api/songs/{ID}/delete", self.delete),
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
        return web.json_response(await self._views(songs))

    async def show(self, request: web.Request) -> web.Response:
        """Respond with a song and this browser's vote on it."""
        song = await _song(self._store, request)
        voter = known_voter(request)
        vote = await self._store.votes.of(song.id, voter) if voter else 0
        entry = await self._store.requests.get(song.id)
        files = await self._files.paths(song.id)
        [view] = await self._views([song])
        film = f"/files/{song.id}/{VIDEO}" if VIDEO in files else None
        mine = voter is not None and song.scope == PAGE and song.user_id == voter
        more = {"film": film, "takes": len(await self._files.takes_of(song)), "mine": mine, "vote": vote}
        return web.json_response({**view, **recipe_view(entry, song), **more})

    async def score(self, request: web.Request) -> web.Response:
        """Respond with a song's score. The generator reads it from the MIDI file of a song of an earlier version."""
        song = await _song(self._store, request)
        path = await self._files.path(song.id, SCORE)
        if path is None:
            path = await self._exports.file(song, "score", f"local:{known_voter(request) or ''}")
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        response = web.json_response(text=text, headers={"Cache-Control": "private, max-age=31536000, immutable"})
        response.enable_compression()
        return response

    async def takes(self, request: web.Request) -> web.Response:
        """Respond with the takes that a song was chosen from, with their scores; none after a day."""
        song = await _song(self._store, request)
        response = web.json_response(await self._files.takes_of(song))
        response.enable_compression()
        return response

    async def family(self, request: web.Request) -> web.Response:
        """Respond with the song, its ancestors and everything made from the oldest of them, oldest first."""
        song = await _song(self._store, request)
        return web.json_response(await self._views(await self._store.songs.family(song.id)))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a song that this browser asked for."""
        song = await page_song(self._store, request)
        if song.user_id is None or song.user_id != known_voter(request):
            raise InputError(NOT_YOURS)
        await self._files.delete(song.id)
        return web.json_response({"id": song.id})

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
            versions = await self._versions([standing.song for standing in standings])
            return web.json_response([standing_view(each, versions.get(each.song.id)) for each in standings])
        chart = await self._store.charts.top(PAGE, period, limit=limit, start=start)
        versions = await self._versions([ranked.song for ranked in chart])
        return web.json_response([ranked_view(ranked, versions.get(ranked.song.id)) for ranked in chart])

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

    async def _versions(self, songs: Sequence[Song]) -> dict[str, Version]:
        return await self._store.songs.versions([song.id for song in songs])

    async def _views(self, songs: Sequence[Song]) -> list[dict[str, Any]]:
        versions = await self._versions(songs)
        return [song_view(song, versions.get(song.id)) for song in songs]


async def page_song(store: Store, request: web.Request) -> Song:
    """Return the song that an address names. Raise InputError if it was made on Discord, where people vote by name."""
    song = await _song(store, request)
    if song.scope != PAGE:
        raise InputError(ON_DISCORD)
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
