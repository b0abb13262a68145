"""Measures each voice from moment to moment: where it lies, how it moves, how loud and how often it plays.

Features are means over some seconds, so that a few notes alone say little. `generator.arranging.salience` weighs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generator.arranging.voices import Chord, Voice
from generator.importing.importer import Part

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SLICE = 6
"""Frames: the step in which voices are followed."""
BLOCK = 16
"""Slices: the step in which features are measured, each over `2 * REACH + 1` blocks (8 s)."""
REACH = 2
PRIOR = 3
"""The number of chords that the whole voice's mean counts for in each window."""
PHRASE_REST = 36
"""Frames: the longest rest within a phrase."""
RECENT = 480
"""Frames within which three notes that return count as repetition."""
STEP = 4
"""Semitones of the largest move that counts as a step: a third."""
LONGEST_GAP = 240
"""Frames between chords beyond which the exact number does not matter."""
LAST_GAP = 60
"""Frames from the last chord to an assumed next one."""

MELODY_PITCH, LOW_PITCH = 72, 55
"""C5, where melodies lie, and G3, below which voices are low."""
PACE = 4.2
"""Logarithm (base 2) of the frames between notes of a melody at medium pace: 18."""

KINDS = ("solo", "top", "bottom", "chords")
FEATURES = (
    "height", "register", "low", "loud", "rate", "variety", "steps", "same", "repeat", "rhythm", "cover", *KINDS,
)  # fmt: skip
"""height: share of the playing voices that are lower, 0 to 1. register: octaves from `MELODY_PITCH`, negative. low:
octaves below `LOW_PITCH`. loud: compared with the loudest voice playing. rate: octaves of pace from `PACE`, negative.
variety: entropy of the pitch classes, 1 if all twelve are equally frequent. steps, same, repeat: shares of the chords
that move by a step, stay, or end three pitches heard shortly before. rhythm: standard deviation of the gaps'
logarithms. cover: share of the time between chords that is filled. Then one feature for each kind of voice."""
_SUMS = 9
"""Numbers summed for each chord."""


@dataclass(frozen=True, slots=True)
class VoiceFeatures:
    """Voices with their features over time.

    active: whether each is in a phrase [slices, voices]. values: [slices, voices, features]. families: General MIDI's
    family of eight programs of each voice [voices]. names: what its part's name suggests, -1 to 1 [voices].
    """

    voices: Sequence[Voice]
    active: Mask
    values: Array
    families: npt.NDArray[np.int64]
    names: Array


