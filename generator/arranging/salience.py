"""How much a line is heard as the melody, the bass or the harmony, from moment to moment.

Features of each line over some seconds, weighed. What follows from it, one line at a time, is `generator.arranging.path`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generator.arranging.lines import Line
from generator.importer import Part

Array = npt.NDArray[np.float64]

SLICE = 6
"""Frames: the step in which lines are followed."""
BLOCK = 16
"""Slices: the step in which features are taken, each over `2 * REACH + 1` blocks (8 s)."""
REACH = 2
BREATH = 36
"""Frames of rest within a phrase."""
RECENT = 480
"""Frames within which three notes that come back count as repetition."""

LOW = 48
"""C3: a line that is mostly below is a bass."""
PULSES = 2
"""Lines that the pulses can play: only of more does the triangle take one that does not lie low."""
STAND_IN = 0.4
"""The share of its chance that such a line is worth."""

FEATURES = (
    "height", "register", "low", "loud", "rate", "variety", "steps", "same", "repeat", "rhythm", "cover", "solo", "top",
    "bottom", "chords",
)  # fmt: skip
FAMILIES = 16
"""General MIDI's groups of eight programs."""


@dataclass(frozen=True, slots=True)
class Field:
    """Lines over time: whether each is in a phrase [slices, lines], mid-phrase, and its features [slices, lines, features]."""

    lines: Sequence[Line]
    active: npt.NDArray[np.bool_]
    features: Array
    families: npt.NDArray[np.int64]
    names: Array


