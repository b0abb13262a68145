"""A tune that exists, written on: continued, accompanied, varied, or some of its bars written anew.

What a request says in bars and channel names becomes beats and channels here; the writing is `models.inference.remix`'s. What
the console could not show of it is joined or left out (`apu.strikes`), what is kept stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

import numpy as np

from generator.analysis.keys import find_key
from generator.apu.retrigger import merge_hidden_repeats
from generator.composing.compose import Progress, Take, Tune, best_take, is_copy, spec_of
from generator.composing.faults import faults, hardly_plays
from generator.composing.originality import Index, longest_shared
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _, joined, ngettext
from generator.protocol.requests import Request
from models.inference.remix import Source, accompany, continue_score, infill, parse_source, share_on_scale
from models.inference.sampler import Model, TuneSpec
from models.music.score import CHANNEL_NAMES, CHANNELS, NO, Grid, Score

NEW_BARS = 8
"""Bars that a continuation adds, where nothing is asked for."""
SPAN_BARS = 4
"""Bars in the middle that are written anew, where none are named, and the most that are varied at once."""
STRENGTH = 0.5
"""The share of bars that are varied, where nothing is asked for."""
IN_KEY = 0.05
"""By how much the share of what is written in the source's key may differ from the source's own, or by one note."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a score: `edges[n - 1]` is the frame on which bar n begins, the last edge the score's end."""

    edges: tuple[int, ...]

    @property
    def count(self) -> int:
        """Bars, the last perhaps not whole."""
        return len(self.edges) - 1

    def begin(self, bar: int) -> int:
        """The frame on which a bar begins. Raises InputError where there is no such bar; the end is the one after."""
        if not 1 <= bar <= self.count + 1:
            said = ngettext(
                "The tune has {n} bar; there is no bar {bar}.", "The tune has {n} bars; there is no bar {bar}."
            )
            raise InputError(said.counted(self.count, bar=bar))
        return self.edges[bar - 1]


def _grid(score: Score) -> Grid:
    """A score's grid; 120 BPM where it has none."""
    return score.grid or Grid((7, 8))


def _bar_frames(score: Score) -> float:
    """Frames a bar."""
    return _grid(score).beat_frames * _grid(score).beats_a_bar


def bars_of(score: Score) -> Bars:
    """Bars by the score's grid; what comes before bar 1 belongs to it."""
    grid = _grid(score)
    rows = grid.rows_a_beat * grid.beats_a_bar
    edges = [0]
    bar = 1
    while (frame := grid.row(bar * rows)) < score.frames:
        if frame > 0:
            edges.append(frame)
        bar += 1
    return Bars((*edges, score.frames))


def remix_score(model: Model, request: Request, tune: Tune, progress: Progress, known: Index | None = None) -> Tune:
    """A tune written on as a request asks. progress: told the share done, 0 to 1. Raises InputError.

    known: of songs that may not be copied further than the tune itself has them.
    """
    if not model.plans:
        said = _("The model {name} only composes: it knows nothing of tunes that exist.")
        raise InputError(said.format(name=request.model))
    source = parse_source(model, tune.score)
    wish = spec_of(request)
    task = _TASKS[request.mode](source, request)
    before = longest_shared(tune.score, known) if known else 0

    def one(seed: int, told: Progress) -> Take:
        score = merge_hidden_repeats(task.write(model, replace(wish, seed=seed, key=tune.key), told), fixed=tune.score)
        shared = longest_shared(score, known) if known else None
        copied = is_copy(shared) and (shared or 0) > before
        wrong = _wrong(source, score) + _new_faults(source, score, task.written) + copied
        return Take(score, find_key(score)[0], wrong, 0.0, shared)

    best = best_take(request, one, progress)
    report = joined(" ", tune.report, task.sentence)
    return Tune(replace(best.score, title=tune.title), tune.title, best.key, report, best.shared)


def _wrong(source: Source, score: Score) -> int:
    """What is wrong with what was written: nothing new, or less in the source's key than the source, or more."""
    old = [set(notes) for notes in source.score.channels]
    new = [[note for note in notes if note not in before] for notes, before in zip(score.channels, old, strict=True)]
    if not any(new):
        return 2
    key = find_key(source.score)[0]
    near = max(IN_KEY, 1 / max(1, sum(map(len, new[:NO]))))
    return int(abs(share_on_scale(new, key) - share_on_scale(source.score.channels, key)) > near)


def _new_faults(source: Source, score: Score, written: Collection[int]) -> int:
    """How many faults a score has that its source had not. written: channels that are all new; theirs all count."""
    silent = {hardly_plays(channel) for channel in written}
    old = set(faults(source.score)) - silent
    return sum(fault not in old for fault in faults(score))