def voice_features(voices: Sequence[Voice], parts: Sequence[Part]) -> VoiceFeatures:
    """Return the features of at least one voice of these parts."""
    slices = max(chord.end for voice in voices for chord in voice.chords) // SLICE + 1
    slices += -slices % BLOCK
    pitch = np.full((slices, len(voices)), np.nan)
    sums = np.zeros((slices // BLOCK, len(voices), _SUMS))
    classes = np.zeros((slices // BLOCK, len(voices), 12))
    for i, voice in enumerate(voices):
        _sum_up(voice.chords, pitch[:, i], sums[:, i], classes[:, i])
    active = ~np.isnan(pitch)
    block = _block_features(windowed(sums), classes_shares(classes, sums[..., 0]), voices, active)
    features = np.repeat(block, BLOCK, axis=0)
    features[..., FEATURES.index("height")] = _height(pitch, active)
    families = np.array([parts[voice.part].program // 8 for voice in voices])
    return VoiceFeatures(
        voices, active, features, families, np.array([name_hint(parts[voice.part].name) for voice in voices])
    )


def share_of_chords(features: VoiceFeatures, counts: Callable[[Chord], bool]) -> Array:
    """Return the share of each voice's chords in each window for which `counts` is true [slices, voices]."""
    sums = np.zeros((len(features.active) // BLOCK, len(features.voices), 2))
    for i, voice in enumerate(features.voices):
        at = [chord.start // (SLICE * BLOCK) for chord in voice.chords]
        np.add.at(sums[:, i], at, [(1.0, counts(chord)) for chord in voice.chords])
    total = windowed(sums)
    return np.repeat(total[..., 1] / np.maximum(total[..., 0], 1e-9), BLOCK, axis=0)


def windowed(sums: Array, counts: Array | None = None) -> Array:
    """Return sums [blocks, voices, numbers] over neighbouring blocks, plus `PRIOR` times the whole voice's mean.

    counts: how many things were summed [blocks, voices]; by default the first of the numbers.
    """
    padded = np.concatenate([np.zeros((1, *sums.shape[1:])), np.cumsum(sums, axis=0)])
    blocks = np.arange(len(sums))
    low, high = np.maximum(blocks - REACH, 0), np.minimum(blocks + REACH + 1, len(sums))
    whole = np.maximum((sums[..., 0] if counts is None else counts).sum(axis=0), 1e-9)
    return np.asarray(padded[high] - padded[low] + PRIOR * sums.sum(axis=0) / whole[:, None])


def classes_shares(classes: Array, counts: Array) -> Array:
    """Return the share of each pitch class in each window [blocks, voices, 12]."""
    total = windowed(classes, counts)
    return np.asarray(total / np.maximum(total.sum(axis=-1, keepdims=True), 1e-9))


def _sum_up(chords: Sequence[Chord], pitch: Array, sums: Array, classes: Array) -> None:
    """Fill in one voice's pitch while it is in a phrase [slices], and its sums by block. Slides are no notes of their
    own: a line does not become more of a melody by them.
    """
    chords = [chord for chord in chords if not chord.notes[0].slide] or chords
    start = np.array([chord.start for chord in chords])
    end = np.array([chord.end for chord in chords])
    end[:-1] = np.minimum(end[:-1], start[1:])
    high = np.array([chord.notes[0].pitch for chord in chords], dtype=np.float64)
    loud = np.array([max(source.velocity for source in chord.notes) for chord in chords], dtype=np.float64)
    gap = np.log2(np.clip(np.diff(start, append=start[-1] + LAST_GAP), 1, LONGEST_GAP))
    move = np.abs(np.diff(high, prepend=high[0]))
    columns = (
        np.ones_like(high), high, loud, (move > 0) & (move <= STEP), move == 0, _repeats(start, high), gap, gap**2,
        end - start,
    )  # fmt: skip
    block = start // (SLICE * BLOCK)
    np.add.at(sums, block, np.stack(columns, axis=1))
    np.add.at(classes, (block, high.astype(int) % 12), 1.0)
    following = np.append(start[1:], np.iinfo(start.dtype).max)
    for first, last, after, height in zip(start // SLICE, -(-end // SLICE), following, high, strict=True):
        pitch[first : after // SLICE if after - last * SLICE < PHRASE_REST else last] = height


def _repeats(start: npt.NDArray[np.int64], pitch: Array) -> Array:
    """Return 1 for each note that ends three pitches heard in this voice shortly before, and 0 for the others."""
    values = np.zeros(len(pitch))
    last: dict[tuple[float, ...], int] = {}
    for i in range(2, len(pitch)):
        three = (pitch[i - 2], pitch[i - 1], pitch[i])
        if start[i] - last.get(three, -RECENT) < RECENT:
            values[i] = 1
        last[three] = int(start[i])
    return values


def _block_features(sums: Array, classes: Array, voices: Sequence[Voice], active: Mask) -> Array:
    """Return all features [blocks, voices, features]; the height is still 0."""
    count = sums[..., 0]
    pitch, loud, steps, same, repeat, gap, gap_squared, sounding = (sums[..., i] / count for i in range(1, _SUMS))
    variety = -(classes * np.log(np.maximum(classes, 1e-9))).sum(axis=-1) / np.log(12)
    playing = active.reshape(-1, BLOCK, len(voices)).any(axis=1)
    loudest = np.where(playing, loud, 0).max(axis=1, keepdims=True)
    values = {
        "height": np.zeros_like(pitch),
        "register": -np.abs(pitch - MELODY_PITCH) / 12,
        "low": np.maximum(0, LOW_PITCH - pitch) / 12,
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
        values[kind] = np.broadcast_to([float(voice.kind == kind) for voice in voices], pitch.shape)
    return np.stack([values[name] for name in FEATURES], axis=-1)


def _height(pitch: Array, active: Mask) -> Array:
    """Return the share of the active voices that are lower, averaged over the window [slices, voices]."""
    lower = np.stack([(pitch < voice[:, None]).sum(axis=1) for voice in pitch.T], axis=1)
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
    """Return 1 if a part's name says that it leads, -1 if it says that it does not, and otherwise 0."""
    return next((hint for words, hint in _HINTS if words.search(name)), 0.0)
