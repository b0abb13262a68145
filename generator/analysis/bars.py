"""What returns in a tune: its bars as sets of onsets, which of them recur, and whether a passage comes back.

A bar is four beats of the row clock. The clock is found from the onsets even where a score says its grid: recordings
of games have none, and what is compared should be found in one way. Transposed returns do not count: what a listener
knows again at once comes at its own pitch, and twelve tries a bar would let chance match twelve times as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.music.grid import ROWS
from models.music.score import Score
from models.tokens.codec import row_clock

BEATS = 4
"""Beats a bar; a tune in three recurs in these all the same, after three of them instead of four."""
SAME = 0.75
"""The Jaccard similarity from which two bars are the same. docs/experiments.md says why."""
PASSAGE = 2
"""Bars of a passage, and the least distance at which it returns."""

Bar = frozenset[tuple[int, int, int]]
"""The onsets of a bar as (row, channel, pitch); rows counted from the bar's start."""


def bars_of(score: Score) -> list[Bar]:
    """The whole bars of a score, in order; an onset belongs to the row whose start is nearest."""
    clock = row_clock(replace(score, grid=None))
    rows, first = BEATS * ROWS, -clock.first * ROWS
    count = max(0, (clock.row_of(score.frames) - first) // rows)
    found: list[set[tuple[int, int, int]]] = [set() for _ in range(count)]
    half = int(clock.beat_frames / ROWS / 2)
    for channel, note in score.notes():
        bar, row = divmod(clock.row_of(note.start + half) - first, rows)
        if 0 <= bar < count:
            found[bar].add((row, channel, note.pitch))
    return [frozenset(bar) for bar in found]


def similarity(a: Bar, b: Bar) -> float:
    """Jaccard's index, 0 to 1: the share of the onsets of both that they have in common; 0 where a bar is empty."""
    return len(a & b) / len(a | b) if a and b else 0.0


def repetition(bars: Sequence[Bar]) -> float:
    """The share of bars with onsets that are the same as an earlier one, 0 to 1; 0 without bars."""
    recurring = sum(any(similarity(bar, other) >= SAME for other in bars[:i]) for i, bar in enumerate(bars))
    return recurring / max(1, sum(map(bool, bars)))


def passage_returns(bars: Sequence[Bar]) -> bool:
    """Whether two bars in a row or more recur in their order, two bars later or more."""
    return any(
        all(similarity(bars[i + k], bars[j + k]) >= SAME for k in range(PASSAGE))
        for i in range(len(bars) - PASSAGE)
        for j in range(i + PASSAGE, len(bars) - PASSAGE + 1)
    )
