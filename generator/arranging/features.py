"""What can be told of each line from moment to moment: where it lies, how it moves, how loud and how often it plays.

Features are means over some seconds, so that a few notes alone say little. What they make of a line is weighed in
`generator.arranging.salience`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generator.arranging.lines import Line, Stroke
from generator.importing.importer import Part

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SLICE = 6
"""Frames: the step in which lines are followed."""
BLOCK = 16
"""Slices: the step in which features are taken, each over `2 * REACH + 1` blocks (8 s)."""
REACH = 2
PRIOR = 3
"""Strokes that the whole line's mean counts for in each window."""
BREATH = 36
"""Frames of rest within a phrase."""
RECENT = 480
"""Frames within which three notes that come back count as repetition."""
STEP = 4
"""Semitones of the largest move that counts as a step: a third."""
LONGEST_GAP = 240
"""Frames between strokes above which it no longer matters how many."""
LAST_GAP = 60
"""Frames to the stroke after the last."""

MIDDLE, DEEP = 72, 55
"""C5, where tunes lie, and G3, under which lines are low."""
PACE = 4.2
"""Logarithm (base 2) of the frames between the notes of a tune that goes neither fast nor slow: 18."""

KINDS = ("solo", "top", "bottom", "chords")
FEATURES = (
    "height", "register", "low", "loud", "rate", "variety", "steps", "same", "repeat", "rhythm", "cover", *KINDS,
)  # fmt: skip
"""height: share of the lines playing that are below, 0 to 1. register: octaves from `MIDDLE`, negative. low: octaves
under `DEEP`. loud: beside the loudest line playing. rate: octaves of pace from `PACE`, negative. variety: entropy of
the pitch classes, 1 for all twelve alike. steps, same, repeat: shares of the strokes that move by a step, stay, end
three pitches heard shortly before. rhythm: standard deviation of the gaps' logarithms. cover: how much of the time
between strokes is filled. Then one for each kind of line."""
_TOLD = 9
"""Numbers told of each stroke, to be summed."""


@dataclass(frozen=True, slots=True)
class Field:
    """Lines over time.

    active: whether each is in a phrase [slices, lines]. features: [slices, lines, features]. families: General MIDI's
    group of eight programs of each line [lines]. names: what its part's name hints at, -1 to 1 [lines].
    """

    lines: Sequence[Line]
    active: Mask
    features: Array
    families: npt.NDArray[np.int64]
    names: Array


