"""Why a voice was heard as the melody or the bass: what distinguishes it most from the voices that play beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from generator.arranging.features import FEATURES, Array, Mask, VoiceFeatures
from generator.arranging.salience import BASS, BASSES, IS_BASS, MELODY, MELODY_FAMILIES
from generator.protocol.i18n import Sentence, _

NAMED_SHARE = 0.5
"""The share of the melody that parts named as leads must play for their names to be the reason, whatever else is."""
ALONE = 0.9
"""The share of a voice's time without others at which that is the reason."""
ONLY = _("no other part could be it")
NAME, LEAD, BASS_INSTRUMENT = _("its name says so"), _("its instrument leads"), _("a bass plays it")
HIGHEST, LOUDEST, LOWEST = _("it is the highest"), _("it is the loudest"), _("it is the lowest")
MOVES, ONE_NOTE = _("it moves like a melody"), _("it plays one note at a time")

REASONS: Mapping[str, Sentence] = {
    "height": HIGHEST, "register": HIGHEST, "loud": LOUDEST, "rate": MOVES, "variety": MOVES, "steps": MOVES,
    "same": MOVES, "repeat": MOVES, "rhythm": MOVES, "cover": MOVES, "solo": ONE_NOTE, "bottom": ONE_NOTE,
    "low": LOWEST,
}  # fmt: skip
"""What people read about each feature."""


def melody_reason(features: VoiceFeatures, followed: Mask) -> Sentence:
    """Return why these voices are the melody. followed: whether the melody is each voice [slices, voices]."""
    shape = features.active.shape
    if np.broadcast_to(features.names > 0, shape)[followed].mean() > NAMED_SHARE:
        return NAME
    whole = {LEAD: np.broadcast_to(MELODY_FAMILIES[features.families], shape)}
    return _reason(features, followed, MELODY, whole)


def bass_reason(features: VoiceFeatures, followed: Mask) -> Sentence:
    """Return why these voices are the bass. followed: whether the bass is each voice [slices, voices]."""
    played = np.broadcast_to(IS_BASS * (features.families == BASSES), features.active.shape)
    return _reason(features, followed, BASS, {BASS_INSTRUMENT: played}, {"height": LOWEST})


def _reason(
    features: VoiceFeatures,
    followed: Mask,
    weights: Mapping[str, float],
    whole: Mapping[Sentence, Array],
    own: Mapping[str, Sentence] | None = None,
) -> Sentence:
    """Return the reason with the largest gain over the voices beside it.

    whole: what is added to a voice's score for a reason [slices, voices]. own: reasons other than `REASONS`.
    """
    rivals = features.active & ~followed
    contested: Mask = np.logical_and(followed.any(axis=1), rivals.any(axis=1))
    if contested.sum() < (1 - ALONE) * max(1, followed.any(axis=1).sum()):
        return ONLY
    gains: dict[Sentence, float] = {
        reason: _gain(values, followed, rivals, contested) for reason, values in whole.items()
    }
    for name, weight in weights.items():
        reason = (own or {}).get(name) or REASONS[name]
        values = weight * features.values[..., FEATURES.index(name)]
        gains[reason] = gains.get(reason, 0.0) + _gain(values, followed, rivals, contested)
    return max(gains, key=lambda reason: gains[reason])


def _gain(values: Array, followed: Mask, rivals: Mask, contested: Mask) -> float:
    """Return how much higher values of the followed voices are than the means of their rivals."""
    ours = np.where(followed, values, 0).sum(axis=1) / np.maximum(followed.sum(axis=1), 1)
    theirs = np.where(rivals, values, 0).sum(axis=1) / np.maximum(rivals.sum(axis=1), 1)
    return float((ours - theirs)[contested].mean())
