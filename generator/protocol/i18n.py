"""Sentences that can be translated after they were made: an English template and the values of its placeholders.

A `Sentence` is the finished English text and keeps its template, also in JSON between processes and in the database.
Translations live in `bot.languages`; this module knows only English. In the source, `_` marks a text to translate and
`ngettext` one that depends on a number, as GNU gettext's tools expect:

    raise InputError(_("There is no bar {bar}.").format(bar=9))
    ngettext("{n} bar", "{n} bars").counted(9)

A value is a number, a plain text (not translated), a sentence (translated), or a tuple of these ("a, b and c").
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any, Self

_NESTED = "sentence"


class Sentence(str):
    """A text that can be translated.

    template, plural, context: its msgid, msgid_plural and msgctxt. number: what the plural depends on.
    values: of the placeholders; None for a template that has not been formatted.
    """

    template: str
    plural: str | None
    number: int
    context: str | None
    values: Mapping[str, object] | None

    def __new__(
        cls,
        template: str,
        *,
        plural: str | None = None,
        number: int = 1,
        context: str | None = None,
        values: Mapping[str, object] | None = None,
    ) -> Self:
        """Return the sentence, which is its English text as a string."""
        form = template if plural is None or number == 1 else plural
        sentence = super().__new__(cls, form if values is None else ENGLISH.vformat(form, (), values))
        sentence.template, sentence.plural, sentence.number = template, plural, number
        sentence.context, sentence.values = context, values
        return sentence

    def format(self, *args: object, **values: object) -> Sentence:
        """Return the sentence with its placeholders filled. Raise KeyError if a value is missing."""
        return Sentence(
            self.template,
            plural=self.plural,
            number=self.number,
            context=self.context,
            values={**(self.values or {}), **values},
        )

    def counted(self, count: float, **values: object) -> Sentence:
        """Return the form for a number, which fills the placeholder `n`. A fraction takes the plural."""
        number = abs(int(count)) if float(count).is_integer() else 2
        values = {**(self.values or {}), **values, "n": count}
        return Sentence(self.template, plural=self.plural, number=number, context=self.context, values=values)

    def to_json(self) -> dict[str, Any]:
        """Return the sentence as a JSON object."""
        texts = {"template": self.template, "plural": self.plural, "context": self.context}
        data: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
        if self.plural is not None:
            data["number"] = self.number
        if self.values is not None:
            data["values"] = {name: _value_to_json(value) for name, value in self.values.items()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sentence:
        """Return the sentence that `to_json` stored."""
        values = data.get("values")
        return cls(
            data["template"],
            plural=data.get("plural"),
            number=data.get("number", 1),
            context=data.get("context"),
            values=None if values is None else {name: _value_from_json(value) for name, value in values.items()},
        )


class SentenceFormatter(string.Formatter):
    """Formats sentences in English. `bot.languages` has a subclass for translations."""

    def say(self, text: str) -> str:
        """Return a sentence in this language. A plain text is looked up like a template without placeholders."""
        sentence = text if isinstance(text, Sentence) else Sentence(text)
        form = self.form(sentence)
        return form if sentence.values is None else self.vformat(form, (), sentence.values)

    def form(self, sentence: Sentence) -> str:
        """Return the template in this language, in the singular or plural form that the sentence needs."""
        return sentence.template if sentence.plural is None or sentence.number == 1 else sentence.plural

    def listed(self, parts: Sequence[str]) -> str:
        """Return parts as one enumeration, such as `a, b and c`."""
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value as text: sentences are translated and tuples enumerated."""
        if isinstance(value, Sentence):
            return self.say(value)
        if isinstance(value, tuple):
            return self.listed([self.format_field(part, format_spec) for part in value])
        return str(super().format_field(value, format_spec))


ENGLISH = SentenceFormatter()


def _(text: str) -> Sentence:
    """Mark a text for translation."""
    return Sentence(text)


def ngettext(singular: str, plural: str, number: int = 1) -> Sentence:
    """Mark a text with a singular and a plural. `Sentence.counted` chooses the form."""
    return Sentence(singular, plural=plural, number=number)


def pgettext(context: str, text: str) -> Sentence:
    """Mark a text whose translation depends on a context, such as the name of a command."""
    return Sentence(text, context=context)


# L10N: two sentences one after the other; a language may need no space between them.
_SENTENCES = _("{before} {after}")
# L10N: two facts in a row.
_FACTS = _("{before}, {after}")
_PAIRS = {" ": _SENTENCES, ", ": _FACTS}
"""How to join two texts in any language, by the separator that English puts between them."""


def joined(separator: str, *parts: str) -> Sentence:
    """Join sentences (separator " ") or facts (separator ", ") as each language joins them. Skip empty parts."""
    whole = Sentence("")
    for part in filter(None, parts):
        whole = (
            _PAIRS[separator].format(before=whole, after=part) if whole else Sentence("{only}", values={"only": part})
        )
    return whole


def sentence_json(text: object) -> dict[str, Any] | None:
    """Return a sentence with values as a JSON object; None for a text that can be translated without one."""
    return text.to_json() if isinstance(text, Sentence) and text.values is not None else None


def _value_to_json(value: object) -> object:
    """Return a value of a sentence as JSON."""
    if isinstance(value, Sentence):
        return {_NESTED: value.to_json()}
    if isinstance(value, tuple):
        return [_value_to_json(part) for part in value]
    return value if isinstance(value, int | float) else str(value)


def _value_from_json(value: object) -> object:
    """Return the value that `_value_to_json` stored."""
    if isinstance(value, dict):
        return Sentence.from_json(value[_NESTED])
    return tuple(map(_value_from_json, value)) if isinstance(value, list) else value
