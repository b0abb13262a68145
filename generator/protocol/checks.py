"""Checks of single values. Each raises `InputError` with a sentence for the person who sent the value."""

from __future__ import annotations

from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _

SHOWN_LENGTH = 40
"""The most characters of a wrong value that a sentence quotes."""


def is_int(value: object) -> bool:
    """Return whether a value is a whole number; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_name(noun: str, value: object, names: tuple[str, ...]) -> None:
    """Raise InputError if a value is not one of `names`. noun: what the value is, for the message."""
    if value not in names:
        message = _("The {what} must be one of {names}, not {value}.")
        raise InputError(message.format(what=noun, names=", ".join(names), value=quoted(value)))


def check_number(noun: str, value: object, limits: tuple[float, float], unit: str = "", *, whole: bool = False) -> None:
    """Raise InputError if a value is not a number within `limits`, both included. noun, unit: for the message."""
    low, high = limits
    number = is_int(value) or (isinstance(value, float) and not whole)
    if not number or not low <= value <= high:  # type: ignore[operator]
        message = _("The {what} must be {low} to {high}, not {value}.")
        if whole:
            message = _("The {what} must be a whole number from {low} to {high}, not {value}.")
        highest = Sentence("{number} {unit}").format(number=high, unit=unit) if unit else high
        raise InputError(message.format(what=noun, low=low, high=highest, value=quoted(value)))


def quoted(value: object) -> str:
    """Return a value in quotation marks, shortened and on one line."""
    text = " ".join(str(value).split())
    return f"“{text[:SHOWN_LENGTH]}{'…' if len(text) > SHOWN_LENGTH else ''}”"
