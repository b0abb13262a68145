"""Composes new tunes: chooses length, tempo and character, then samples from the first beat to an ending.

`models.inference.sampler` does the sampling. What a request means, and which take is good enough, is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import ceil, floor, inf
from pathlib import Path

import numpy as np

from models.inference.batch import Text, write_alone
from models.inference.guidance import GuidanceTargets
from models.inference.sampler import Model, Sampler, TuneSpec
from models.music.grid import ROWS, RowClock
from models.music.score import CHANNEL_NAMES, FRAMES_PER_SECOND, Score
from models.tokens.codec import clock_events
from models.tokens.plan import density_range, least_repetition, length_event
from models.tokens.song_profiles import SongProfile, draw_profile

BARS_FROM_SECONDS = 8
"""Tunes of at least this length last whole bars."""
TEMPO_TOLERANCE = 0.06
"""The share by which a tempo that was not specified may change to make whole bars fit."""
TEMPO_WEIGHT = 0.25
"""The weight of a change of tempo against missing the length by the same share."""
LENGTH_TOLERANCE = 0.03
"""The share of a length by which whole bars, or beats, may miss it if the tempo was specified."""
DEFAULT_BEAT_FRAMES = 30.0
"""Frames a beat if only beats are specified: 120 BPM."""
LOUDNESS_TOLERANCE = 0.3
"""Steps of volume by which a tune may be louder or quieter than its profile before it is guided."""
ORNAMENT_TOLERANCE = 0.05
"""By how much the share of notes off the rows may differ from the profile's ornaments before the tune is guided. Songs
have more such notes, since their rows are not always where ours are. Beats of whole frames give no reason for them.
"""

PHRASE_BEATS = 16
"""Beats of a phrase: four bars."""
REPRISE_BEATS = 8
"""The least beats that a reprise lasts. The model continues it as long as it likes."""
REPRISES: tuple[dict[int, float], ...] = ({}, {16: 0.55}, {32: 0.2, 16: 0.2}, {32: 0.35, 16: 0.2, 48: 0.1})
"""How often each of the first phrases starts like the one so many beats back. Later phrases use the last row.

