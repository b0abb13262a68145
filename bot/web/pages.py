"""The addresses of the page, such as /song/ID, as HTML: one document, with the head that belongs to the address.

The document is the page's own (`static/index.html`), whose scripts show the view. This module writes its language, its
title and, for a song, what other programs show of a link (Open Graph): picture and film, with absolute addresses.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from aiohttp import web

from bot.files.song_files import Files
from bot.languages import current_language, say
from bot.scope import PAGE
from bot.settings import Settings
from bot.store import Song, Store
from bot.votes.taste_model import MIN_VOTES
from bot.web.files import INDEX, STATIC, content_type
from bot.web.locale import language_tag
from bot.web.security.voters import known_voter, new_voter, remember_voter
from bot.web.texts import start_element, texts_element
from generator.protocol.i18n import _
from generator.protocol.results import VIDEO

NAME = "Chiptune Bot"
ABOUT = _("Two pulses, a triangle and noise: NES music, composed while you wait.")
DESCRIPTION = _("{title}, {seconds:.0f} seconds of NES music at {bpm:.0f} BPM in {key}")
VIEWS = ("charts", "battle", "contest", "taste", "play")
"""Addresses that show a view of the page. "play" plays the score in the address's fragment, which no server sees."""
ICON_SIZES = (192, 512)
"""Pixels of the square icons of the installed page."""
PICTURE_SIZE = (1200, 630)
"""Pixels of a tune's picture and of its film."""

Tags = Iterable[tuple[str, str]]


class PageRoutes:
    """The handlers of the page's addresses."""

    def __init__(self, settings: Settings, store: Store, files: Files) -> None:
        self._public_url = settings.public_url
        self._store = store
        self._files = files

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        views = [web.get(f"/{view}", self.view) for view in VIEWS]
        return [
            web.get("/", self.view),
            *views,
            web.get("/song/{id:[0-9a-f]{32}}", self.song),
            web.get("/manifest.webmanifest", self.manifest),
            web.get("/api/views", self.filled),
        ]

    async def view(self, request: web.Request) -> web.StreamResponse:
        """Send the page."""
        address = self._absolute(request, request.path)
        tags = [*site_tags(NAME, say(ABOUT), address), ("og:type", "website")]
        return _page(request, NAME, tags)

    async def song(self, request: web.Request) -> web.StreamResponse:
        """Send the page of a song; respond 404 if there is no such song."""
        song = await self._store.songs.get(request.match_info["id"])
        if song is None:
            raise web.HTTPNotFound
        has_film = VIDEO in await self._files.paths(song.id)
        tags = song_tags(song, self._absolute(request, ""), has_film=has_film)
        return _page(request, f"{song.title} · {NAME}", tags)

    async def filled(self, request: web.Request) -> web.Response:
        """Respond with whether each view has something to show to this browser."""
        store, taste = self._store, await self._store.tastes.of(PAGE)
        contest = self._public_url is None or await store.contests.open(PAGE) or await store.contests.last(PAGE)
        voter = known_voter(request)
        filled = {
            "charts": bool(await store.charts.top(PAGE, "all", limit=1)),
            "battle": voter is not None and await store.battles.pair(PAGE, voter) is not None,
            "contest": bool(contest),
            "taste": taste.votes >= MIN_VOTES,
        }
        return web.json_response(filled)

    async def manifest(self, _: web.Request) -> web.Response:
        """Send what a browser needs to install the page as an app."""
        manifest = {
            "name": NAME,
            "short_name": "Chiptune",
            "description": say(ABOUT),
            "lang": language_tag(current_language()),
            "id": "/",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#0e0f15",
            "theme_color": "#c1272d",
            "icons": [
                {"src": f"/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
                for size in ICON_SIZES
            ],
        }
        return web.json_response(manifest, content_type="application/manifest+json")

    def _absolute(self, request: web.Request, path: str) -> str:
        return f"{self._public_url or request.url.origin()}{path}"


def site_tags(title: str, description: str, address: str) -> list[tuple[str, str]]:
    """Return the Open Graph tags that every page has."""
    return [("og:site_name", NAME), ("og:title", title), ("og:description", description), ("og:url", address)]


def song_tags(song: Song, base: str, *, has_film: bool) -> list[tuple[str, str]]:
    """Return the Open Graph tags of a song. base: the page's address, without a slash at the end."""
    description = say(DESCRIPTION, title=song.title, seconds=song.seconds, bpm=song.bpm, key=song.key)
    files = f"{base}/files/{song.id}"
    width, height = map(str, PICTURE_SIZE)
    tags = [
        *site_tags(song.title, description, f"{base}/song/{song.id}"),
        ("og:type", "video.other" if has_film else "music.song"),
        ("og:image", f"{files}/{song.picture}"),
        ("og:image:type", content_type(song.picture)),
        ("og:image:width", width),
        ("og:image:height", height),
        ("og:image:alt", description),
        ("og:audio", f"{files}/{song.audio}"),
        ("og:audio:type", content_type(song.audio)),
        ("twitter:card", "summary_large_image"),
    ]
    if has_film:
        film = f"{files}/{VIDEO}"
        tags += [("og:video", film), ("og:video:type", content_type(VIDEO))]
        tags += [("og:video:width", width), ("og:video:height", height)]
        if film.startswith("https:"):
            tags.append(("og:video:secure_url", film))
    return tags


def with_head(document: str, title: str, tags: Tags) -> str:
    """Return an HTML document in the language in use, with another title, meta tags and what its scripts need."""
    lines = [f'<meta property="{html.escape(name)}" content="{html.escape(value)}">' for name, value in tags]
    language = language_tag(current_language())
    document = re.sub(r"<html\b[^>]*>", f'<html lang="{language}">', document, count=1)
    document = re.sub(r"<title>.*?</title>", lambda _: f"<title>{html.escape(title)}</title>", document, count=1)
    return document.replace(
        "</head>", "\n".join((*lines, texts_element(current_language()), start_element(), "</head>")), 1
    )


def _page(request: web.Request, title: str, tags: Tags) -> web.Response:
    """Respond with the page, and give the browser its name."""
    document = with_head((STATIC / INDEX).read_text(encoding="utf-8"), title, tags)
    response = web.Response(text=document, content_type="text/html", headers={"Vary": "Accept-Language, Cookie"})
    remember_voter(request, response, known_voter(request) or new_voter())
    return response