def field_of(lines: Sequence[Line], parts: Sequence[Part]) -> Field:
    """The field of some lines of these parts; at least one."""
    slices = max(stroke.end for line in lines for stroke in line.strokes) // SLICE + 1
    slices += -slices % BLOCK
    pitch = np.full((slices, len(lines)), np.nan)
    sums = np.zeros((slices // BLOCK, len(lines), _TOLD))
    classes = np.zeros((slices // BLOCK, len(lines), 12))
    for i, line in enumerate(lines):
        _sum_up(line.strokes, pitch[:, i], sums[:, i], classes[:, i])
    active = ~np.isnan(pitch)
    block = _block_features(windowed(sums), classes_shares(classes, sums[..., 0]), lines, active)
    features = np.repeat(block, BLOCK, axis=0)
    features[..., FEATURES.index("height")] = _height(pitch, active)
    families = np.array([parts[line.part].program // 8 for line in lines])
    return Field(lines, active, features, families, np.array([name_hint(parts[line.part].name) for line in lines]))


def share_of_strokes(field: Field, counts: Callable[[Stroke], bool]) -> Array:
    """The share of each line's strokes in each window for which `counts` is true [slices, lines]."""
    sums = np.zeros((len(field.active) // BLOCK, len(field.lines), 2))
    for i, line in enumerate(field.lines):
        at = [stroke.start // (SLICE * BLOCK) for stroke in line.strokes]
        np.add.at(sums[:, i], at, [(1.0, counts(stroke)) for stroke in line.strokes])
    total = windowed(sums)
    return np.repeat(total[..., 1] / np.maximum(total[..., 0], 1e-9), BLOCK, axis=0)


def windowed(sums: Array, counts: Array | None = None) -> Array:
    """Sums [blocks, lines, numbers] over neighbouring blocks, with `PRIOR` of the whole line's mean.

    counts: how many things were summed [blocks, lines]; by default the first of the numbers.
    """
    padded = np.concatenate([np.zeros((1, *sums.shape[1:])), np.cumsum(sums, axis=0)])
    blocks = np.arange(len(sums))
    low, high = np.maximum(blocks - REACH, 0), np.minimum(blocks + REACH + 1, len(sums))
    whole = np.maximum((sums[..., 0] if counts is None else counts).sum(axis=0), 1e-9)
    return np.asarray(padded[high] - padded[low] + PRIOR * sums.sum(axis=0) / whole[:, None])


def classes_shares(classes: Array, counts: Array) -> Array:
    """The share of each pitch class in each window [blocks, lines, 12]."""
    total = windowed(classes, counts)
    return np.asarray(total / np.maximum(total.sum(axis=-1, keepdims=True), 1e-9))


def _sum_up(strokes: Sequence[Stroke], pitch: Array, sums: Array, classes: Array) -> None:
    """Fill one line's pitch while it is in a phrase [slices], and its sums by block."""
    start = np.array([stroke.start for stroke in strokes])
    end = np.array([stroke.end for stroke in strokes])
    end[:-1] = np.minimum(end[:-1], start[1:])
    high = np.array([stroke.tones[0].pitch for stroke in strokes], dtype=np.float64)
    loud = np.array([max(tone.velocity for tone in stroke.tones) for stroke in strokes], dtype=np.float64)
    gap = np.log2(np.clip(np.diff(start, append=start[-1] + LAST_GAP), 1, LONGEST_GAP))
    move = np.abs(np.diff(high, prepend=high[0]))
    told = (
        np.ones_like(high), high, loud, (move > 0) & (move <= STEP), move == 0, _repeats(start, high), gap, gap**2,
        end - start,
    )  # fmt: skip
    block = start // (SLICE * BLOCK)
    np.add.at(sums, block, np.stack(told, axis=1))
    np.add.at(classes, (block, high.astype(int) % 12), 1.0)
    following = np.append(start[1:], np.iinfo(start.dtype).max)
    for first, last, after, height in zip(start // SLICE, -(-end // SLICE), following, high, strict=True):
        pitch[first : after // SLICE if after - last * SLICE < BREATH else last] = height


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


def _block_features(sums: Array, classes: Array, lines: Sequence[Line], active: Mask) -> Array:
    """All features [blocks, lines, features], but for the height, which is 0 here."""
    count = sums[..., 0]
    pitch, loud, steps, same, repeat, gap, gap_squared, sounding = (sums[..., i] / count for i in range(1, _TOLD))
    variety = -(classes * np.log(np.maximum(classes, 1e-9))).sum(axis=-1) / np.log(12)
    playing = active.reshape(-1, BLOCK, len(lines)).any(axis=1)
    loudest = np.where(playing, loud, 0).max(axis=1, keepdims=True)
    found = {
        "height": np.zeros_like(pitch),
        "register": -np.abs(pitch - MIDDLE) / 12,
        "low": np.maximum(0, DEEP - pitch) / 12,
        "loud": loud / np.maximum(loudest, 1),
        "rate": -np.abs(PACE - gap),
        "variety": variety,
        "steps": steps,
        "same": same,
        "repeat": repeat,
        "rhythm": np.sqrt(np.maximum(gap_squared - gap**2, 0)),
        "cover": np.minimum(sounding / np.maximum(2**gap, 1), 1),
    }
    for kind in KINDS:
        found[kind] = np.broadcast_to([float(line.kind == kind) for line in lines], pitch.shape)
    return np.stack([found[name] for name in FEATURES], axis=-1)


def _height(pitch: Array, active: Mask) -> Array:
    """Of the lines active in each slice the share that lies lower, as a mean over the window [slices, lines]."""
    lower = np.stack([(pitch < line[:, None]).sum(axis=1) for line in pitch.T], axis=1)
    share = np.where(active, lower / np.maximum(active.sum(axis=1, keepdims=True) - 1, 1), 0.0)
    shape = (-1, BLOCK, pitch.shape[1])
    both = np.stack([active.reshape(shape).sum(axis=1), share.reshape(shape).sum(axis=1)], axis=-1)
    total = windowed(both.astype(np.float64))
    return np.repeat(total[..., 1] / np.maximum(total[..., 0], 1e-9), BLOCK, axis=0)


_HINTS = (
    (re.compile(r"melod|\blead|vocal|\bvox\b|\bsolo\b", re.I), 1.0),
    (re.compile(r"echo|delay|reverb|bass|chord|pad|back|accomp|rhythm|harmon|string|fx|effect|drum|perc", re.I), -1.0),
)


def name_hint(name: str) -> float:
    """1 where a part's name says that it leads, -1 where it says that it does not."""
    return next((hint for words, hint in _HINTS if words.search(name)), 0.0)
