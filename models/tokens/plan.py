"""The plan of a tune: its voices, density and repetition, which are given before its first note.

Training gives them with each song, half the time. A new tune takes them from the profile of a song
(`models.tokens.song_profiles`). Steps are sixths of NES-MDB's training songs, so that all are equally common.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from math import inf

from models.music.score import CHANNEL_NAMES, Score
from models.tokens.prompts import ALL_CHANNELS, ParsedTune
from models.tokens.vocabulary import LENGTHS

DENSITY_EDGES = (7.3, 10.6, 14.4, 18.8, 27.2)
"""Notes a second between one step and the next."""
DENSITY_STEPS = {"low": (0, 1), "medium": (2, 3), "high": (4, 5)}
"""The steps of density in each third of the songs."""
REPETITION_EDGES = (0.15, 0.3, 0.4, 0.5, 0.6)
"""The share of beats that repeat an earlier one, each channel counted separately, without empty beats."""


def plan_of(score: Score, tune: ParsedTune) -> list[str]:
    """Return the events of a song's plan, in the order of `vocabulary.PLAN`. A score without notes has none."""
    names = [name for name, notes in zip(CHANNEL_NAMES, score.channels, strict=True) if notes]
    if not names:
        return []
    return [f"voices:{'+'.join(names)}", f"density:{density_step(score)}", f"returns:{repetition_step(tune)}"]


def density_step(score: Score) -> int:
    """Return the step of a score's density."""
    return bisect(DENSITY_EDGES, score.note_count / max(1.0, score.seconds))


def density_range(steps: Sequence[int]) -> tuple[float, float]:
    """Return the least and the most notes a second of some consecutive steps of density."""
    return (0.0, *DENSITY_EDGES)[steps[0]], (*DENSITY_EDGES, inf)[steps[-1]]


def least_repetition(step: int) -> float:
    """Return the least share of repeating beats of a step of repetition."""
    return (0.0, *REPETITION_EDGES)[step]


def density_name(score: Score) -> str:
    """Return a score's density as the third of the songs that it is in: low, medium or high."""
    step = density_step(score)
    return next(name for name, steps in DENSITY_STEPS.items() if step in steps)


def repetition_step(tune: ParsedTune) -> int:
    """Return the step of a tune's repetition."""
    repeated = sum(len(beat.again) for beat in tune.beats)
    played = sum(bool(cells[channel]) for cells in tune.played for channel in ALL_CHANNELS)
    return bisect(REPETITION_EDGES, repeated / max(1, played))


def length_event(beats: int) -> str:
    """Return the event of a tune's length in beats."""
    return f"length:{next((most for most in LENGTHS if beats <= most), LENGTHS[-1])}"
