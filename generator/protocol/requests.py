"""A request: everything that decides a tune, checked when it is made, JSON in both directions."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generator.protocol.checks import check_name, check_number, quoted
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.modes import FIELD_TITLES, MODES, NEEDS_FILE
from generator.protocol.names import (
    DEFAULT_MODEL,
    DENSITIES,
    LAST_BAR,
    SCENES,
    SOUNDS,
    called,
    parse_channels,
    parse_key,
    parse_span,
)
from generator.protocol.tastes import Taste, parse_taste

VERSION = 1

SECONDS = (2, 180)

BARS = (1, 64)

BPM = (90, 180)

REMIX_BPM = (40, 300)
"""A file's own tempo can be anything; a new tune's is one of those that the model knows."""

TEMPERATURE = (0.1, 2.0)

TAKES = (1, 8)

STRENGTH = (0, 1)

TRANSPOSE = (-24, 24)

SEEDS = 2**31

NO_MODEL = _("There is no model called {name}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides a tune: the same request on the same model and engine gives the same score.

    seconds or bars, bpm, key, scene, density: None leaves the choice to the model. takes: how many are composed, of
    which the best is kept; None for as many as it takes until one has no fault, within reason. For a remix,
    upload: the SHA-256 of the MIDI file's bytes; name: what the upload was called; transpose: semitones; keep: the
    channels that are accompanied; strength: the share of bars that are varied; from_bar: the bar that a continuation
    begins with; span: the first and the last bar that are written anew. Bars count from 1. sound: what plays it, one of
    `SOUNDS`; the tune is the same. taste: which of several takes without more faults than others is kept, None: the
    likeliest by the model. Raises InputError where a field is out of its range, or its mode has no use for it.
    """

    mode: str = "generate"
    seed: int = 0
    seconds: float | None = None
    bars: int | None = None
    bpm: float | None = None
    key: str | None = None
    scene: str | None = None
    density: str | None = None
    temperature: float = 1.0
    takes: int | None = None
    model: str = DEFAULT_MODEL
    upload: str | None = None
    name: str | None = None
    transpose: int | None = None
    keep: tuple[str, ...] | None = None
    strength: float | None = None
    from_bar: int | None = None
    span: tuple[int, int] | None = None
    sound: str = SOUNDS[0]
    taste: Taste | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            said = _("This request is of version {version}; only version {known} is understood.")
            raise InputError(said.format(version=quoted(self.version), known=VERSION))
        check_name(_("mode"), self.mode, tuple(MODES))
        if self.scene is not None:
            check_name(_("scene"), self.scene, SCENES)
        if self.density is not None:
            check_name(_("density"), self.density, DENSITIES)
        check_name(_("sound"), self.sound, SOUNDS)
        if self.key is not None:
            object.__setattr__(self, "key", parse_key(self.key))
        check_number(_("length"), self.seconds, SECONDS, _("seconds"))
        check_number(_("length"), self.bars, BARS, _("bars"), whole=True)
        check_number(_("tempo"), self.bpm, BPM if self.mode == "generate" else REMIX_BPM, "BPM")
        check_number(_("temperature"), self.temperature, TEMPERATURE)
        check_number(_("number of takes"), self.takes, TAKES, whole=True)
        check_number(_("seed"), self.seed, (0, SEEDS - 1), whole=True)
        if not isinstance(self.model, str) or not re.fullmatch(r"[a-z0-9-]{1,40}", self.model):
            raise InputError(NO_MODEL.format(name=quoted(self.model)))
        self._check_remix()

    def _check_remix(self) -> None:
        """What only a remix has, and which mode has a use for what."""
        if self.upload is not None and not re.fullmatch(r"[0-9a-f]{64}", str(self.upload)):
            raise InputError(_("The upload is named by the SHA-256 of its bytes."))
        if (self.mode != "generate") != (self.upload is not None):
            raise InputError(NEEDS_FILE if self.upload is None else _("A new tune takes no MIDI file."))
        check_number(_("transposition"), self.transpose, TRANSPOSE, _("semitones"), whole=True)
        check_number(_("strength"), self.strength, STRENGTH)
        check_number(_("bar"), self.from_bar, (1, LAST_BAR), whole=True)
        if self.keep is not None:
            object.__setattr__(self, "keep", parse_channels(self.keep))
        if self.span is not None:
            object.__setattr__(self, "span", parse_span(self.span))
        if self.taste is not None:
            object.__setattr__(self, "taste", parse_taste(self.taste))
        if self.seconds is not None and self.bars is not None:
            raise InputError(_("Give the length in seconds or in bars, not in both."))
        for name in sorted(set().union(*MODES.values()) - MODES[self.mode]):
            if getattr(self, name) is not None:
                said = _("The mode {mode} has no use for {field}: leave it out.")
                raise InputError(said.format(mode=called(self.mode), field=FIELD_TITLES[name]))

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> Request:
        """From JSON; raises InputError for anything that is no request."""
        if not isinstance(data, Mapping):
            raise InputError(_("A request is a JSON object."))
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(_("A request has no field called {name}.").format(name=quoted(unknown[0])))
        return cls(**data)


def random_seed() -> int:
    """A seed for somebody who named none."""
    return secrets.randbelow(SEEDS)
