"""The features of a tune that a taste weighs, and the taste in a request."""

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
"""What is measured on each score, in this order: beats a minute; notes a second; drum notes a second; the shares of
time in which pulse 2 and the triangle sound; the mean MIDI pitch of pulse 1; 1 for minor, 0 for major; the share of
notes that begin off the half beats; the entropy of the pitch classes in bits; the share of bars that recur; the median
length of a note in seconds; the mean volume, 0 to 15."""

MAX_DEVIATIONS = 3.0
"""A feature farther from its mean than this many standard deviations counts as if it were this far."""

Taste = dict[str, tuple[float, float, float]]
"""By feature: what one standard deviation more adds to the logit of a like, its mean, and its standard deviation."""


def parse_taste(value: object) -> Taste:
    """Return a taste from JSON ({"tempo": [0.4, 140, 22], …}). Raise InputError if it is not one."""
    if not isinstance(value, Mapping):
        raise InputError(_("A taste holds three numbers for each of its features."))
    taste: Taste = {}
    for name, item in value.items():
        check_name(_("feature"), name, FEATURES)
        numbers = item if isinstance(item, list | tuple) else ()
        if len(numbers) != 3 or not all(is_int(number) or isinstance(number, float) for number in numbers):
            raise InputError(_("The taste of {name} is a weight, a mean and a standard deviation.").format(name=name))
        try:
            weight, mean, deviation = map(float, numbers)
        except OverflowError:  # an integer beyond every float
            weight = mean = deviation = math.inf
        if not all(map(math.isfinite, (weight, mean, deviation))) or deviation <= 0:
            message = _("The taste of {name} is three finite numbers, the standard deviation above 0.")
            raise InputError(message.format(name=name))
        taste[name] = (weight, mean, deviation)
    return taste


def standardized(value: float, mean: float, deviation: float) -> float:
    """Return how many standard deviations a feature is from its mean, at most `MAX_DEVIATIONS` either way."""
    return max(-MAX_DEVIATIONS, min(MAX_DEVIATIONS, (value - mean) / deviation))
