"""How the web server recognises a browser: by a random name in a cookie."""

from __future__ import annotations

import re
import secrets

from aiohttp import web

VOTER_COOKIE = "chiptune_voter"
VOTER_SECONDS = 5 * 365 * 24 * 3600


def known_voter(request: web.Request) -> str | None:
    """Return the name of the browser that sent a request, or None if it has none yet."""
    voter = request.cookies.get(VOTER_COOKIE, "")
    return voter if re.fullmatch(r"[0-9a-f]{32}", voter) else None


def new_voter() -> str:
    """Return a random name for a browser that has none."""
    return secrets.token_hex(16)


def remember_voter(response: web.StreamResponse, voter: str) -> None:
    """Store a browser's name in its cookie, for five more years."""
    response.set_cookie(VOTER_COOKIE, voter, max_age=VOTER_SECONDS, httponly=True, samesite="Strict")