Set by hand, several times higher than exact reprises of eight beats occur there in NES-MDB, so that about as many tunes
as songs have one (docs/experiments.md has the counts).
"""


def draw_form(beats: int, random: np.random.Generator) -> dict[int, int]:
    """Return a random form: for the beats of each reprise, how many beats back the original is.

    The last phrase has none if it is shorter than a reprise.
    """
    form: dict[int, int] = {}
    for start in range(PHRASE_BEATS, beats - REPRISE_BEATS, PHRASE_BEATS):
        row = REPRISES[min(start // PHRASE_BEATS, len(REPRISES) - 1)]
        number = random.random()
        for back, share in row.items():
            if number < share:
                form |= dict.fromkeys(range(start, start + REPRISE_BEATS), back)
                break
            number -= share
    return form


class Composer(Model):
    """A model on disk, ready to compose tunes."""

    def compose(self, spec: TuneSpec, progress: Callable[[float], None] = lambda _: None) -> Score:
        """Compose a tune. progress: is called with the share that is done, after each beat."""
        return self.take(spec, progress)[0]

    def take(self, spec: TuneSpec, progress: Callable[[float], None] = lambda _: None) -> tuple[Score, float]:
        """Compose a tune. Return it and its surprisal by the model, in nats a token.

        Without a codebook it has no expression. progress: is called with the share that is done, after each beat.
        """
        return write_alone(self, self.writing(spec, progress))

    def writing(self, spec: TuneSpec, progress: Callable[[float], None] = lambda _: None) -> Text[tuple[Score, float]]:
        """Compose a tune in a batch (`models.inference.batch`); see `take`."""
        random = np.random.default_rng(spec.seed)
        frames = spec.beats * (spec.beat_frames or DEFAULT_BEAT_FRAMES) if spec.beats else spec.frames
        profile = draw_profile(
            self.profiles, random, scene=spec.scene, key=spec.key, densities=spec.densities, frames=frames
        )
        key = spec.key or profile.key
        densities = spec.densities or (profile.density,)
        controls = replace(spec, key=key).controls
        clock, beats, frames = _length(spec, spec.beat_frames or profile.sixteenths / 16)
        plan = [*profile.plan, *clock_events(clock), length_event(beats)] if self.plans else clock_events(clock)
        sampler = Sampler(self, self.ids(("<bos>", *controls, *plan)), clock, spec.temperature, random)
        sampler.favour_key(spec.key)
        sampler.targets = _targets(profile, densities)
        closed = sum(1 << i for i, name in enumerate(CHANNEL_NAMES) if name not in profile.voices.split("+"))
        sampler.prompt([])
        # A network that knows what was played some beats ago repeats it by itself (docs/experiments.md).
        reprises = {} if self.engine.companion else draw_form(beats, np.random.default_rng((spec.seed, 1)))
        yield from sampler.sample_beats(
            range(beats), beats, closed=lambda _: closed, reprises=reprises, progress=progress
        )
        return sampler.reader.score(frames), sampler.surprisal


def _targets(profile: SongProfile, densities: Sequence[int]) -> GuidanceTargets:
    """Return the targets of a tune with a profile. densities: the acceptable steps."""
    loudness = profile.loudness
    return GuidanceTargets(
        density=density_range(densities),
        repetition=(least_repetition(profile.returns), inf),
        late=(profile.ornaments - ORNAMENT_TOLERANCE, profile.ornaments + ORNAMENT_TOLERANCE),
        loudness=None if loudness is None else (loudness - LOUDNESS_TOLERANCE, loudness + LOUDNESS_TOLERANCE),
    )


def _length(spec: TuneSpec, beat_frames: float) -> tuple[RowClock, int, int]:
    """Return a tune's (row clock, beats, frames)."""
    if spec.beats is None:
        return fit_length(spec.frames, beat_frames, fixed=spec.beat_frames is not None)
    clock = RowClock(round(16 * beat_frames) if spec.beat_frames else 16 * round(beat_frames))
    return clock, spec.beats, clock.row(spec.beats * ROWS)


def fit_length(frames: int, beat_frames: float, *, fixed: bool) -> tuple[RowClock, int, int]:
    """Return the (row clock, beats, frames) that fit a length: whole bars, or whole beats if it is short.

    fixed: keep the tempo; if no bar or beat ends near the length, round beats up and cut the last one. Otherwise a beat
    has whole frames, as on the console: of those near the tempo, the ones whose bars come nearest to the length.
    """
    bar = 4 if frames >= BARS_FROM_SECONDS * FRAMES_PER_SECOND else 1
    if not fixed:
        near = range(ceil(beat_frames * (1 - TEMPO_TOLERANCE)), floor(beat_frames * (1 + TEMPO_TOLERANCE)) + 1)
        options = [(whole, bar * max(1, round(frames / whole / bar))) for whole in near or [round(beat_frames)]]
        whole, beats = min(
            options,
            key=lambda option: (
                abs(option[0] * option[1] / frames - 1) + TEMPO_WEIGHT * abs(option[0] / beat_frames - 1)
            ),
        )
        return RowClock(16 * whole), beats, whole * beats
    clock = RowClock(round(16 * beat_frames))
    for unit in (bar, 1):
        beats = unit * max(1, round(frames / beat_frames / unit))
        if abs(beats * beat_frames / frames - 1) <= LENGTH_TOLERANCE:
            return clock, beats, clock.row(beats * ROWS)
    return clock, ceil(frames / beat_frames), frames


@cache
def load_composer(model: Path) -> Composer:
    """Return the composer of a model's folder, loaded once per process."""
    return Composer(model)
