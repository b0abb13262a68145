"""The middlewares: checks of hosts and origins, security headers, errors as JSON or as a small page.

Every page in the same browser can reach a server on 127.0.0.1. Two rules keep foreign pages out: the Host header must
be one of our names (which a name rebound to 127.0.0.1 is not), and changes must come from our own page or from no page
at all (a script, curl). The web server turns errors into sentences only here.
"""

from __future__ import annotations

import html
import ipaddress
import logging
import math
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.languages import current_language, say
from bot.requests.wait_times import LimitError
from bot.settings import Settings
from bot.web.locale import language_tag
from bot.web.security.addresses import ADDRESS_LIMITS
from bot.web.security.voters import known_voter
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads import ChooseFile

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:;"
        " font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FAULT = _("Something went wrong on our side; the fault was logged.")
NO_TEXT = _("The request holds characters that no text can hold.")
SUBMITTING = re.compile(r"/api/requests|/api/songs/[0-9a-f]+/(another|remix|takes/[0-9]+)")
"""The paths that submit a request for a tune."""
SENTENCES = {
    404: _("There is nothing at this address."),
    405: _("This address does not do that."),
    408: _("The request took too long to arrive."),
    413: _("That is too large."),
}
HOME = _("Back to the tunes")
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{sentence}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
<main>
<h1>{sentence}</h1>
<p><a href="/">{home}</a></p>
</main>
</body>
</html>
"""


def error_response(status: int, sentence: str) -> web.Response:
    """Return the API's response to an error."""
    return web.json_response({"error": sentence}, status=status)


def error_page(status: int, sentence: str) -> web.Response:
    """Return the page that a person sees at an address that has nothing."""
    language = language_tag(current_language())
    page = PAGE.format(language=language, sentence=html.escape(sentence), home=html.escape(say(HOME)))
    return web.Response(text=page, status=status, content_type="text/html")


@web.middleware
async def add_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add security headers to every response, and forbid caching unless the response says otherwise."""
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


@web.middleware
async def errors_as_answers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into {"error": sentence}: 400 for bad input, 429 at a limit, 500 for a fault of ours.

    A person who opens an address that has nothing gets a page instead, except below /api/. If a zip
    holds several files, `choices` has their names.
    """
    try:
        return await handler(request)
    except LimitError as error:
        response = error_response(429, say(error.sentence))
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
        return response
    except InputError as error:
        return _refusal(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _http_error(request, error)
    except ConnectionError:
        raise  # the browser has gone; nobody receives a response
    except UnicodeError:
        return error_response(400, say(NO_TEXT))
    except Exception:  # whatever it is, the response has our headers
        log.exception("%s %s", request.method, request.path)
    return error_response(500, say(FAULT))


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    sentence = say(SENTENCES.get(error.status, error.reason))
    if not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", ""):
        return error_page(error.status, sentence)
    return error_response(error.status, sentence)


def _refusal(error: InputError) -> web.Response:
    if isinstance(error, ChooseFile):
        return web.json_response({"error": say(error.sentence), "choices": error.names}, status=400)
    return error_response(400, say(error.sentence))


def only_our_hosts(settings: Settings) -> Middleware:
    """Return a middleware that refuses requests for another host's name (DNS rebinding)."""
    names = {"localhost", "127.0.0.1", "::1", settings.host, urlsplit(settings.public_url or "").hostname}
    # On all interfaces the server has unknown addresses; an address cannot be rebound, a name can.
    any_address = settings.host in ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = _hostname(request.host)
        if name in names or (any_address and _is_address(name)):
            return await handler(request)
        return error_response(403, "This server does not answer for that host name.")

    return check


def only_our_pages(settings: Settings) -> Middleware:
    """Return a middleware that refuses changes from another site's page (request forgery)."""
    public = urlsplit(settings.public_url or "").netloc

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method in ("GET", "HEAD"):
            return await handler(request)
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        foreign_site = site not in (None, "same-origin", "none")
        foreign_origin = origin is not None and _netloc(origin) not in (request.host, public or request.host)
        if foreign_site or foreign_origin:
            return error_response(403, "Another site's page may not do that.")
        return await handler(request)

    return check


@web.middleware
async def limit_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every change by the address that it comes from."""
    if request.method not in ("GET", "HEAD"):
        limits = request.app[ADDRESS_LIMITS]
        is_submission = SUBMITTING.fullmatch(request.path) is not None
        limits.count_change(limits.address_of(request), known_voter(request), is_submission=is_submission)
    return await handler(request)


def _hostname(host: str) -> str:
    """Return the name in a Host header, without the port; "" if it is invalid."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _netloc(origin: str) -> str:
    """Return host and port of an Origin header; "" if it is invalid, such as "null"."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
