"""How much a line is heard as the melody, the bass or the harmony, from moment to moment.

Weights of the features of `generator.arranging.features`, set by hand and judged by what `benchmarks.importing.arranger`
measures and draws. What follows from them, one line at a time, is `generator.arranging.path`'s.
"""

from __future__ import annotations

import numpy as np

from generator.arranging.features import FEATURES, Array, Field, Mask, share_of_strokes

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
"""What a line has more or less as melody for General MIDI's groups of eight programs: leads (10) have most."""
BASSES = 4
"""General MIDI's group of basses."""
IS_BASS = 3.0
NAMED = 2.0
"""What a line has more as melody where its part is named for it."""
ECHO, DOUBLE = 4.0, 4.0
"""What a line has less as harmony that is an echo, or that plays the same notes as another."""

LOW = 48
"""C3: a line that is mostly below is a bass."""
PULSES = 2
"""Lines that the pulses can play: only of more does the triangle take one that does not lie low."""
STAND_IN = 0.4
"""The share of its chance that such a line is worth."""
ALONE = 0.6
"""A line that plays alone for more of its time than this is no bass, unless it is low."""


def melody_worth(field: Field) -> Array:
    """Of each line as the melody [slices, lines]."""
    score = _weigh(field, MELODY) + MELODY_FAMILIES[field.families] + NAMED * field.names
    return _likely(score, field.active & np.array([line.kind != "chords" for line in field.lines]))


def bass_worth(field: Field) -> Array:
    """Of each line as the bass; more than half a chance only for lines that lie low, in themselves or in their song."""
    pitches = [sorted(stroke.tones[-1].pitch for stroke in line.strokes) for line in field.lines]
    middles = np.array([line[len(line) // 2] for line in pitches])
    everything = sorted(pitch for line in pitches for pitch in line)
    deep = middles <= max(LOW, everything[len(everything) // 3])
    count = field.active.sum(axis=1, keepdims=True)
    lone = (field.active & (count == 1)).sum(axis=0) > ALONE * np.maximum(field.active.sum(axis=0), 1)
    single = np.array([line.kind in ("solo", "bottom") for line in field.lines])
    able = single & np.where(deep, ~lone | (middles < LOW), count > PULSES)
    likely = _likely(_weigh(field, BASS) + IS_BASS * (field.families == BASSES), field.active & able)
    return likely * np.where(deep, 1.0, STAND_IN)


def harmony_worth(field: Field, echoes: frozenset[int], doubled: frozenset[int]) -> Array:
    """Of each line as the second voice. echoes: parts that repeat what is played already; doubled: tones that do."""
    echo = np.array([line.part in echoes for line in field.lines])
    double = share_of_strokes(field, lambda stroke: stroke.tones[0].number in doubled)
    return _likely(_weigh(field, HARMONY) - ECHO * echo - DOUBLE * double, field.active)


def _weigh(field: Field, weights: dict[str, float]) -> Array:
    return np.asarray(field.features @ np.array([weights.get(name, 0.0) for name in FEATURES]))


def _likely(score: Array, possible: Mask) -> Array:
    """How likely each line is beside the likeliest, whose worth is 1; 0 for lines that are not possible.

    Not shares of one whole, since a line that two parts play would then be worth half.
    """
    scores = np.where(possible, score, -np.inf)
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(np.exp(scores - np.where(np.isfinite(top), top, 0)))
