"""The names that a request may use (scenes, channels, keys, densities, sounds), and how people type them.

Scenes, keys and channels are defined in `models`; the bot imports them from here.
"""

from __future__ import annotations

import re

from generator.protocol.checks import check_name, is_int, quoted
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _
from models.music.keys import KEYS, TONIC_SPELLINGS
from models.music.scenes import DEFAULT_SECONDS, SCENES
from models.music.score import CHANNEL_NAMES

__all__ = [
    "CHANNEL_NAMES",
    "DEFAULT_SECONDS",
    "DENSITIES",
    "KEYS",
    "LAST_BAR",
    "SCENES",
    "SOUNDS",
    "parse_channels",
    "parse_key",
    "parse_span",
    "readable_name",
]

DENSITIES = ("low", "medium", "high")

SOUNDS = ("soundfont", "apu")
"""What plays a tune: FluidSynth with the soundfont, or an emulation of the sound chip. The first is the default."""

LAST_BAR = 9999
"""The highest number that a bar may have in a request."""


def readable_name(name: str) -> Sentence:
    """Return the name of a mode, a scene or a density as people read it."""
    return Sentence(name.replace("-", " "))


def parse_key(text: object) -> str:
    """Return a key as a person types it (`c`, `F#m`, `bb minor`) in its canonical spelling. Raise InputError."""
    match = re.fullmatch(r"\s*([A-Ga-g])([#b♯♭]?)\s*(m|min|minor|maj|major|)\s*", text if isinstance(text, str) else "")
    if not match:
        message = _("There is no key called {name}: write C, F#, Bb for major and Cm, F#m, Bbm for minor.")
        raise InputError(message.format(name=quoted(text)))
    letter, accidental, mode = match.groups()
    tonic = letter.upper() + accidental.replace("♯", "#").replace("♭", "b")
    return TONIC_SPELLINGS.get(tonic, tonic) + ("m" if mode in ("m", "min", "minor") else "")


def parse_channels(value: object) -> tuple[str, ...]:
    """Return the channels to keep, typed (`p1,tr`) or from JSON (["p1", "tr"]), in the order of the channels.

    Raise InputError for anything but one to three channels: if all four were kept, nothing would be left to compose.
    """
    names = [part.strip().lower() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        message = _("The channels to keep are some of {names}, not {value}.")
        raise InputError(message.format(names=", ".join(CHANNEL_NAMES), value=quoted(value)))
    for name in names:
        check_name(_("channel"), name, CHANNEL_NAMES)
    if len(set(names)) == len(CHANNEL_NAMES):
        raise InputError(_("Keep one to three channels: with all four kept there is nothing to write."))
    return tuple(name for name in CHANNEL_NAMES if name in names)


def parse_span(value: object) -> tuple[int, int]:
    """Return the first and the last bar of a span, typed (`5-8`, `5`) or from JSON ([5, 8]). Raise InputError."""
    bars: object = value
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", value)):
        bars = [int(match[1]), int(match[2] or match[1])]
    if not isinstance(bars, list | tuple) or len(bars) != 2 or not all(map(is_int, bars)):
        message = _("The bars to write anew are a first and a last one, such as 5-8, not {value}.")
        raise InputError(message.format(value=quoted(value)))
    first, last = bars
    if not 1 <= first <= last <= LAST_BAR:
        message = _("The bars to write anew go from a first to a later one, not from {first} to {last}.")
        raise InputError(message.format(first=first, last=last))
    return first, last
