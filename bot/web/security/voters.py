"""How the web server recognises a browser: by a random name in a cookie that this server has signed.

A name that this server has not signed counts as none, so that votes cannot be cast under invented names.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from itsdangerous import BadSignature, Signer

from bot.settings import Settings
from bot.web.security.addresses import ADDRESS_LIMITS
from generator.protocol.errors import FaultError

VOTER_COOKIE = "chiptune_voter"
VOTER_SECONDS = 5 * 365 * 24 * 3600
KEY_FILE = "page.key"
"""The file in the data folder that holds the key of the signatures. Without it, browsers get new names."""
KEY_BYTES = 32


class Voters:
    """The names of browsers, signed with the key in the data folder, which is made when there is none.

    Raise FaultError if the key can be neither read nor written.
    """

    def __init__(self, settings: Settings) -> None:
        self._signer = Signer(_key(settings.data_dir), salt=VOTER_COOKIE)
        public = urlsplit(settings.public_url or "")
        self._secure_host = public.netloc if public.scheme == "https" else None

    def known(self, request: web.Request) -> str | None:
        """Return the name of the browser that sent a request, or None if it has none from this server."""
        try:
            voter = self._signer.unsign(request.cookies.get(VOTER_COOKIE, "")).decode()
        except (BadSignature, UnicodeError):
            return None
        return voter if re.fullmatch(r"[0-9a-f]{32}", voter) else None

    def remember(self, request: web.Request, response: web.StreamResponse, voter: str) -> None:
        """Store the name of the browser that sent a request in its cookie, for five more years."""
        response.set_cookie(
            VOTER_COOKIE,
            self._signer.sign(voter).decode(),
            max_age=VOTER_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=request.host == self._secure_host,
        )


VOTERS = web.AppKey("voters", Voters)


def known_voter(request: web.Request) -> str | None:
    """Return the name of the browser that sent a request, or None if it has none from this server."""
    return request.app[VOTERS].known(request)


def voter_of(request: web.Request) -> str:
    """Return the name of the browser that sent a request, a new one if it has none.

    Raise LimitError if too many browsers of its network address took part today.
    """
    if (voter := known_voter(request)) is not None:
        return voter
    voter = new_voter()
    limits = request.app[ADDRESS_LIMITS]
    limits.count_browser(limits.address_of(request), voter)
    return voter


def new_voter() -> str:
    """Return a random name for a browser that has none."""
    return secrets.token_hex(16)


def remember_voter(request: web.Request, response: web.StreamResponse, voter: str) -> None:
    """Store the name of the browser that sent a request in its cookie, for five more years."""
    request.app[VOTERS].remember(request, response, voter)


def _key(data_dir: Path) -> bytes:
    """Return the key of the signatures. Raise FaultError."""
    path = data_dir / KEY_FILE
    try:
        if path.exists() and len(key := path.read_bytes()) == KEY_BYTES:
            return key
        data_dir.mkdir(parents=True, exist_ok=True)
        key = secrets.token_bytes(KEY_BYTES)
        new = path.with_suffix(".new")
        new.touch(0o600)
        new.write_bytes(key)
        new.replace(path)
    except OSError as error:
        raise FaultError(f"The key of the page, {path}, cannot be used: {error.strerror}.") from error
    return key
