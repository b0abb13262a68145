"""What people typed, made safe to store and to show: no control, bidi or invisible characters, no towers of accents.

Also what people read for names of the contract that say nothing to them.
Escaping for a certain display (Discord's markdown, HTML) is left to whoever shows it.
"""

from __future__ import annotations

import re
import unicodedata

from generator.protocol.i18n import _

SOUND_TITLES = {"soundfont": _("the NES soundfont"), "apu": _("the sound chip itself, imitated")}
"""What plays a tune, by `generator.protocol.names.SOUNDS`."""
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Letters and marks that show nothing though Unicode does not class them as control or format characters: the
combining grapheme joiner, fillers of Hangul and Khmer, the blank of Braille, variation selectors."""
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Unicode's general categories of controls, formats (bidi among them), surrogates, private use, none, and line ends."""
FILE_NAME_LENGTH = 100
MOST_MARKS = 2
"""Combining marks in a row: a letter of Vietnamese has two at the most."""


def visible(text: str) -> str:
    """A text on one line with only what can be seen; may be empty."""
    seen = []
    marks = 0
    for letter in INVISIBLE.sub("", re.sub(r"[\t\r\n]", " ", text)):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category not in HIDDEN and marks <= MOST_MARKS:
            seen.append(letter)
    return " ".join("".join(seen).split())


def capital(text: str) -> str:
    """A text that begins with a capital letter."""
    return f"{text[:1].upper()}{text[1:]}"


def plain(text: str, length: int) -> str:
    """The same in at most `length` characters; what is cut is shown to be."""
    shown = visible(text)
    return shown if len(shown) <= length else f"{shown[: length - 1].rstrip()}…"


def clean_file_name(name: str | None) -> str | None:
    """Return a file's name without folders and hidden characters, at most 100 characters; None if nothing is left."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return visible("".join(last.splitlines()))[:FILE_NAME_LENGTH].strip() or None
