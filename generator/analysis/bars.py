"""What recurs in a tune: its bars as sets of onsets, which of them recur, and whether a passage returns.

A bar is four beats of the row clock. The clock is found from the onsets even if a score has a grid: recordings of games
have none, and all that is compared should be measured in the same way. Transposed repeats do not count: a listener
recognises at once only what returns at its own pitch, and twelve tries for each bar would let chance match twelve times
as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.music.grid import ROWS
from models.music.score import Score
from models.tokens.codec import row_clock

BEATS = 4
"""Beats a bar. A tune in three recurs in these bars too, after three of them instead of four."""
SAME = 0.75
"""The Jaccard similarity from which two bars are the same. docs/experiments.md explains the value."""
PASSAGE = 2
"""Bars of a passage, and the smallest distance at which it returns."""

Bar = frozenset[tuple[int, int, int]]
"""The onsets of a bar as (row, channel, pitch), with rows counted from the bar's start."""


def bars_of(score: Score) -> list[Bar]:
    """Return the whole bars of a score in order. An onset belongs to the row whose start is nearest."""
    clock = row_clock(replace(score, grid=None))
    rows, first = BEATS * ROWS, -clock.first * ROWS
    count = max(0, (clock.row_of(score.frames) - first) // rows)
    bars: list[set[tuple[int, int, int]]] = [set() for _ in range(count)]
    half = int(clock.beat_frames / ROWS / 2)
    for channel, note in score.notes():
        bar, row = divmod(clock.row_of(note.start + half) - first, rows)
        if 0 <= bar < count:
            bars[bar].add((row, channel, note.pitch))
    return [frozenset(bar) for bar in bars]


def similarity(a: Bar, b: Bar) -> float:
    """Return Jaccard's index of two bars, 0 to 1: the share of all their onsets that both have; 0 if a bar is empty."""
    return len(a & b) / len(a | b) if a and b else 0.0


def repetition(bars: Sequence[Bar]) -> float:
    """Return the share of bars with onsets that are the same as an earlier one, 0 to 1; 0 if there are no bars."""
    recurring = sum(any(similarity(bar, other) >= SAME for other in bars[:i]) for i, bar in enumerate(bars))
    return recurring / max(1, sum(map(bool, bars)))


def passage_returns(bars: Sequence[Bar]) -> bool:
    """Return whether two or more consecutive bars recur in order, at least two bars later."""
    return any(
        all(similarity(bars[i + k], bars[j + k]) >= SAME for k in range(PASSAGE))
        for i in range(len(bars) - PASSAGE)
        for j in range(i + PASSAGE, len(bars) - PASSAGE + 1)
    )
