"""The languages of the bot: English, which the source is written in, and the catalogues in this folder.

A catalogue is a .po file of GNU gettext. Babel reads it, and knows how the language writes numbers and lists. The
language in use is a context variable: the code that answers sets it with `set_language` or `using_language`, and
translates its texts with `say`. `bot.discord.core.locale` decides which language a person or a channel gets.
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
"""The context of command names in the catalogues."""
LANGUAGES = {
    NATIVE: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "pt_BR": "Português do Brasil",
}
"""The languages by the names of their catalogues, each with its own name for itself."""

_language: ContextVar[str] = ContextVar("language", default=NATIVE)


class Catalogue(SentenceFormatter):
    """Formats sentences in the language of a catalogue. name: one of `LANGUAGES`, but not the native one."""

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
        """Return the translated template, or the English one if it is not translated (a test forbids that)."""
        translations = self._translations
        if sentence.plural is not None:
            return translations.ngettext(sentence.template, sentence.plural, sentence.number)
        if sentence.context is not None:
            return translations.pgettext(sentence.context, sentence.template)
        return translations.gettext(sentence.template) if sentence.template else ""

    def listed(self, parts: Sequence[str]) -> str:
        """Return the parts as a list in the language, such as "a, b and c"."""
        return format_list(parts, locale=self._locale)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format a value for a sentence; numbers are written as the language writes them."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return super().format_field(value, format_spec)
        if format_spec.endswith("%"):
            return format_percent(value, locale=self._locale)
        return format(value, format_spec).translate(self._marks)


@cache
def formatter(name: str) -> SentenceFormatter:
    """Return the formatter of a language. A catalogue is read only once, which takes some hundredths of a second."""
    return ENGLISH if name == NATIVE else Catalogue(name)


def translations_of(name: str, prefix: str) -> dict[str, str | list[str]]:
    """Return the translated texts of the source files whose paths start with the prefix, by their English texts.

    A text with plural forms is listed by its singular, with all its forms. name: not the native language.
    """
    with (resources.files(__package__) / f"{name}.po").open("rb") as file:
        catalogue = read_po(file, locale=name)
    found: dict[str, str | list[str]] = {}
    for message in catalogue:
        if message.id and message.string and any(path.startswith(prefix) for path, _ in message.locations):
            if isinstance(message.id, tuple | list):
                found[message.id[0]] = list(message.string)
            else:
                found[message.id] = str(message.string)
    return found


@contextmanager
def using_language(name: str) -> Iterator[None]:
    """Use this language inside the `with` block."""
    token = _language.set(name)
    try:
        yield
    finally:
        _language.reset(token)


def set_language(name: str) -> None:
    """Use this language from now on in the current task."""
    _language.set(name)


def current_language() -> str:
    """Return the language in use."""
    return _language.get()


def say(text: str, **values: object) -> str:
    """Translate a text into the language in use and fill in its placeholders. A plain `str` is used as a template."""
    sentence = text if isinstance(text, Sentence) else Sentence(text)
    return formatter(_language.get()).say(sentence.format(**values) if values else sentence)


def percent(share: float) -> str:
    """Return a share (0 to 1) as a percentage, written as in the language in use."""
    return say(Sentence("{share:.0%}", values={"share": share}))


def command(path: str) -> Sentence:
    """Return one of the bot's commands as people type it, for use in a sentence: `/chiptune queue` for "queue"."""
    names = {f"name{number}": Sentence(name, context=COMMAND) for number, name in enumerate(path.split())}
    return Sentence("/chiptune " + " ".join(f"{{{name}}}" for name in names), values=names)
