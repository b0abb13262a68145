"""The contest of the page: its rounds, nominations, votes and hall of fame over the API.

The page is a scope of its own, without accounts: whoever reaches it may start and stop its contest, unless it is public
(CHIPTUNE_PUBLIC_URL is set). A contest that was started before then continues. The rules of a round are in
`bot.store.contest`; `bot.contests.keeper` moves rounds on.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.contests.keeper import Contests
from bot.scope import PAGE
from bot.settings import Settings
from bot.store import Store
from bot.store.contest.entries import MAX_PER_PERSON
from bot.voting import Voting
from bot.web.forms import read_number, read_object
from bot.web.security.voters import known_voter, remember_voter, voter_of
from bot.web.views import famous_view, nominee_view, result_view
from generator.protocol.errors import InputError

OPEN_TO_OTHERS = (
    "This page is open to others: those who run the bot start and stop its contest while CHIPTUNE_PUBLIC_URL is unset."
)
ONE_SONG = "Send {“song”: id}."
STOP = "Send {“at_once”: true} or {}."
PAGE_LENGTH = 10


class ContestRoutes:
    """The handlers of the contest."""

    def __init__(self, settings: Settings, store: Store, contests: Contests, voting: Voting) -> None:
        self._managed = settings.public_url is None
        self._store = store.contests
        self._contests = contests
        self._voting = voting

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/contest", self.show),
            web.post("/api/contest/start", self.start),
            web.post("/api/contest/stop", self.stop),
            web.post("/api/contest/nominate", self.nominate),
            web.post("/api/contest/withdraw", self.withdraw),
            web.post("/api/contest/vote", self.vote),
            web.get("/api/contest/hall-of-fame", self.hall_of_fame),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Respond with the open round, this browser's part in it, and the result of the last round."""
        return web.json_response(await self._view(known_voter(request)))

    async def start(self, request: web.Request) -> web.Response:
        """Start the contest."""
        self._check_manages()
        await self._contests.start(PAGE, None)
        return web.json_response(await self._view(known_voter(request)))

    async def stop(self, request: web.Request) -> web.Response:
        """Make the open round the last, or end it at once."""
        self._check_manages()
        fields = await read_object(request)
        at_once = fields.get("at_once", False)
        if set(fields) - {"at_once"} or not isinstance(at_once, bool):
            raise InputError(STOP)
        await self._contests.stop(PAGE, at_once=at_once)
        return web.json_response(await self._view(known_voter(request)))

    async def nominate(self, request: web.Request) -> web.Response:
        """Nominate a song for this browser."""
        song, voter = await self._counted(request)
        await self._contests.nominate(PAGE, song, voter)
        return await self._named(request, voter)

    async def withdraw(self, request: web.Request) -> web.Response:
        """Withdraw a nomination of this browser."""
        song, voter = await self._counted(request)
        await self._contests.withdraw(PAGE, song, voter)
        return await self._named(request, voter)

    async def vote(self, request: web.Request) -> web.Response:
        """Set this browser's vote."""
        song, voter = await self._counted(request)
        await self._contests.vote(PAGE, song, voter)
        return await self._named(request, voter)

    async def hall_of_fame(self, request: web.Request) -> web.Response:
        """Respond with the winners, newest first: ten after the first `start`."""
        start = read_number(request, "start", 0, (0, 999_999))
        winners = await self._store.hall_of_fame(PAGE, limit=PAGE_LENGTH, start=start)
        return web.json_response([famous_view(winner) for winner in winners])

    def _check_manages(self) -> None:
        if not self._managed:
            raise InputError(OPEN_TO_OTHERS)

    async def _counted(self, request: web.Request) -> tuple[str, str]:
        """Return the song's id and the browser's name, and count a vote. Raise InputError, LimitError."""
        fields = await read_object(request)
        song = fields.get("song")
        if set(fields) != {"song"} or not isinstance(song, str):
            raise InputError(ONE_SONG)
        known = known_voter(request)
        self._voting.count(known or "")  # all browsers without a name count as one person
        return song, voter_of(request)

    async def _named(self, request: web.Request, voter: str) -> web.Response:
        """Respond with the present contest, and store the browser's name."""
        response = web.json_response(await self._view(voter))
        remember_voter(request, response, voter)
        return response

    async def _view(self, voter: str | None) -> dict[str, Any]:
        current, last = await self._store.open(PAGE), await self._store.last(PAGE)
        ended = result_view(last, await self._store.nominees(last.number)) if last else None
        if current is None:
            return {"round": None, "last": ended, "manages": self._managed}
        mine = await self._store.mine(current.number, voter or "")
        nominees = await self._store.nominees(current.number)
        view = {
            "round": current.ordinal,
            "stage": current.stage,
            "voting": current.voting,
            "closes": current.closes,
            "ending": current.last,
            "songs": [nominee_view(nominee, mine) for nominee in nominees],
            "vote": mine.vote,
            "left": max(0, MAX_PER_PERSON - len(mine.nominated)),
        }
        return {**view, "last": ended, "manages": self._managed}
