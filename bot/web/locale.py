"""The language of the page: what the browser prefers, unless its person chose one of `bot.languages.LANGUAGES`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from aiohttp import web

from bot.languages import LANGUAGES, NATIVE, set_language

LANGUAGE_COOKIE = "chiptune_language"
"""Set by the page's language chooser to a name of `LANGUAGES`."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def in_their_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request in the language of its browser."""
    set_language(choose_language(request.headers.get("Accept-Language", ""), request.cookies.get(LANGUAGE_COOKIE)))
    return await handler(request)


def choose_language(accepted: str, chosen: str | None = None) -> str:
    """Return one of `LANGUAGES`: the chosen one, or the first that an Accept-Language header names, or English.

    A language of another region is better than none: "pt" and "pt-PT" get Brazilian Portuguese.
    """
    if chosen in LANGUAGES:
        return chosen
    by_tag = {name.replace("_", "-").lower(): name for name in LANGUAGES}
    by_language = {name.split("_")[0]: name for name in LANGUAGES}
    for tag in _preferred(accepted):
        if found := by_tag.get(tag) or by_language.get(tag.split("-")[0]):
            return found
    return NATIVE


def language_tag(name: str) -> str:
    """Return a language of `LANGUAGES` as HTML writes it: "pt-BR" for "pt_BR"."""
    return name.replace("_", "-")


def _preferred(accepted: str) -> Iterator[str]:
    """Yield the tags of an Accept-Language header in lower case, the most wanted first, without ill-formed ones."""
    weighted = []
    for part in accepted.split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        if tag and weight > 0:
            weighted.append((-weight, tag.strip().lower()))
    return (tag for _, tag in sorted(weighted, key=lambda pair: pair[0]))
