"""The languages that people are spoken to in: English, as it stands in the source, and the catalogues beside this.

A catalogue is a .po file of GNU gettext, as every translator's tool reads it; Babel reads it here, and knows how the
language writes numbers and lists. Which language is spoken is a context variable: whoever answers sets it with
`speaking`, and whatever words the answer has are said with `say`. Who hears which language is decided elsewhere.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_percent, get_decimal_symbol, get_group_symbol

from generator.protocol.i18n import ENGLISH, Sentence, SentenceFormatter

NATIVE = "en"
"""The language of the source."""
COMMAND = "command"
"""The context that names of commands stand in, in the catalogues."""
LANGUAGES = {
    NATIVE: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "pt_BR": "Português do Brasil",
}
"""Every language by its catalogue's name, and what it calls itself."""

_spoken: ContextVar[str] = ContextVar("spoken", default=NATIVE)


class Catalogue(SentenceFormatter):
    """Says sentences in the language of a catalogue. name: one of `LANGUAGES` but the native one."""

    def __init__(self, name: str) -> None:
        self._locale = Locale.parse(name)
        compiled = io.BytesIO()
        with (resources.files(__package__) / f"{name}.po").open("rb") as file:
            write_mo(compiled, read_po(file, locale=name))
        compiled.seek(0)
        self._translations = gettext.GNUTranslations(compiled)
        marks = {",": get_group_symbol(self._locale), ".": get_decimal_symbol(self._locale)}
        self._marks = str.maketrans(marks)

    def form(self, sentence: Sentence) -> str:
        """The translated template; English where there is none, which a test does not allow."""
        known = self._translations
        if sentence.plural is not None:
            return known.ngettext(sentence.template, sentence.plural, sentence.number)
        if sentence.context is not None:
            return known.pgettext(sentence.context, sentence.template)
        return known.gettext(sentence.template) if sentence.template else ""

    def listed(self, parts: Sequence[str]) -> str:
        """Parts as the language lists them."""
        return format_list(parts, locale=self._locale)

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value as it stands in a sentence: numbers as the language writes them."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return super().format_field(value, format_spec)
        if format_spec.endswith("%"):
            return format_percent(value, locale=self._locale)
        return format(value, format_spec).translate(self._marks)


@cache
def speaker(name: str) -> SentenceFormatter:
    """The one who says sentences in a language; a catalogue is read once, in some hundredths of a second."""
    return ENGLISH if name == NATIVE else Catalogue(name)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Say everything inside in this language."""
    before = _spoken.set(name)
    try:
        yield
    finally:
        _spoken.reset(before)


def speak(name: str) -> None:
    """Say everything in this language that is said from now on in the same task."""
    _spoken.set(name)


def spoken() -> str:
    """The language that is being spoken."""
    return _spoken.get()


def say(text: str, **values: object) -> str:
    """A text in the language that is being spoken, with its gaps filled. A plain text is taken for a template."""
    sentence = text if isinstance(text, Sentence) else Sentence(text)
    return speaker(_spoken.get()).say(sentence.format(**values) if values else sentence)


def percent(share: float) -> str:
    """A share as the language that is being spoken writes hundredths."""
    return say(Sentence("{share:.0%}", values={"share": share}))


def command(path: str) -> Sentence:
    """A command of ours as people type it, to stand in a sentence: `/chiptune queue` of "queue"."""
    names = {f"name{number}": Sentence(name, context=COMMAND) for number, name in enumerate(path.split())}
    return Sentence("/chiptune " + " ".join(f"{{{name}}}" for name in names), values=names)
