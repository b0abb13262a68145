"""The features that a taste is about, and a taste as it travels in a request."""

from __future__ import annotations

import math
from collections.abc import Mapping

from generator.protocol.checks import check_name, is_int
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

FEATURES = (
    "tempo",
    "notes",
    "drums",
    "harmony",
    "bass",
    "melody",
    "minor",
    "syncopation",
    "pitches",
    "repetition",
    "length",
    "volume",
)
"""What is measured on each score, and what a taste is about: beats a minute; notes and drums a second; the shares of
time that pulse 2 and triangle sound; the mean MIDI pitch of pulse 1; 1 for minor and 0 for major; the share of notes
off the half beats; the entropy of the pitch classes in bits; the share of bars that recur; a note's median length in
seconds; the mean volume, 0 to 15."""

FARTHEST = 3.0
"""Standard deviations that a feature counts at the most: what is stranger still is not liked or disliked more."""

Taste = dict[str, tuple[float, float, float]]
"""By feature: what a standard deviation more of it adds to the logit of a like; its mean and its standard deviation."""


def parse_taste(value: object) -> Taste:
    """A taste as JSON has it ({"tempo": [0.4, 140, 22], …}); raises InputError."""
    if not isinstance(value, Mapping):
        raise InputError(_("A taste holds three numbers for each of its features."))
    found: Taste = {}
    for name, numbers in value.items():
        check_name(_("feature"), name, FEATURES)
        known = numbers if isinstance(numbers, list | tuple) else ()
        if len(known) != 3 or not all(is_int(one) or isinstance(one, float) for one in known):
            raise InputError(_("The taste of {name} is a weight, a mean and a standard deviation.").format(name=name))
        try:
            weight, mean, deviation = map(float, known)
        except OverflowError:  # an integer beyond every float
            weight = mean = deviation = math.inf
        if not all(map(math.isfinite, (weight, mean, deviation))) or deviation <= 0:
            said = _("The taste of {name} is three finite numbers, the standard deviation above 0.")
            raise InputError(said.format(name=name))
        found[name] = (weight, mean, deviation)
    return found


def standard(value: float, mean: float, deviation: float) -> float:
    """A feature in standard deviations from its mean, `FARTHEST` at the most."""
    return max(-FARTHEST, min(FARTHEST, (value - mean) / deviation))
