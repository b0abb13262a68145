"""Learns a codebook of sounds from recorded songs: k-means over envelopes, and the most frequent duty curves.

What a codebook means and how notes name its sounds is in `models.tokens.sounds`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from models.music.score import CHANNELS, NO, P1, TR, Score
from models.tokens.sounds import (
    DUTY_FRAMES,
    ENVELOPE_FRAMES,
    SHAPES,
    Attack,
    Codebook,
    Curves,
    attacks,
    mean_squared_errors,
    pad_curves,
)

SAMPLE_SIZE = 40_000
"""The most attacks of the pulses, and of the noise, that a codebook is learnt from."""
_ROUNDS = 16
"""Iterations of Lloyd's algorithm (1982)."""


class _Sample:
    """A uniform sample of a stream of attacks, by Vitter's algorithm R (1985)."""

    def __init__(self, random: np.random.Generator) -> None:
        self.kept: list[Attack] = []
        self._random, self._seen = random, 0

    def add(self, attack: Attack) -> None:
        self._seen += 1
        if len(self.kept) < SAMPLE_SIZE:
            self.kept.append(attack)
        elif (i := int(self._random.integers(self._seen))) < SAMPLE_SIZE:
            self.kept[i] = attack


def learn_codebook(scores: Iterable[Score], seed: int) -> Codebook | None:
    """Return a codebook of the envelopes and duties in recorded songs, or None if they have none."""
    random = np.random.default_rng(seed)
    pulse, noise = _Sample(random), _Sample(random)
    for score in scores:
        for channel, notes in enumerate(score.channels):
            if channel != TR:
                for attack in attacks(notes):
                    (noise if channel == NO else pulse).add(attack)
    if not pulse.kept and not noise.kept:
        return None
    return Codebook(
        _envelopes(random, pulse.kept, SHAPES["pulse"][0]),
        _envelopes(random, noise.kept, SHAPES["noise"][0]),
        _common_duties(pulse.kept),
    )


def _envelopes(random: np.random.Generator, attacks: list[Attack], count: int) -> list[list[int]]:
    """Return `count` envelopes [count, 48] by k-means. Of an attack, only the frames that it lasts count.

    The initial centres are distinct envelopes, however often each occurs, which fits rare ones better.
    """
    if not attacks:
        return [[CHANNELS[NO].volumes[1]] * ENVELOPE_FRAMES] * count
    values, lasts = pad_curves([attack.volumes for attack in attacks], ENVELOPE_FRAMES)
    filled = hold_last(values, lasts)
    different = np.unique(filled, axis=0)
    centres = different[random.choice(len(different), count, replace=len(different) < count)]
    for _ in range(_ROUNDS):
        own = np.eye(count, dtype=np.float32)[mean_squared_errors(values, lasts, centres).argmin(axis=1)].T
        weight = own @ lasts
        mean = (own @ (values * lasts)) / np.maximum(weight, 1)
        centres = hold_last(mean, np.asarray(weight > 0, np.float32))
        unused = np.flatnonzero(weight[:, 0] == 0)
        centres[unused] = filled[random.integers(len(attacks), size=len(unused))]
    return [list(map(int, row)) for row in np.round(centres)]


def hold_last(values: Curves, lasts: Curves) -> Curves:
    """Return curves [rows, frames] whose last value stays to the end."""
    ends = np.maximum(lasts.sum(axis=1).astype(int) - 1, 0)
    frames = np.minimum(np.arange(values.shape[1])[None], ends[:, None])
    return np.asarray(np.take_along_axis(values, frames, axis=1))


def _common_duties(attacks: Iterable[Attack]) -> list[list[int]]:
    """Return the constant duties, then the most frequent changing curves, then the first again to fill the table."""
    count, frames = SHAPES["duty"]
    steady = [[duty] * frames for duty in range(CHANNELS[P1].duties[1] + 1)]
    seen = Counter(attack.duties[:DUTY_FRAMES] for attack in attacks if len(attack.duties) >= DUTY_FRAMES)
    changing = [list(course) for course, _ in seen.most_common() if len(set(course)) > 1]
    courses = [*steady, *changing[: count - len(steady)]]
    return courses + [steady[0]] * (count - len(courses))
