"""New tunes: how long, how fast and of what kind, then written from the first beat to a close (`models.writer`).

What a request means and which take is good enough is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.grid import ROWS, SOUGHT_BEATS, RowClock
from models.plan import length_event
from models.score import FRAMES_PER_SECOND, Score
from models.tokens import clock_events
from models.writer import Model, Wish, Writer, draw

BARS_FROM_SECONDS = 8
"""Tunes of this length or more last whole bars."""
BEND = 0.03
"""The most that a tempo of the model's own choice is bent to make whole bars fit."""


PHRASE = 16
"""Beats of a phrase: four bars."""
RETURNING = 8
"""Beats that a return lasts at the least; the model goes on with it for as long as it will."""
RETURNS: tuple[dict[int, float], ...] = ({}, {16: 0.4}, {32: 0.15, 16: 0.1}, {32: 0.3, 16: 0.15, 48: 0.1})
"""For the first phrases, and the last row for all later ones, how often one begins as another did so many beats back.

Three to eleven times as often as exact returns of eight beats there are on these beats in NES-MDB, set by hand so that
about as many tunes as songs have one (docs/experiments.md has the counts).
"""


def form_of(beats: int, random: np.random.Generator) -> dict[int, int]:
    """A tune's form: for the beats with which a passage returns, how many beats back it was. Never in the last phrase's
    place where that would be shorter than a return.
    """
    found: dict[int, int] = {}
    for start in range(PHRASE, beats - RETURNING, PHRASE):
        row = RETURNS[min(start // PHRASE, len(RETURNS) - 1)]
        drawn = random.random()
        for back, share in row.items():
            if drawn < share:
                found |= dict.fromkeys(range(start, start + RETURNING), back)
                break
            drawn -= share
    return found


class Composer(Model):
    """A model on disk, ready to write tunes."""

    def compose(self, wish: Wish, progress: Callable[[float], None] = lambda _: None) -> Score:
        """A tune as wished for. progress: told the share written, after each beat."""
        return self.take(wish, progress)[0]

    def take(self, wish: Wish, progress: Callable[[float], None] = lambda _: None) -> tuple[Score, float]:
        """(a tune as wished for, how surprising the model finds it in nats a token).

        Without a codebook it is composition only. progress: told the share written, after each beat.
        """
        random = np.random.default_rng(wish.seed)
        controls = ["<bos>", *wish.controls]
        controls += self.choose_plan(controls, wish, random)
        beat_frames = wish.beat_frames or self._choose_tempo(controls, wish, random)
        clock, beats, frames = _length(wish, beat_frames)
        length = [length_event(beats)] if self.plans else []
        writer = Writer(self, self.ids((*controls, *clock_events(clock), *length)), clock, wish.temperature, random)
        writer.lean_to(wish.key)
        writer.density = wish.density
        if self.phrases:
            dense = [
                f"phrase:{step.partition(':')[2]}" for step in controls if wish.density and step.startswith("density:")
            ]
            writer.told = self.ids((*wish.controls, *dense))
        writer.see([])
        returns = form_of(beats, np.random.default_rng((wish.seed, 1)))
        writer.write(range(beats), beats, returns=returns, progress=progress)
        return writer.reader.score(frames), writer.surprise

    def _choose_tempo(self, controls: list[str], wish: Wish, random: np.random.Generator) -> float:
        """Frames a beat, drawn from the model."""
        whole = self.ids(f"frames:{n}" for n in range(*SOUGHT_BEATS))
        frames = draw(self.engine.begin(self.ids(controls)), whole, wish.temperature, random)
        parts = self.ids(f"sixteenths:{n}" for n in range(16))
        sixteenths = draw(self.engine.feed([frames]), parts, wish.temperature, random)
        return SOUGHT_BEATS[0] + whole.index(frames) + parts.index(sixteenths) / 16


def _phrase_event(controls: Sequence[str]) -> list[str]:
    """What says of each phrase that it is as dense as the tune is planned to be."""
    return [f"phrase:{value}" for kind, _, value in (event.partition(":") for event in controls) if kind == "density"]


def _length(wish: Wish, beat_frames: float) -> tuple[RowClock, int, int]:
    """(row clock, beats, frames) of a wish."""
    if wish.beats is None:
        return fit_length(wish.frames, beat_frames, fixed=wish.beat_frames is not None)
    clock = RowClock(round(16 * beat_frames))
    return clock, wish.beats, clock.row(wish.beats * ROWS)


def fit_length(frames: int, beat_frames: float, *, fixed: bool) -> tuple[RowClock, int, int]:
    """(row clock, beats, frames) for a length: whole bars where that bends the tempo little, and the tempo bent to fit.

    fixed: the tempo stays as it is and the length follows, to the nearest bar or beat; where none comes near, the
    beats are rounded up and the last one is cut.
    """
    bars = 4 * max(1, round(frames / beat_frames / 4))
    beats = max(1, round(frames / beat_frames))
    if frames >= BARS_FROM_SECONDS * FRAMES_PER_SECOND and abs(bars * beat_frames / frames - 1) <= BEND:
        beats = bars
    if not fixed:
        return RowClock(round(16 * frames / beats)), beats, frames
    clock = RowClock(round(16 * beat_frames))
    if abs(beats * beat_frames / frames - 1) > BEND:
        return clock, int(np.ceil(frames / beat_frames)), frames
    return clock, beats, clock.row(beats * ROWS)
