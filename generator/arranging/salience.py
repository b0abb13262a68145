"""How much a voice is heard as the melody, the bass or the harmony, from moment to moment.

The weights of the features in `generator.arranging.features` were set by hand and judged by what
`benchmarks.importing.arranger` measures and draws. `generator.arranging.viterbi` then selects one voice at a time.
"""

from __future__ import annotations

import numpy as np

from generator.arranging.features import FEATURES, Array, Mask, VoiceFeatures, share_of_chords

MELODY = {
    "height": 1.2, "register": 0.8, "loud": 2.5, "rate": 1.0, "variety": 0.5, "steps": 0.7, "same": -0.3,
    "repeat": -0.5, "rhythm": 0.2, "cover": 0.3, "solo": 1.5, "bottom": -1.0,
}  # fmt: skip
BASS = {"height": -6.0, "low": 1.5, "solo": 1.0, "bottom": 1.0, "cover": 0.5, "loud": 1.0}
HARMONY = {
    "low": -3.0, "loud": 1.0, "rate": 1.2, "variety": 1.5, "steps": 0.5, "cover": 1.0, "height": 2.0, "solo": 1.0,
    "chords": 0.7, "top": -3.0, "bottom": -3.0,
}  # fmt: skip

MELODY_FAMILIES = np.array([0.1, 0, 0.1, -0.3, -1, -0.2, -0.2, 0, 0.3, 0, 0.8, -0.4, -0.4, 0.2, -0.4, -1])
"""Added to a voice's melody score for each General MIDI family of eight programs: leads (10) get the most."""
BASSES = 4
"""General MIDI's family of basses."""
IS_BASS = 3.0
NAMED = 2.0
"""Added to a voice's melody score if its part is named as a lead."""
ECHO, DOUBLE = 4.0, 4.0
"""Subtracted from a voice's harmony score if it echoes another, or plays the same notes."""

LOW = 48
"""C3: a voice that is mostly below is a bass."""
PULSES = 2
"""Voices that the pulses can play. Only if there are more does the triangle take one that is not low."""
STAND_IN = 0.4
"""The factor by which the salience of such a voice is reduced."""
ALONE = 0.6
"""A voice that plays alone for more than this share of its time is not a bass, unless it is low."""


def melody_salience(features: VoiceFeatures) -> Array:
    """Return the salience of each voice as the melody [slices, voices]."""
    score = _weighted_sum(features, MELODY) + MELODY_FAMILIES[features.families] + NAMED * features.names
    return _relative_chance(score, features.active & np.array([voice.kind != "chords" for voice in features.voices]))


def bass_salience(features: VoiceFeatures) -> Array:
    """Return the salience of each voice as the bass [slices, voices]; above `STAND_IN` only for voices that are low, in
    absolute terms or for their song.
    """
    pitches = [sorted(chord.notes[-1].pitch for chord in voice.chords) for voice in features.voices]
    middles = np.array([voice[len(voice) // 2] for voice in pitches])
    everything = sorted(pitch for voice in pitches for pitch in voice)
    deep = middles <= max(LOW, everything[len(everything) // 3])
    count = features.active.sum(axis=1, keepdims=True)
    lone = (features.active & (count == 1)).sum(axis=0) > ALONE * np.maximum(features.active.sum(axis=0), 1)
    single = np.array([voice.kind in ("solo", "bottom") for voice in features.voices])
    able = single & np.where(deep, ~lone | (middles < LOW), count > PULSES)
    likely = _relative_chance(
        _weighted_sum(features, BASS) + IS_BASS * (features.families == BASSES), features.active & able
    )
    return likely * np.where(deep, 1.0, STAND_IN)


def harmony_salience(features: VoiceFeatures, echoes: frozenset[int], doubled: frozenset[int]) -> Array:
    """Return the salience of each voice as the second voice [slices, voices].

    echoes: parts that repeat what is already played. doubled: numbers of notes that do.
    """
    echo = np.array([voice.part in echoes for voice in features.voices])
    double = share_of_chords(features, lambda chord: chord.notes[0].number in doubled)
    return _relative_chance(_weighted_sum(features, HARMONY) - ECHO * echo - DOUBLE * double, features.active)


def _weighted_sum(features: VoiceFeatures, weights: dict[str, float]) -> Array:
    """Return the weighted sum of the features [slices, voices]."""
    return np.asarray(features.values @ np.array([weights.get(name, 0.0) for name in FEATURES]))


def _relative_chance(score: Array, possible: Mask) -> Array:
    """Return how likely each voice is compared with the likeliest, which gets 1; impossible voices get 0.

    Shares of a whole would halve the salience of a voice that two parts play.
    """
    scores = np.where(possible, score, -np.inf)
    highest = scores.max(axis=1, keepdims=True)
    return np.asarray(np.exp(scores - np.where(np.isfinite(highest), highest, 0)))
