"""Names with fixed values: scenes, channels, keys, densities and sounds, and how people spell them."""

from __future__ import annotations

import re

from generator.protocol.checks import check_name, is_int, quoted
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _

SCENES = ("stage", "boss", "clear", "title", "game-over", "ending", "town", "dungeon", "menu")

CHANNELS = ("p1", "p2", "tr", "no")

DENSITIES = ("low", "medium", "high")

SOUNDS = ("soundfont", "apu")
"""What plays a tune: FluidSynth with the soundfont, or an imitation of the sound chip itself."""

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

KEYS = (*TONICS, *(f"{tonic}m" for tonic in TONICS))
"""The 24 keys as we write them; `parse_key` also accepts the other spellings (Db, G#m)."""

_SPELLINGS = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E"}

LAST_BAR = 9999

DEFAULT_SECONDS = 30

SCENE_SECONDS = {"clear": 8, "game-over": 8, "menu": 16}
"""Of scenes whose music is short: half of NES-MDB's for these last less than 5, 5 and 13 s."""

DEFAULT_MODEL = "nes"


def called(name: str) -> Sentence:
    """A mode, a scene or a density as people read it."""
    return Sentence(name.replace("-", " "))


def usual_seconds(scene: str | None) -> float:
    """How long a tune is of which no length was asked for."""
    return SCENE_SECONDS.get(scene or "", DEFAULT_SECONDS)


def parse_key(text: object) -> str:
    """A key as a person types it (`c`, `F#m`, `bb minor`) in our spelling; raises InputError."""
    match = re.fullmatch(r"\s*([A-Ga-g])([#b♯♭]?)\s*(m|min|minor|maj|major|)\s*", text if isinstance(text, str) else "")
    if not match:
        said = _("There is no key called {name}: write C, F#, Bb for major and Cm, F#m, Bbm for minor.")
        raise InputError(said.format(name=quoted(text)))
    letter, accidental, mode = match.groups()
    tonic = letter.upper() + accidental.replace("♯", "#").replace("♭", "b")
    return _SPELLINGS.get(tonic, tonic) + ("m" if mode in ("m", "min", "minor") else "")


def parse_channels(value: object) -> tuple[str, ...]:
    """Channels to keep as a person types them (`p1,tr`) or as JSON has them, in their order; raises InputError.

    At least one, and not all four: there would be nothing to write.
    """
    found = [part.strip().lower() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not found:
        said = _("The channels to keep are some of {names}, not {value}.")
        raise InputError(said.format(names=", ".join(CHANNELS), value=quoted(value)))
    for name in found:
        check_name(_("channel"), name, CHANNELS)
    if len(set(found)) == len(CHANNELS):
        raise InputError(_("Keep one to three channels: with all four kept there is nothing to write."))
    return tuple(name for name in CHANNELS if name in found)


def parse_span(value: object) -> tuple[int, int]:
    """Bars as a person types them (`5-8`, `5`) or as JSON has them ([5, 8]), first and last; raises InputError."""
    found: object = value
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", value)):
        found = [int(match[1]), int(match[2] or match[1])]
    if not isinstance(found, list | tuple) or len(found) != 2 or not all(map(is_int, found)):
        said = _("The bars to write anew are a first and a last one, such as 5-8, not {value}.")
        raise InputError(said.format(value=quoted(value)))
    first, last = found
    if not 1 <= first <= last <= LAST_BAR:
        said = _("The bars to write anew go from a first to a later one, not from {first} to {last}.")
        raise InputError(said.format(first=first, last=last))
    return first, last
