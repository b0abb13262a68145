"""The texts of the page's scripts in the language in use, and the options of a request, as JSON in the document.

`frontend/src/core/i18n.ts` reads the texts and marks them in the scripts, `frontend/src/views/app.ts` the options.
"""

from __future__ import annotations

import json
from functools import cache

from bot.languages import LANGUAGES, NATIVE, current_language, translations_of
from bot.web.views import options_view

SCRIPTS = "bot/web/frontend/"
"""Where the catalogues find the texts of the page."""


@cache
def texts_element(language: str) -> str:
    """Return a <script> element that holds the page's texts by their English ones; plural forms are a list."""
    return _element("texts", {} if language == NATIVE else translations_of(language, SCRIPTS))


def start_element() -> str:
    """Return a <script> element that holds what the page needs at its start: options of requests, and languages."""
    start = {"options": options_view(), "language": current_language(), "languages": LANGUAGES}
    return _element("start", start)


def _element(name: str, value: object) -> str:
    """Return a <script> element that holds JSON and that no browser runs."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{data}</script>'
