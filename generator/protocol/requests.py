"""A request: everything that decides a tune. It is checked when it is made, and converted to JSON and back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generator.protocol.checks import check_name, quoted
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.modes import FIELDS, MODES
from generator.protocol.names import SOUNDS, readable_name
from generator.protocol.options import SEEDS, options_of
from generator.protocol.tastes import Taste
from models.weights import DEFAULT_MODEL

VERSION = 1

NEEDS_FILE = _("A remix needs a MIDI file.")

USUAL_TAKES = 8
"""The takes of a new tune if a request gives no number. Together they cost 2.5 to 5 times one."""
USUAL_SECONDS = 240.0
"""The most music that is composed for such a request, all takes together, so that long tunes do not take for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides a tune: the same request gives the same score on the same model and engine.

    Raises InputError if a field is outside its limits (`generator.protocol.options`) or its mode has no use for it
    (`generator.protocol.modes`). Bars count from 1.

    seconds or bars, bpm, key, scene, density: None leaves the choice to the model.
    takes: how many tunes are composed, of which the best is kept. None for `usual_takes` in a new tune, and in a remix
    (or by a model without a critic) for as many as it takes to get one without faults, within reason.
    taste: has a say between takes with equally few faults; None leaves the choice to the model's critic.
    sound: what plays the tune, one of `SOUNDS`; the score does not depend on it.

    For a remix:
    upload: the SHA-256 of the MIDI file. name: the file's name. transpose: semitones.
    keep: the channels that are accompanied. strength: the share of the bars that are varied.
    from_bar: the bar that a continuation begins with. span: the first and the last bar that are written anew.
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
            message = _("This request is of version {version}; only version {known} is understood.")
            raise InputError(message.format(version=quoted(self.version), known=VERSION))
        check_name(_("mode"), self.mode, tuple(MODES))
        self._check_upload()
        for name, option in options_of(self.mode).items():
            object.__setattr__(self, name, option.checked(getattr(self, name)))
        if self.seconds is not None and self.bars is not None:
            raise InputError(_("Give the length in seconds or in bars, not in both."))
        self._check_unused()

    def _check_upload(self) -> None:
        """Raise InputError if the upload is not a digest, is missing, or is not needed."""
        if self.upload is not None and not re.fullmatch(r"[0-9a-f]{64}", str(self.upload)):
            raise InputError(_("The upload is named by the SHA-256 of its bytes."))
        if MODES[self.mode].needs_file != (self.upload is not None):
            raise InputError(NEEDS_FILE if self.upload is None else _("A new tune takes no MIDI file."))

    def _check_unused(self) -> None:
        """Raise InputError if a field is set that the mode has no use for."""
        options = options_of(self.mode)
        for name in sorted(FIELDS - MODES[self.mode].fields):
            if getattr(self, name) is not None:
                message = _("The mode {mode} has no use for {field}: leave it out.")
                raise InputError(message.format(mode=readable_name(self.mode), field=options[name].title))

    def to_dict(self) -> dict[str, Any]:
        """Return the request as a JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> Request:
        """Return the request that a JSON object describes. Raise InputError for anything else."""
        if not isinstance(data, Mapping):
            raise InputError(_("A request is a JSON object."))
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(_("A request has no field called {name}.").format(name=quoted(unknown[0])))
        return cls(**data)


def random_seed() -> int:
    """Return a seed for a request that does not give one."""
    return secrets.randbelow(SEEDS)


def usual_takes(seconds: float) -> int:
    """Return how many takes of a new tune of a length are composed if a request gives no number."""
    return max(1, min(USUAL_TAKES, int(USUAL_SECONDS // max(1.0, seconds))))
