"""Checks of single values that raise `InputError` with a sentence for the person."""

from __future__ import annotations

from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _


def is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_name(what: Sentence, value: object, names: tuple[str, ...]) -> None:
    """Raise InputError where a name is none of those known."""
    if value not in names:
        said = _("The {what} must be one of {names}, not {value}.")
        raise InputError(said.format(what=what, names=", ".join(names), value=quoted(value)))


def check_number(
    what: Sentence, value: object, limits: tuple[float, float], unit: str = "", *, whole: bool = False
) -> None:
    """Raise InputError where a number is none or out of its limits; None passes."""
    if value is None:
        return
    low, high = limits
    number = is_int(value) or (isinstance(value, float) and not whole)
    if not number or not low <= value <= high:  # type: ignore[operator]
        said = _("The {what} must be {low} to {high}, not {value}.")
        if whole:
            said = _("The {what} must be a whole number from {low} to {high}, not {value}.")
        most = Sentence("{number} {unit}").format(number=high, unit=unit) if unit else high
        raise InputError(said.format(what=what, low=low, high=most, value=quoted(value)))


def quoted(value: object) -> str:
    """A value in a sentence, shortened and without line breaks."""
    text = " ".join(str(value).split())
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"
