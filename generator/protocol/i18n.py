"""Sentences that can still be said in another language: a template of English and what stands in its gaps.

A `Sentence` is the finished English text, and remembers how it came about, also across processes and in rows. What it
is in other languages is up to whoever says it: here it is English alone. In the source `_` marks what is to be
translated, and `ngettext` what depends on a number, as GNU gettext's tools expect them:

    raise InputError(_("There is no bar {bar}.").format(bar=9))
    ngettext("{n} bar", "{n} bars").counted(9)

Values are numbers, texts (which nobody translates), sentences (which are), and tuples of these ("a, b and c").
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any, Self

_NESTED = "sentence"


class Sentence(str):
    """A text that can be translated. `template`, `plural`, `context`: its msgid, msgid_plural and msgctxt.

    number: what the plural depends on. values: what stands in the gaps; None for a template that nobody has filled.
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
        """A sentence in English."""
        form = template if plural is None or number == 1 else plural
        made = super().__new__(cls, form if values is None else ENGLISH.vformat(form, (), values))
        made.template, made.plural, made.number, made.context, made.values = template, plural, number, context, values
        return made

    def format(self, *args: object, **values: object) -> Sentence:
        """The sentence with its gaps filled. Raises KeyError where a value is missing."""
        return Sentence(
            self.template,
            plural=self.plural,
            number=self.number,
            context=self.context,
            values={**(self.values or {}), **values},
        )

    def counted(self, count: float, **values: object) -> Sentence:
        """The form for a number, which stands in the gap `n`. A number that is no whole one counts as several."""
        number = abs(int(count)) if float(count).is_integer() else 2
        found = {**(self.values or {}), **values, "n": count}
        return Sentence(self.template, plural=self.plural, number=number, context=self.context, values=found)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        found = {"template": self.template, "plural": self.plural, "context": self.context}
        data: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
        if self.plural is not None:
            data["number"] = self.number
        if self.values is not None:
            data["values"] = {name: _plain(value) for name, value in self.values.items()}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sentence:
        """The sentence that `to_json` gave."""
        values = data.get("values")
        return cls(
            data["template"],
            plural=data.get("plural"),
            number=data.get("number", 1),
            context=data.get("context"),
            values=None if values is None else {name: _revived(value) for name, value in values.items()},
        )


class Speaker(string.Formatter):
    """Says sentences, in English; one for another language knows what templates are in it."""

    def say(self, text: str) -> str:
        """A sentence in this language; a text that is none is taken for a template without gaps."""
        sentence = text if isinstance(text, Sentence) else Sentence(text)
        form = self.form(sentence)
        return form if sentence.values is None else self.vformat(form, (), sentence.values)

    def form(self, sentence: Sentence) -> str:
        """What a sentence's template is in this language, in the form that its count asks for."""
        return sentence.template if sentence.plural is None or sentence.number == 1 else sentence.plural

    def listed(self, parts: Sequence[str]) -> str:
        """`a, b and c`."""
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value as it stands in a sentence."""
        if isinstance(value, Sentence):
            return self.say(value)
        if isinstance(value, tuple):
            return self.listed([self.format_field(part, format_spec) for part in value])
        return str(super().format_field(value, format_spec))


ENGLISH = Speaker()


def _(text: str) -> Sentence:
    """Mark a text as one to translate."""
    return Sentence(text)


def ngettext(singular: str, plural: str, number: int = 1) -> Sentence:
    """Mark a text that differs by a number. `Sentence.counted` gives the form for another one."""
    return Sentence(singular, plural=plural, number=number)


def pgettext(context: str, text: str) -> Sentence:
    """Mark a text that is only what it is in a context, such as a command's name."""
    return Sentence(text, context=context)


# L10N: two sentences one after the other; a language may need no space between them.
_SENTENCES = _("{before} {after}")
# L10N: two facts in a row.
_FACTS = _("{before}, {after}")
_PAIRS = {" ": _SENTENCES, ", ": _FACTS}
"""What joins two texts in each language, by what joins them in English."""


def joined(glue: str, *parts: str) -> Sentence:
    """Sentences one after the other (" ") or facts in a row (", "), as each language joins them.

    Empty ones are left out.
    """
    whole = Sentence("")
    for part in filter(None, parts):
        whole = _PAIRS[glue].format(before=whole, after=part) if whole else Sentence("{only}", values={"only": part})
    return whole


def said_of(text: object) -> dict[str, Any] | None:
    """What a text is made of, as JSON holds it, where it is a sentence that cannot be said again without."""
    return text.to_json() if isinstance(text, Sentence) and text.values is not None else None


def _plain(value: object) -> object:
    """A value as JSON holds it."""
    if isinstance(value, Sentence):
        return {_NESTED: value.to_json()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, int | float) else str(value)


def _revived(value: object) -> object:
    """The value that `_plain` gave."""
    if isinstance(value, dict):
        return Sentence.from_json(value[_NESTED])
    return tuple(map(_revived, value)) if isinstance(value, list) else value
