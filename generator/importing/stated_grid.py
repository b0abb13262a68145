"""The grid that a MIDI file states: its one tempo and meter, where bar 1 begins, and whether the notes keep to it.

A beat is a quarter note, as MIDI counts tempo, whatever the meter: a bar of 6/8 has three of them, and one of 7/8 is
counted in pairs, seven to the pair. A tempo that the onsets suggest is sought in `models.music.beats`, not here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

import mido

from generator.importing.parts import Onset
from models.music.midi import TempoMap
from models.music.score import FRAMES_PER_SECOND, Grid

PLAUSIBLE_BPM = (30, 300)
"""Tempos outside this come from files that were never meant to be counted."""
STEADY = 0.9
"""The share of the onsets that must lie where one tempo puts them."""
TOLERANCE = 1 / 8
"""How far from there they may lie, in beats: half a row."""
DIVISIONS = (4, 3)
"""Of a beat, that notes are counted in."""
COUNTED = 0.1
"""How strongly the onsets must agree with one of them: 1 is exactly, 0 as by chance."""


def stated_grid(midi: mido.MidiFile, tempo: TempoMap, onsets: Sequence[Onset]) -> Grid | None:
    """The file's grid, or None where its notes do not keep one plausible tempo. onsets: in order, at least one."""
    if not _are_counted(midi.ticks_per_beat, onsets):
        return None
    first, last = onsets[0][0], onsets[-1][0]
    for ticks_a_frame in _tempos(tempo, first, last):
        beat = midi.ticks_per_beat / ticks_a_frame
        late = [frame - tick / ticks_a_frame for tick, frame in onsets]
        zero = median(late)
        kept = sum(abs(one - zero) <= TOLERANCE * beat for one in late)
        plausible = PLAUSIBLE_BPM[0] <= 60 * FRAMES_PER_SECOND / beat <= PLAUSIBLE_BPM[1]
        if plausible and kept >= STEADY * len(late):
            downbeat, beats_a_bar = _meter(midi, first, last)
            bar = beats_a_bar * beat
            start = (zero + downbeat / ticks_a_frame) % bar
            if start > bar - TOLERANCE * beat:  # no bar for less than half a row before it
                start -= bar
            return Grid.from_beat(round(16 * beat), round(start), beats_a_bar)
    return None


def _are_counted(ticks_a_beat: int, onsets: Sequence[Onset]) -> bool:
    """Whether the onsets keep to quarters or thirds of the beat, by the mean cosine of their phases.

    Recordings of a console or of a player without a metronome hold ticks that nobody counted.
    """
    return any(
        sum(math.cos(2 * math.pi * division * tick / ticks_a_beat) for tick, _ in onsets) >= COUNTED * len(onsets)
        for division in DIVISIONS
    )


def _tempos(tempo: TempoMap, first: int, last: int) -> list[float]:
    """Ticks a frame that may be the whole song's: the tempo that lasts longest, and the mean of all."""
    lasting: Counter[int] = Counter()
    ends = [tick for tick, _ in tempo.tempos[1:]] + [last + 1]
    for (begin, value), end in zip(tempo.tempos, ends, strict=True):
        lasting[value] += max(0, min(end, last + 1) - max(begin, first)) * value
    longest = lasting.most_common(1)[0][0]
    found = [tempo.ticks_a_beat * 1e6 / longest / FRAMES_PER_SECOND]
    seconds = tempo.seconds(last) - tempo.seconds(first)
    if seconds > 0:
        found.append((last - first) / seconds / FRAMES_PER_SECOND)
    return found


def _meter(midi: mido.MidiFile, first: int, last: int) -> tuple[int, int]:
    """(tick of a downbeat, beats a bar) of the meter in force for most of the song."""
    stated: dict[int, Fraction] = {0: Fraction(4)}
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature":
                stated[tick] = Fraction(4 * message.numerator, message.denominator)
    lasting: Counter[Fraction] = Counter()
    stretches: list[tuple[int, int, Fraction]] = []
    for (begin, bar), (end, _) in pairwise([*sorted(stated.items()), (last + 1, Fraction())]):
        length = max(0, min(end, last + 1) - max(begin, first))
        lasting[bar] += length
        stretches.append((length, begin, bar))
    bar = lasting.most_common(1)[0][0]
    downbeat = max((stretch for stretch in stretches if stretch[2] == bar), key=lambda stretch: stretch[0])[1]
    return downbeat, min(255, bar.numerator)
