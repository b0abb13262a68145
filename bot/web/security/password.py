"""The password of the page (CHIPTUNE_PASSWORD): every request must carry it, by HTTP's basic authentication (RFC 7617).

The name that comes with it does not matter. Wrong passwords are limited by address.
"""

from __future__ import annotations

import hmac

from aiohttp import BasicAuth, web
from aiohttp.typedefs import Middleware

from bot.settings import Settings
from bot.web.security.addresses import ADDRESS_LIMITS
from bot.web.security.guards import Handler, error_response

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""What monitors may see without the password."""
ASKED = "This page has a password."


def password_required(settings: Settings) -> Middleware:
    """Return a middleware that refuses requests without the password. Without a password it lets all requests pass."""
    wanted = (settings.password or "").encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not wanted or request.path in OPEN_PATHS:
            return await handler(request)
        limits = request.app[ADDRESS_LIMITS]
        address = limits.address_of(request)
        limits.check_passwords(address)
        sent = _sent(request)
        if sent is not None and hmac.compare_digest(sent, wanted):
            return await handler(request)
        if sent is not None:
            limits.count_wrong_password(address)
        response = error_response(401, ASKED)
        response.headers["WWW-Authenticate"] = 'Basic realm="Chiptune Bot", charset="UTF-8"'
        return response

    return check


def _sent(request: web.Request) -> bytes | None:
    """Return the password that a request carries, or None if it carries none."""
    try:
        sent: str = BasicAuth.decode(request.headers.get("Authorization", ""), "utf-8").password
    except ValueError:
        return None
    return sent.encode()
