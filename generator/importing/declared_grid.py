"""The grid that a MIDI file declares: one tempo and meter, and where bar 1 begins, if the notes keep to it.

A beat is a quarter note in any meter, as MIDI counts tempo. If a file declares no grid, `models.music.beats` looks for
the one that the onsets suggest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd
from statistics import median

import mido

from generator.importing.parts import OnsetTime
from models.music.score import FRAMES_PER_SECOND, LOWER_NUMBERS, Grid, Meter
from models.music.tempo_map import TempoMap

PLAUSIBLE_BPM = (30, 300)
"""A tempo outside this comes from a file that was not recorded to a beat."""
MIN_STEADY_SHARE = 0.9
"""The share of the onsets that must be where one tempo puts them."""
TOLERANCE = 1 / 8
"""How far from there they may be, in beats: half a row."""
DIVISIONS = (4, 3, 8, 5, 6)
"""The divisions of a beat that notes may keep to: sixteenths, triplets, 32nds, quintuplets and sextuplets."""
MIN_PHASE_AGREEMENT = 0.1
"""How well the onsets must keep to one of them: 1 is exactly, 0 is chance."""


def declared_grid(midi: mido.MidiFile, tempo: TempoMap, onsets: Sequence[OnsetTime]) -> Grid | None:
    """Return the file's grid, or None if its notes do not keep one plausible tempo. onsets: sorted, at least one."""
    if not _follow_ticks(midi.ticks_per_beat, onsets):
        return None
    first, last = onsets[0][0], onsets[-1][0]
    for ticks_a_frame in _tempos(tempo, first, last):
        beat = midi.ticks_per_beat / ticks_a_frame
        offsets = [frame - tick / ticks_a_frame for tick, frame in onsets]
        zero = median(offsets)
        steady = sum(abs(offset - zero) <= TOLERANCE * beat for offset in offsets)
        plausible = PLAUSIBLE_BPM[0] <= 60 * FRAMES_PER_SECOND / beat <= PLAUSIBLE_BPM[1]
        if plausible and steady >= MIN_STEADY_SHARE * len(offsets):
            downbeat, meter = _meter(midi, first, last)
            bar = beat * 4 * meter[0] / meter[1]
            start = (zero + downbeat / ticks_a_frame) % bar
            if start > bar - TOLERANCE * beat:  # no extra bar for less than half a row
                start -= bar
            grids = [
                Grid.from_frames(Fraction(beat), round(start), meter, nearest=nearest) for nearest in (False, True)
            ]
            return max(grids, key=lambda grid: _on_rows(grid, onsets))
    return None


def _follow_ticks(ticks_a_beat: int, onsets: Sequence[OnsetTime]) -> bool:
    """Return whether the onsets keep to one of the `DIVISIONS` of the beat, by the mean cosine of their phases.

    In recordings of a console, or of a player without a metronome, ticks have no relation to the beat.
    """
    return any(
        sum(math.cos(2 * math.pi * division * tick / ticks_a_beat) for tick, _ in onsets)
        >= MIN_PHASE_AGREEMENT * len(onsets)
        for division in DIVISIONS
    )


def _on_rows(grid: Grid, onsets: Sequence[OnsetTime]) -> int:
    """Return how many onsets are exactly where a row starts."""
    return sum(grid.row(grid.row_of(frame)) == frame for _, frame in onsets)


def _tempos(tempo: TempoMap, first: int, last: int) -> list[float]:
    """Return tempos that the whole song may have, in ticks a frame: the one that lasts longest, and the mean."""
    lasting: Counter[int] = Counter()
    ends = [tick for tick, _ in tempo.tempos[1:]] + [last + 1]
    for (begin, value), end in zip(tempo.tempos, ends, strict=True):
        lasting[value] += max(0, min(end, last + 1) - max(begin, first)) * value
    longest = lasting.most_common(1)[0][0]
    tempos = [tempo.ticks_a_beat * 1e6 / longest / FRAMES_PER_SECOND]
    seconds = tempo.seconds(last) - tempo.seconds(first)
    if seconds > 0:
        tempos.append((last - first) / seconds / FRAMES_PER_SECOND)
    return tempos


def _meter(midi: mido.MidiFile, first: int, last: int) -> tuple[int, Meter]:
    """Return (the tick of a downbeat, the meter) of the meter that lasts longest."""
    meters: dict[int, Meter] = {0: (4, 4)}
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature":
                meters[tick] = _in_rows(message.numerator, message.denominator)
    lasting: Counter[Meter] = Counter()
    stretches: list[tuple[int, int, Meter]] = []
    for (begin, meter), (end, _) in pairwise([*sorted(meters.items()), (last + 1, (4, 4))]):
        length = max(0, min(end, last + 1) - max(begin, first))
        lasting[meter] += length
        stretches.append((length, begin, meter))
    meter = lasting.most_common(1)[0][0]
    downbeat = max((stretch for stretch in stretches if stretch[2] == meter), key=lambda stretch: stretch[0])[1]
    return downbeat, meter


def _in_rows(upper: int, lower: int) -> Meter:
    """Return a time signature that a grid can have: of as many bars together as make whole rows, or else 4/4."""
    upper = upper * max(1, lower // gcd(16 * upper, lower)) if upper else 0
    return (upper, lower) if 1 <= upper <= 255 and lower in LOWER_NUMBERS else (4, 4)
