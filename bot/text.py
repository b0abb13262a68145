"""Cleaning of text that people typed: no control, bidi or invisible characters, and few combining marks in a row.

It also has the titles of the sounds. Escaping (Discord's markdown, HTML) is left to the code that shows a text.
"""

from __future__ import annotations

import re
import unicodedata

from generator.protocol.i18n import _

SOUND_TITLES = {"soundfont": _("the NES soundfont"), "apu": _("the sound chip itself, imitated")}
"""The titles of `generator.protocol.names.SOUNDS`: what plays a tune."""
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that are invisible, although Unicode does not class them as control or format characters: the
combining grapheme joiner, Hangul and Khmer fillers, the Braille blank, and variation selectors."""
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode's categories of control, format (with bidi), surrogate, private-use, unassigned and line-end characters."""
FILE_NAME_LENGTH = 100
MAX_MARKS = 2
"""The most combining marks in a row. A Vietnamese letter has at most two."""


def visible(text: str) -> str:
    """Return a text on one line, with only its visible characters. It may be empty."""
    letters = []
    marks = 0
    for letter in INVISIBLE.sub("", re.sub(r"[\t\r\n]", " ", text)):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category not in HIDDEN and marks <= MAX_MARKS:
            letters.append(letter)
    return " ".join("".join(letters).split())


def capital(text: str) -> str:
    """Return a text with its first letter capitalised."""
    return f"{text[:1].upper()}{text[1:]}"


def plain(text: str, length: int) -> str:
    """Return the visible text in at most `length` characters; a cut text ends with “…”."""
    shown = visible(text)
    return shown if len(shown) <= length else f"{shown[: length - 1].rstrip()}…"


def clean_file_name(name: str | None) -> str | None:
    """Return a file's name without folders and hidden characters, at most 100 characters; None if nothing is left."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return visible("".join(last.splitlines()))[:FILE_NAME_LENGTH].strip() or None
