"""New tunes: how long, how fast and of what kind, then written from the first beat to a close (`models.inference.sampler`).

What a request means and which take is good enough is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil, floor, inf

import numpy as np

from models.inference.guidance import GuidanceTargets
from models.inference.sampler import Model, Sampler, TuneSpec
from models.music.grid import ROWS, RowClock
from models.music.score import CHANNEL_NAMES, FRAMES_PER_SECOND, Score
from models.tokens.codec import clock_events
from models.tokens.plan import density_range, least_returns, length_event
from models.tokens.song_profiles import SongProfile, draw_profile

BARS_FROM_SECONDS = 8
"""Tunes of this length or more last whole bars."""
BEND = 0.06
"""The most that a tempo which was not asked for is bent to make whole bars fit."""
FAITHFUL = 0.25
"""What bending the tempo weighs against missing the length by the same share."""
NEAR_LENGTH = 0.03
"""The share of a length by which whole bars, or beats, may miss it where the tempo was asked for."""
USUAL_BEAT = 30.0
"""Frames a beat, where only beats are known: 120 BPM."""
LOUDNESS = 0.3
"""By how many steps of volume a tune may be louder or quieter than the outline before it is steered."""
ORNAMENTS = 0.05
"""By how much the share of notes off the rows may differ from the outline's ornaments before it is steered. Songs have
more such notes, since their rows are not always where ours are; on beats of whole frames there is no reason for them.
"""

PHRASE = 16
"""Beats of a phrase: four bars."""
RETURNING = 8
"""Beats that a return lasts at the least; the model goes on with it for as long as it will."""
RETURNS: tuple[dict[int, float], ...] = ({}, {16: 0.55}, {32: 0.2, 16: 0.2}, {32: 0.35, 16: 0.2, 48: 0.1})
"""For the first phrases, and the last row for all later ones, how often one begins as another did so many beats back.

Several times as often as exact returns of eight beats there are on these beats in NES-MDB, set by hand so that about as
many tunes as songs have one (docs/experiments.md has the counts).
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

    def compose(self, wish: TuneSpec, progress: Callable[[float], None] = lambda _: None) -> Score:
        """A tune as wished for. progress: told the share written, after each beat."""
        return self.take(wish, progress)[0]

    def take(self, wish: TuneSpec, progress: Callable[[float], None] = lambda _: None) -> tuple[Score, float]:
        """(a tune as wished for, how surprising the model finds it in nats a token).

        Without a codebook it is composition only. progress: told the share written, after each beat.
        """
        random = np.random.default_rng(wish.seed)
        frames = wish.beats * (wish.beat_frames or USUAL_BEAT) if wish.beats else wish.frames
        outline = draw_profile(
            self.outlines, random, scene=wish.scene, key=wish.key, densities=wish.densities, frames=frames
        )
        key = wish.key or outline.key
        densities = wish.densities or (outline.density,)
        labels = replace(wish, key=key).controls
        clock, beats, frames = _length(wish, wish.beat_frames or outline.sixteenths / 16)
        plan = [*outline.plan, *clock_events(clock), length_event(beats)] if self.plans else clock_events(clock)
        writer = Sampler(self, self.ids(("<bos>", *labels, *plan)), clock, wish.temperature, random)
        writer.lean_to(wish.key)
        writer.course = _course(outline, densities)
        closed = sum(1 << i for i, name in enumerate(CHANNEL_NAMES) if name not in outline.voices.split("+"))
        writer.see([])
        # A network that knows what was played some beats ago returns to it by itself (docs/experiments.md).
        returns = {} if self.engine.companion else form_of(beats, np.random.default_rng((wish.seed, 1)))
        writer.write(range(beats), beats, closed=lambda _: closed, returns=returns, progress=progress)
        return writer.reader.score(frames), writer.surprise


def _course(outline: SongProfile, densities: Sequence[int]) -> GuidanceTargets:
    """What a tune is kept to. densities: the steps of it that will do."""
    loud = outline.loudness
    return GuidanceTargets(
        density=density_range(densities),
        returns=(least_returns(outline.returns), inf),
        late=(outline.ornaments - ORNAMENTS, outline.ornaments + ORNAMENTS),
        loudness=None if loud is None else (loud - LOUDNESS, loud + LOUDNESS),
    )


def _length(wish: TuneSpec, beat_frames: float) -> tuple[RowClock, int, int]:
    """(row clock, beats, frames) of a wish."""
    if wish.beats is None:
        return fit_length(wish.frames, beat_frames, fixed=wish.beat_frames is not None)
    clock = RowClock(round(16 * beat_frames) if wish.beat_frames else 16 * round(beat_frames))
    return clock, wish.beats, clock.row(wish.beats * ROWS)


def fit_length(frames: int, beat_frames: float, *, fixed: bool) -> tuple[RowClock, int, int]:
    """(row clock, beats, frames) for a length: whole bars of it, or beats where it is short.

    fixed: the tempo stays as it is; where no bar or beat comes near, beats are rounded up and the last one is cut.
    Otherwise a beat has whole frames, as on the console: those near the tempo with which bars come nearest.
    """
    bar = 4 if frames >= BARS_FROM_SECONDS * FRAMES_PER_SECOND else 1
    if not fixed:
        near = range(ceil(beat_frames * (1 - BEND)), floor(beat_frames * (1 + BEND)) + 1)
        found = [(whole, bar * max(1, round(frames / whole / bar))) for whole in near or [round(beat_frames)]]
        whole, beats = min(
            found, key=lambda one: abs(one[0] * one[1] / frames - 1) + FAITHFUL * abs(one[0] / beat_frames - 1)
        )
        return RowClock(16 * whole), beats, whole * beats
    clock = RowClock(round(16 * beat_frames))
    for unit in (bar, 1):
        beats = unit * max(1, round(frames / beat_frames / unit))
        if abs(beats * beat_frames / frames - 1) <= NEAR_LENGTH:
            return clock, beats, clock.row(beats * ROWS)
    return clock, ceil(frames / beat_frames), frames
