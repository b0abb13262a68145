"""Finds the same music again by its content, in any key, at any tempo, with any instruments and after small edits.

A song's melody and bass are cut into short phrases of intervals and rhythm. MinHash estimates how many of them two
songs share (Broder 1997), and banding finds the candidates (Leskovec, Rajaraman and Ullman, ch. 3). A different
arrangement of the same tune is not a copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

PHRASE = 6
"""Intervals of a phrase."""
TOGETHER_FRAMES = 2
"""Frames within which notes start together."""
LONGER_RATIO = 1.7
"""From this ratio on, a step in time is longer or shorter than the one before: between a dotted note and a double."""

BANDS, ROWS = 40, 3
"""Two songs that share half of their phrases have a band in common with a probability of 99.5 %."""
SAME = 0.5
"""The smallest share of phrases that copies have in common.

Measured on 5,951 songs of NES-MDB and VGMusic: if 1 % of the notes are changed, 98 % of the songs are found, if 3 %, 82
%; in another key all of them; at another tempo 78 % of NES-MDB (whose arpeggios then fall on other frames) and 90 % of
VGMusic. Of 17.7 million pairs, 90 of songs from different games are that similar. Nearly all of these are the same
music in a sequel or under another name; the false ones are jingles."""

Fingerprint = npt.NDArray[np.uint32]
_PRIME = (1 << 31) - 1
_random = np.random.default_rng(2022)
_FACTORS = _random.integers(1, _PRIME, size=BANDS * ROWS, dtype=np.uint64)
_TERMS = _random.integers(0, _PRIME, size=BANDS * ROWS, dtype=np.uint64)


def fingerprint(onsets: Iterable[tuple[int, int]]) -> Fingerprint | None:
    """Return the MinHash of a song's (frame, pitch) onsets [BANDS * ROWS], or None if there is nothing to compare."""
    phrases = phrase_hashes(onsets)
    if not len(phrases):
        return None
    lowest = np.full(BANDS * ROWS, _PRIME, dtype=np.uint64)
    for chunk in np.array_split(phrases, 1 + len(phrases) // 4096):
        lowest = np.minimum(lowest, ((chunk[:, None] * _FACTORS + _TERMS) % _PRIME).min(axis=0))
    return lowest.astype(np.uint32)


def phrase_hashes(onsets: Iterable[tuple[int, int]]) -> npt.NDArray[np.uint64]:
    """Return the distinct phrases of the melody and of the bass, as numbers below 2^31 [phrases]."""
    melody, bass = _outer_voices(sorted(onsets))
    hashes = [_line_hashes(melody), _line_hashes(bass) if bass != melody else np.array([], dtype=np.uint64)]
    return np.unique(np.concatenate(hashes))


def _outer_voices(onsets: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the highest and the lowest of the notes that start together."""
    melody: list[tuple[int, int]] = []
    bass: list[tuple[int, int]] = []
    for frame, pitch in onsets:
        if melody and frame - melody[-1][0] <= TOGETHER_FRAMES:
            melody[-1] = (melody[-1][0], max(melody[-1][1], pitch))
            bass[-1] = (bass[-1][0], min(bass[-1][1], pitch))
        else:
            melody.append((frame, pitch))
            bass.append((frame, pitch))
    return melody, bass


def _line_hashes(line: Sequence[tuple[int, int]]) -> npt.NDArray[np.uint64]:
    """Return a hash of each run of `PHRASE` intervals with the rhythm between them."""
    points = np.array(line, dtype=np.int64).reshape(-1, 2)
    if len(points) < 3:
        return np.array([], dtype=np.uint64)
    steps = np.diff(points, axis=0)
    ratios = steps[1:, 0] / steps[:-1, 0]
    rhythm = (ratios > LONGER_RATIO).astype(np.int64) - (ratios < 1 / LONGER_RATIO)
    moves = (steps[1:, 1] + 128) * 3 + rhythm + 1
    length = min(PHRASE - 1, len(moves))
    runs = np.lib.stride_tricks.sliding_window_view(moves, length).astype(np.uint64)
    first = (steps[: len(runs), 1] + 128).astype(np.uint64)
    return fnv1a([first, *runs.T]) % np.uint64(_PRIME)


def fnv1a(columns: Sequence[npt.NDArray[np.uint64]]) -> npt.NDArray[np.uint64]:
    """Return a 32-bit hash of each row of small numbers, given by columns: FNV-1a (Fowler, Noll and Vo), [rows]."""
    hashes = np.full(len(columns[0]), 2166136261, dtype=np.uint64)
    for numbers in columns:
        hashes = ((hashes ^ numbers) * np.uint64(16777619)) & np.uint64(0xFFFFFFFF)
    return hashes


def estimated_similarity(fingerprint_a: Fingerprint, fingerprint_b: Fingerprint) -> float:
    """Return the estimated share of phrases that two songs have in common (Jaccard index), within about 0.04."""
    return float((fingerprint_a == fingerprint_b).mean())


def find_copies(fingerprints: Sequence[Fingerprint | None], threshold: float = SAME) -> dict[int, int]:
    """Return the index of each copy with the index of the earlier song that it copies, which is not a copy itself."""
    copies: dict[int, int] = {}
    originals: dict[int, Fingerprint] = {}
    buckets: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, own in enumerate(fingerprints):
        if own is None:
            continue
        bands = [bytes([band]) + own[band * ROWS : (band + 1) * ROWS].tobytes() for band in range(BANDS)]
        candidates = {other for band in bands for other in buckets.get(band, ())}
        similarities = [(estimated_similarity(own, originals[other]), other) for other in sorted(candidates)]
        highest, nearest = max(similarities, key=itemgetter(0), default=(0.0, index))
        if highest >= threshold:
            copies[index] = nearest
            continue
        originals[index] = own
        for band in bands:
            buckets[band].append(index)
    return copies
