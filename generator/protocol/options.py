"""The table of the options of a request: their limits and choices, and what people read about them.

The command line, Discord's commands, the page's form and the checks of `Request` read this table. Which mode uses which
option is in `generator.protocol.modes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.protocol.checks import check_name, check_number, quoted
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _
from generator.protocol.modes import MODES, REMIX_MODES
from generator.protocol.names import DENSITIES, KEYS, LAST_BAR, SCENES, SOUNDS, parse_channels, parse_key, parse_span
from generator.protocol.tastes import parse_taste

SEEDS = 2**31
"""Seeds are 0 to one less than this."""

SHOWN_LIMIT = 9999
"""The help does not show a higher limit, such as that of seeds."""

NO_MODEL = _("There is no model called {name}.")


def parse_model(value: object) -> str:
    """Return the name of a model. Raise InputError if it cannot be the name of one."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9-]{1,40}", value):
        raise InputError(NO_MODEL.format(name=quoted(value)))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a request.

    name: the field of `Request`. parameter: what Discord's commands call it, if not by its name.
    title: what sentences call the option. noun: what they call its value ("The length must be …"), if that differs.
    description: what Discord's commands and the command line say about it; empty for an option that nobody types.
    kind: the type of its value. limits: the lowest and the highest number. unit: their unit in a sentence.
    choices: the names that it may be. parse: converts what was typed or sent, and raises InputError.
    required: whether it may not be None.
    """

    name: str
    title: Sentence
    noun: str = ""
    description: str = ""
    kind: type[int] | type[float] | type[str] = str
    limits: tuple[float, float] = (0, 0)
    unit: str = ""
    choices: tuple[str, ...] = ()
    parse: Callable[[object], Any] | None = None
    required: bool = False
    parameter: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "noun", self.noun or self.title)
        object.__setattr__(self, "parameter", self.parameter or self.name)

    @property
    def low(self) -> float:
        """The lowest number."""
        return self.limits[0]

    @property
    def high(self) -> float:
        """The highest number."""
        return self.limits[1]

    @property
    def help(self) -> str:
        """The description with the choices or limits, for the command line."""
        hint = ""
        if self.kind is not str and self.high <= SHOWN_LIMIT:
            hint = f" ({self.low:g} to {self.high:g})"
        elif self.choices and self.parse is None:
            hint = f" ({', '.join(self.choices)})"
        return self.description + hint

    def checked(self, value: object) -> Any:
        """Return a value as the request holds it. Raise InputError if it is outside the limits or not a choice."""
        if value is None and not self.required:
            return None
        if self.parse is not None:
            return self.parse(value)
        if self.choices:
            check_name(self.noun, value, self.choices)
        elif self.kind is not str:
            check_number(self.noun, value, self.limits, self.unit, whole=self.kind is int)
        return value


SCENE = Option(
    name="scene",
    title=_("scene"),
    description="The scene that it plays in",
    choices=SCENES,
)
DENSITY = Option(
    name="density",
    title=_("density"),
    description="How many notes",
    choices=DENSITIES,
)
SOUND = Option(
    name="sound",
    title=_("sound"),
    description="What plays it; the notes stay the same",
    choices=SOUNDS,
    required=True,
)
KEY = Option(
    name="key",
    title=_("key"),
    description="Such as C, F# or Bb for major, Cm or F#m for minor",
    choices=KEYS,
    parse=parse_key,
)
SECONDS = Option(
    name="seconds",
    title=_("seconds"),
    noun=_("length"),
    description="How long it plays",
    kind=float,
    limits=(2, 180),
    unit=_("seconds"),
)
BARS = Option(
    name="bars",
    title=_("bars"),
    noun=_("length"),
    description="How long it plays, in bars",
    kind=int,
    limits=(1, 64),
    unit=_("bars"),
)
BPM = Option(
    name="bpm",
    title=_("bpm"),
    noun=_("tempo"),
    description="Beats per minute",
    kind=float,
    limits=(90, 180),
    unit="BPM",
    parameter="tempo",
)
TEMPERATURE = Option(
    name="temperature",
    title=_("temperature"),
    description="Below 1 plays it safe, above 1 takes risks",
    kind=float,
    limits=(0.1, 2.0),
    required=True,
)
TAKES = Option(
    name="takes",
    title=_("takes"),
    noun=_("number of takes"),
    description="Compose this many and keep the best",
    kind=int,
    limits=(1, 8),
)
SEED = Option(
    name="seed",
    title=_("seed"),
    description="The same seed and options give the same tune again",
    kind=int,
    limits=(0, SEEDS - 1),
    required=True,
)
MODEL = Option(
    name="model",
    title=Sentence("model"),
    description="A folder of models/weights",
    parse=parse_model,
    required=True,
)
TASTE = Option(
    name="taste",
    title=_("taste"),
    parse=parse_taste,
)
TRANSPOSE = Option(
    name="transpose",
    title=_("transpose"),
    noun=_("transposition"),
    description="Semitones up or down",
    kind=int,
    limits=(-24, 24),
    unit=_("semitones"),
)
STRENGTH = Option(
    name="strength",
    title=_("strength"),
    description="Vary: how much of it changes, 0 to 1",
    kind=float,
    limits=(0, 1),
)
FROM_BAR = Option(
    name="from_bar",
    title=_("from bar"),
    noun=_("bar"),
    description="Continue: the first new bar; after the end if left out",
    kind=int,
    limits=(1, LAST_BAR),
)
KEEP = Option(
    name="keep",
    title=_("keep"),
    description="Accompany: the channels that stay as they are",
    parse=parse_channels,
)
SPAN = Option(
    name="span",
    title=_("span"),
    description="Infill: the bars to rewrite, such as 5-8",
    parse=parse_span,
)

REMIX_BPM = replace(BPM, limits=(40, 300))
"""A file may have any tempo; a new tune has one of those that the model knows."""
REMIX_BARS = replace(BARS, description="Continue: how many new bars")
REMIX_SOUND = replace(SOUND, description="What plays it; if left out, as the tune was or as usual")


def _table(*options: Option) -> dict[str, Option]:
    return {option.name: option for option in options}


OPTIONS = _table(
    SCENE, DENSITY, SOUND, KEY, SECONDS, BARS, BPM, TEMPERATURE, TAKES, SEED, MODEL,
    TRANSPOSE, STRENGTH, FROM_BAR, KEEP, SPAN, TASTE,
)  # fmt: skip
"""Every option by its field, in the order in which a request checks them."""

COMMON_FIELDS = frozenset(("sound", "temperature", "seed", "model"))
"""The options that no mode refuses."""

GENERATE_OPTIONS = {
    name: option for name, option in OPTIONS.items() if name in MODES["generate"].fields | COMMON_FIELDS
}
"""The options of a new tune."""

REMIX_OPTIONS = {
    name: option
    for name, option in (OPTIONS | _table(REMIX_BPM, REMIX_BARS, REMIX_SOUND)).items()
    if name in COMMON_FIELDS.union(*(mode.fields for mode in REMIX_MODES.values()))
}
"""The options of a remix."""


def options_of(mode: str) -> Mapping[str, Option]:
    """Return all options by field, with the limits that they have in a mode."""
    return OPTIONS | (REMIX_OPTIONS if MODES[mode].needs_file else {})
