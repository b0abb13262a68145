"""The texts of the page's scripts, in the language in use, as JSON in the document.

`frontend/src/core/i18n.ts` reads it, and marks the texts in the scripts.
"""

from __future__ import annotations

import json
from functools import cache

from bot.languages import NATIVE, translations_of

SCRIPTS = "bot/web/frontend/"
"""Where the catalogues find the texts of the page."""


@cache
def texts_element(language: str) -> str:
    """Return a <script> element that holds the page's texts by their English ones; plural forms are a list."""
    texts = {} if language == NATIVE else translations_of(language, SCRIPTS)
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="texts">{data}</script>'
