"""What a tune is going to be, in three numbers that are known before its first note: voices, density and returns.

Training tells them of each song, half the time; a new tune takes them from the outline of a song (`models.tokens.song_profiles`).
Steps are sixths of NES-MDB's training songs, so that each is as common.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from math import inf

from models.music.score import CHANNEL_NAMES, Score
from models.tokens.prompts import ALL_CHANNELS, ParsedTune
from models.tokens.vocabulary import LENGTHS

DENSITY_EDGES = (7.3, 10.6, 14.4, 18.8, 27.2)
"""Notes a second."""
DENSITY_STEPS = {"low": (0, 1), "medium": (2, 3), "high": (4, 5)}
"""The steps of density in each third of the songs."""
REPETITION_EDGES = (0.15, 0.3, 0.4, 0.5, 0.6)
"""The share of beats, each channel's counted apart and empty ones left out, that repeat an earlier one."""


def plan_of(score: Score, sheet: ParsedTune) -> list[str]:
    """The events of a song's plan, in the order of `vocabulary.PLAN`; none of a score without notes."""
    names = [name for name, notes in zip(CHANNEL_NAMES, score.channels, strict=True) if notes]
    if not names:
        return []
    return [f"voices:{'+'.join(names)}", f"density:{density_step(score)}", f"returns:{repetition_step(sheet)}"]


def density_step(score: Score) -> int:
    """The step of a score's notes a second."""
    return bisect(DENSITY_EDGES, score.note_count / max(1.0, score.seconds))


def density_range(steps: Sequence[int]) -> tuple[float, float]:
    """(at the least, at the most) notes a second, of some steps of density that follow one another."""
    return (0.0, *DENSITY_EDGES)[steps[0]], (*DENSITY_EDGES, inf)[steps[-1]]


def least_repetition(step: int) -> float:
    """The share of beats that repeat, at the least, of a step."""
    return (0.0, *REPETITION_EDGES)[step]


def density_name(score: Score) -> str:
    """The third of songs that a score is as dense as: low, medium or high."""
    step = density_step(score)
    return next(name for name, steps in DENSITY_STEPS.items() if step in steps)


def repetition_step(sheet: ParsedTune) -> int:
    """The step of the share of beats that repeat."""
    repeated = sum(len(beat.again) for beat in sheet.beats)
    played = sum(bool(cells[channel]) for cells in sheet.played for channel in ALL_CHANNELS)
    return bisect(REPETITION_EDGES, repeated / max(1, played))


def length_event(beats: int) -> str:
    """The event that says how long a tune of so many beats is."""
    return f"length:{next((most for most in LENGTHS if beats <= most), LENGTHS[-1])}"