def field_of(lines: Sequence[Line], parts: Sequence[Part]) -> Field:
    slices = max(stroke.end for line in lines for stroke in line.strokes) // SLICE + 1
    slices += -slices % BLOCK
    blocks = slices // BLOCK
    active = np.zeros((slices, len(lines)), dtype=bool)
    pitch = np.full((slices, len(lines)), np.nan)
    sums = np.zeros((blocks, len(lines), 9))
    classes = np.zeros((blocks, len(lines), 12))
    for i, line in enumerate(lines):
        start = np.array([s.start for s in line.strokes])
        end = np.array([s.end for s in line.strokes])
        high = np.array([s.tones[0].pitch for s in line.strokes], dtype=np.float64)
        loud = np.array([max(t.velocity for t in s.tones) for s in line.strokes], dtype=np.float64)
        end[:-1] = np.minimum(end[:-1], start[1:])
        at = start // (SLICE * BLOCK)
        gap = np.diff(start, append=start[-1] + 60)
        move = np.abs(np.diff(high, prepend=high[0]))
        ioi = np.log2(np.clip(gap, 1, 240))
        stats = np.stack(
            [np.ones_like(high), high, loud, (move > 0) & (move <= 4), move == 0, _repeats(start, high), ioi, ioi**2,
             end - start], axis=1,
        )  # fmt: skip
        np.add.at(sums[:, i], at, stats)
        np.add.at(classes[:, i], (at, high.astype(int) % 12), 1.0)
        for a, b, following, p in zip(
            start // SLICE, -(-end // SLICE), np.append(start[1:], 1 << 30), high, strict=True
        ):
            until = int(following) // SLICE if following - b * SLICE < BREATH else b
            active[a:until, i] = True
            pitch[a:until, i] = p
    features = _features(_windowed(sums), _windowed(classes), lines, pitch, active)
    families = np.array([parts[line.part].program // 8 for line in lines])
    return Field(lines, active, features, families, np.array([name_hint(parts[line.part].name) for line in lines]))


def _repeats(start: npt.NDArray[np.int64], pitch: Array) -> Array:
    """1 for each note that ends three pitches heard in this line shortly before."""
    found = np.zeros(len(pitch))
    last: dict[tuple[float, ...], int] = {}
    for i in range(2, len(pitch)):
        three = (pitch[i - 2], pitch[i - 1], pitch[i])
        if start[i] - last.get(three, -RECENT) < RECENT:
            found[i] = 1
        last[three] = int(start[i])
    return found


def _windowed(sums: Array) -> Array:
    """Sums over neighbouring blocks, with a little of the whole line's, so that a few notes alone say little."""
    padded = np.concatenate([np.zeros((1, *sums.shape[1:])), np.cumsum(sums, axis=0)])
    n = len(sums)
    low, high = np.maximum(np.arange(n) - REACH, 0), np.minimum(np.arange(n) + REACH + 1, n)
    used = np.maximum((sums[:, :, :1] if sums.ndim == 3 else sums).sum(axis=(0, 2)), 1e-9)
    return padded[high] - padded[low] + 3 * (sums.sum(axis=0) / used[:, None])[None]


def _features(sums: Array, classes: Array, lines: Sequence[Line], pitch: Array, active: npt.NDArray[np.bool_]) -> Array:
    slices, count = active.shape
    n = sums[..., 0]
    mean, loud, steps, same, repeat = (sums[..., i] / n for i in range(1, 6))
    ioi = sums[..., 6] / n
    rhythm = np.sqrt(np.maximum(sums[..., 7] / n - ioi**2, 0))
    share = classes / np.maximum(classes.sum(axis=-1, keepdims=True), 1e-9)
    variety = -(share * np.log(np.maximum(share, 1e-9))).sum(axis=-1) / np.log(12)
    cover = np.minimum(sums[..., 8] / n / np.maximum(2**ioi, 1), 1)
    lowered = np.where(active, pitch, np.nan)
    height = np.zeros((slices, count))
    for i in range(count):
        with np.errstate(invalid="ignore"):
            height[:, i] = (lowered < lowered[:, i : i + 1]).sum(axis=1)
    others = np.maximum(active.sum(axis=1, keepdims=True) - 1, 1)
    height = _smooth(np.where(active, height / others, 0.0), active)
    loudest = np.where(active.reshape(-1, BLOCK, count).any(axis=1), loud, 0).max(axis=1, keepdims=True)
    kinds = {
        kind: np.array([line.kind == kind for line in lines], dtype=np.float64)
        for kind in ("solo", "top", "bottom", "chords")
    }
    block = np.stack(
        [
            np.zeros_like(mean),
            -np.abs(mean - 72) / 12,
            np.maximum(0, 55 - mean) / 12,
            loud / np.maximum(loudest, 1),
            -np.abs(6 - ioi + np.log2(1) - 1.8),
            variety,
            steps,
            same,
            repeat,
            rhythm,
            cover,
            *(np.broadcast_to(kinds[kind], mean.shape) for kind in ("solo", "top", "bottom", "chords")),
        ],
        axis=-1,
    )
    full = np.repeat(block, BLOCK, axis=0)
    full[..., 0] = height
    return full


def _smooth(values: Array, active: npt.NDArray[np.bool_]) -> Array:
    """Means over the reach of the features, of the slices in which a line is active."""
    shape = (-1, BLOCK, values.shape[1])
    total = _windowed(
        np.stack([active.reshape(shape).sum(axis=1), values.reshape(shape).sum(axis=1)], axis=-1).astype(float)
    )
    return np.repeat(total[..., 1] / np.maximum(total[..., 0], 1e-9), BLOCK, axis=0)


_HINTS = (
    (re.compile(r"melod|\blead|vocal|\bvox\b|\bsolo\b", re.I), 1.0),
    (re.compile(r"echo|delay|reverb|bass|chord|pad|back|accomp|rhythm|harmon|string|fx|effect|drum|perc", re.I), -1.0),
)


def name_hint(name: str) -> float:
    """1 where a part's name says that it leads, -1 where it says that it does not."""
    return next((hint for words, hint in _HINTS if words.search(name)), 0.0)


def _likely(score: Array, possible: npt.NDArray[np.bool_]) -> Array:
    """How likely each line is beside the likeliest, whose worth is 1; 0 for lines that are not possible.

    Not shares of one whole, since a line that two parts play would then be worth half.
    """
    scores = np.where(possible, score, -np.inf)
    top = scores.max(axis=1, keepdims=True)
    return np.asarray(np.exp(scores - np.where(np.isfinite(top), top, 0)))


def _weigh(field: Field, weights: dict[str, float]) -> Array:
    return np.asarray(field.features @ np.array([weights.get(name, 0.0) for name in FEATURES]))


MELODY = {
    "height": 1.2, "register": 0.8, "loud": 2.5, "rate": 1.0, "variety": 0.5, "steps": 0.7, "same": -0.3, "repeat": -0.5,
    "rhythm": 0.2, "cover": 0.3, "solo": 1.5, "bottom": -1.0,
}  # fmt: skip
MELODY_FAMILIES = np.array([0.1, 0, 0.1, -0.3, -1, -0.2, -0.2, 0, 0.3, 0, 0.8, -0.4, -0.4, 0.2, -0.4, -1])
BASS = {"height": -6.0, "low": 1.5, "solo": 1.0, "bottom": 1.0, "cover": 0.5, "loud": 1.0}
BASS_FAMILIES = np.eye(FAMILIES)[4] * 3.0
HARMONY = {
    "low": -3.0, "loud": 1.0, "rate": 1.2, "variety": 1.5, "steps": 0.5, "cover": 1.0, "height": 2.0, "solo": 1.0, "chords": 0.7,
    "top": -3.0, "bottom": -3.0,
}  # fmt: skip


ECHO, DOUBLE = 2.0, 4.0
"""What the score as harmony is less of an echo, and of a line that plays the same notes as another."""


def melody_worth(field: Field) -> Array:
    score = _weigh(field, MELODY) + MELODY_FAMILIES[field.families] + 2.0 * field.names
    return _likely(score, field.active & np.array([line.kind != "chords" for line in field.lines]))


def bass_worth(field: Field) -> Array:
    """Of each line as the bass; more than half a chance only for lines that lie low, in themselves or in their song."""
    pitches = [sorted(stroke.tones[-1].pitch for stroke in line.strokes) for line in field.lines]
    middles = np.array([line[len(line) // 2] for line in pitches])
    everything = sorted(pitch for line in pitches for pitch in line)
    deep = middles <= max(LOW, everything[len(everything) // 3])
    count = field.active.sum(axis=1, keepdims=True)
    lone = (field.active & (count == 1)).sum(axis=0) > 0.6 * np.maximum(field.active.sum(axis=0), 1)
    low = np.array([line.kind in ("solo", "bottom") for line in field.lines])
    able = low & np.where(deep, ~lone | (middles < LOW), count > PULSES)
    likely = _likely(_weigh(field, BASS) + BASS_FAMILIES[field.families], field.active & able)
    return likely * np.where(deep, 1.0, STAND_IN)


def harmony_worth(field: Field, echoes: frozenset[int], doubled: frozenset[int]) -> Array:
    """Of each line as the second voice. echoes: parts that repeat what is played already; doubled: tones that do."""
    echo = np.array([line.part in echoes for line in field.lines])
    score = _weigh(field, HARMONY) - ECHO * echo - DOUBLE * _share(field, doubled)
    return _likely(score, field.active)


def _share(field: Field, tones: frozenset[int]) -> Array:
    """The share of each line's strokes, over the reach of the features, whose highest tone is one of these."""
    slices, lines = field.active.shape
    sums = np.zeros((slices // BLOCK, lines, 2))
    for i, line in enumerate(field.lines):
        at = [stroke.start // (SLICE * BLOCK) for stroke in line.strokes]
        np.add.at(sums[:, i], at, [(1.0, stroke.tones[0].number in tones) for stroke in line.strokes])
    total = _windowed(sums)
    return np.repeat(total[..., 1] / np.maximum(total[..., 0], 1e-9), BLOCK, axis=0)
