"""How a browser is known: by a random name in a cookie, given to it by the page or with its first vote."""

from __future__ import annotations

import re

from aiohttp import web

VOTER_COOKIE = "chiptune_voter"
VOTER_SECONDS = 5 * 365 * 24 * 3600


def known_voter(request: web.Request) -> str | None:
    """The random name of this browser, None before it loaded the page."""
    voter = request.cookies.get(VOTER_COOKIE, "")
    return voter if re.fullmatch(r"[0-9a-f]{32}", voter) else None


def name_voter(response: web.StreamResponse, voter: str) -> None:
    """Give this browser its name, for a few years more."""
    response.set_cookie(VOTER_COOKIE, voter, max_age=VOTER_SECONDS, httponly=True, samesite="Strict")