# --- what each mode does ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Continuation:
    """New music from a beat on. beats: how much of it, or None for the wish's own length."""

    source: Source
    start: int
    beats: int | None
    sentence: str
    written: tuple[int, ...] = ()

    @classmethod
    def of(cls, source: Source, request: Request) -> Continuation:
        """From the bar asked for, or from the end."""
        bars = bars_of(source.score)
        bar = request.from_bar or bars.count + 1
        start = source.beat_at(bars.begin(bar))
        if start < 1:
            raise InputError(_("A continuation needs at least one bar before it: begin with bar 2 or later."))
        count = request.bars or (None if request.seconds else NEW_BARS)
        beats = max(1, round(count * _bar_frames(source.score) / source.clock.beat_frames)) if count else None
        from_bar, from_end = _("Written on from bar {bar}."), _("Written on from the end.")
        return cls(source, start, beats, from_bar.format(bar=bar) if request.from_bar else from_end)

    def write(self, model: Model, wish: TuneSpec, progress: Progress) -> Score:
        """As much new music as is wished for."""
        return continue_score(model, self.source, replace(wish, beats=self.beats), self.start, progress)


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """Some channels kept, the others written."""

    source: Source
    keep: tuple[int, ...]
    sentence: str

    @classmethod
    def of(cls, source: Source, request: Request) -> Accompaniment:
        """The channels asked for, or the melody's: that of pulse 1 by the arrangement, else the first that plays."""
        playing = [name for name, notes in zip(CHANNEL_NAMES, source.score.channels, strict=True) if notes]
        names = request.keep or playing[:1]
        if not set(names) & set(playing):
            raise InputError(_("Nothing plays on {channels}: keep a channel that does.").format(channels=tuple(names)))
        keep = tuple(map(CHANNEL_NAMES.index, names))
        kept = tuple(Sentence(CHANNELS[channel].title) for channel in keep)
        return cls(source, keep, _("Kept {channels}; the other channels were written anew.").format(channels=kept))

    @property
    def written(self) -> tuple[int, ...]:
        """The channels that are all new."""
        return tuple(channel for channel in range(len(CHANNELS)) if channel not in self.keep)

    def write(self, model: Model, wish: TuneSpec, progress: Progress) -> Score:
        """The channels that are not kept."""
        return accompany(model, self.source, wish, self.keep, progress)


@dataclass(frozen=True, slots=True)
class Infill:
    """Spans of beats written anew, one after the other, each seeing those before it."""

    source: Source
    spans: tuple[range, ...]
    sentence: str
    written: tuple[int, ...] = ()

    @classmethod
    def of(cls, source: Source, request: Request) -> Infill:
        """The bars asked for, or some in the middle."""
        bars = bars_of(source.score)
        middle = max(1, (bars.count - SPAN_BARS) // 2 + 1)
        first, last = request.span or (middle, min(bars.count, middle + SPAN_BARS - 1))
        span = range(source.beat_at(bars.begin(first)), source.beat_at(bars.begin(last + 1)))
        if not span:
            raise InputError(_("Bar {bar} is too short to be written anew.").format(bar=first))
        said = _("Bars {first} to {last} were written anew.") if first < last else _("Bar {first} was written anew.")
        return cls(source, (span,), said.format(first=first, last=last))

    @classmethod
    def varying(cls, source: Source, request: Request) -> Infill:
        """A share of the bars, drawn by the seed."""
        bars = bars_of(source.score)
        strength = STRENGTH if request.strength is None else request.strength
        count = ceil(strength * bars.count)
        drawn = np.random.default_rng((request.seed, 1)).permutation(bars.count)[:count]
        spans = []
        for _step, run in groupby(enumerate(sorted(int(bar) + 1 for bar in drawn)), lambda pair: pair[1] - pair[0]):
            row = [bar for _, bar in run]
            parts = [row[i : i + SPAN_BARS] for i in range(0, len(row), SPAN_BARS)]
            spans += [range(*(source.beat_at(bars.begin(bar)) for bar in (part[0], part[-1] + 1))) for part in parts]
        said = ngettext("{n} of {bars} bars was varied.", "{n} of {bars} bars were varied.")
        return cls(source, tuple(filter(None, spans)), said.counted(count, bars=bars.count))

    def write(self, model: Model, wish: TuneSpec, progress: Progress) -> Score:
        """All spans."""
        score = self.source.score
        for i, span in enumerate(self.spans):

            def told(share: float, done: int = i) -> None:
                progress((done + share) / len(self.spans))

            source = parse_source(model, score) if i else self.source
            score = infill(model, source, replace(wish, seed=(wish.seed + i) % 2**31), span, told)
        return score


_TASKS: dict[str, Callable[[Source, Request], Continuation | Accompaniment | Infill]] = {
    "continue": Continuation.of,
    "accompany": Accompaniment.of,
    "infill": Infill.of,
    "vary": Infill.varying,
}
