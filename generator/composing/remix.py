"""Remixes that compose: a tune continued, accompanied, varied, or with some of its bars composed anew.

The bars and channel names of a request become beats and channel numbers here; `models.inference.remix` does the
composing. Notes that the console could not show are merged or left out (`generator.apu.retrigger`), unless they are
kept from the tune.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

import numpy as np

from generator.analysis.keys import find_key
from generator.apu.retrigger import merge_hidden_repeats
from generator.composing.compose import (
    Progress,
    StageProgress,
    Take,
    Tune,
    Write,
    best_take,
    is_copy,
    make_takes,
    spec_of,
)
from generator.composing.faults import find_faults, hardly_plays_fault
from generator.composing.originality import Index, longest_shared_run
from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _, joined, ngettext
from generator.protocol.options import SEEDS
from generator.protocol.requests import Request
from generator.protocol.uploads import TUNE_LENGTH
from models.inference.batch import Text, write_together
from models.inference.remix import Source, accompaniment, continuation, infilling, parse_source, share_on_scale
from models.inference.sampler import Model, TuneSpec
from models.music.grid import ROWS
from models.music.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND, NO, Grid, Score

NEW_BARS = 8
"""The bars that a continuation adds by default."""
SPAN_BARS = 4
"""The bars in the middle that an infill replaces by default, and the most bars that are varied at once."""
STRENGTH = 0.5
"""The share of the bars that are varied by default."""
IN_KEY = 0.05
"""How far the share of new notes in the source's key may be from the source's own share, unless one note makes it."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of a score. Bar n begins on the frame `edges[n - 1]`; the last edge is the score's end."""

    edges: tuple[int, ...]

    @property
    def count(self) -> int:
        """The number of bars, the last of which may be incomplete."""
        return len(self.edges) - 1

    def begin(self, bar: int) -> int:
        """Return the frame on which a bar begins, or the end for the bar after the last. Raise InputError."""
        if not 1 <= bar <= self.count + 1:
            message = ngettext(
                "The tune has {n} bar; there is no bar {bar}.", "The tune has {n} bars; there is no bar {bar}."
            )
            raise InputError(message.counted(self.count, bar=bar))
        return self.edges[bar - 1]


def _grid(score: Score) -> Grid:
    """Return a score's grid, or one of 120 BPM if it has none."""
    return score.grid or Grid((7, 8))


def _bar_frames(score: Score) -> float:
    """Return the mean length of a bar in frames."""
    return _grid(score).bar_frames


def bars_of_score(score: Score) -> Bars:
    """Return the bars of a score by its grid. A pickup belongs to bar 1."""
    grid = _grid(score)
    rows = grid.rows_a_bar
    edges = [0]
    bar = 1
    while (frame := grid.row(bar * rows)) < score.frames:
        if frame > 0:
            edges.append(frame)
        bar += 1
    return Bars((*edges, score.frames))


def remix_score(
    model: Model,
    request: Request,
    tune: Tune,
    progress: StageProgress,
    index: Index | None = None,
    *,
    write: Write = write_together,
) -> Tune:
    """Return the remix of a tune that a request describes. Raise InputError if the tune does not allow it.

    index: of songs that it must not copy any further than the tune itself does. write: has the model write texts.
    """
    if not model.plans:
        message = _("The model {name} only composes: it knows nothing of tunes that exist.")
        raise InputError(message.format(name=request.model))
    source = parse_source(model, tune.score)
    spec = replace(spec_of(request), key=tune.key)
    remix = REMIXES[request.mode](source, request)
    shared_before = longest_shared_run(tune.score, index) if index else 0

    def text(seed: int, progress: Progress) -> Text[Score]:
        return remix.writing(model, replace(spec, seed=seed), progress)

    def judge(seed: int, written: Score) -> Take:
        score = merge_hidden_repeats(written, fixed=tune.score)
        shared_notes = longest_shared_run(score, index) if index else None
        copied = is_copy(shared_notes) and (shared_notes or 0) > shared_before
        penalty = _penalty(source, score) + _count_new_faults(source, score, remix.new_channels) + copied
        return Take(score, find_key(score)[0], penalty, 0.0, shared_notes, seed)

    takes = make_takes(request, text, judge, progress, lambda texts: write(model, texts))
    best = best_take(request, takes)
    report = joined(" ", tune.report, remix.sentence)
    score = replace(best.score, title=tune.title)
    return Tune(score, tune.title, best.key, report, best.shared_notes, takes=tuple(takes))


def _penalty(source: Source, score: Score) -> int:
    """Return 2 if no note is new, 1 if the share of new notes in the source's key differs from its own, else 0."""
    old = [set(notes) for notes in source.score.channels]
    new = [[note for note in notes if note not in before] for notes, before in zip(score.channels, old, strict=True)]
    if not any(new):
        return 2
    key = find_key(source.score)[0]
    near = max(IN_KEY, 1 / max(1, sum(map(len, new[:NO]))))
    return int(abs(share_on_scale(new, key) - share_on_scale(source.score.channels, key)) > near)


def _count_new_faults(source: Source, score: Score, new_channels: Collection[int]) -> int:
    """Count the faults of a score that its source does not have, and all faults of channels that are entirely new."""
    silent = {hardly_plays_fault(channel) for channel in new_channels}
    old = set(find_faults(source.score)) - silent
    return sum(fault not in old for fault in find_faults(score))


@dataclass(frozen=True, slots=True)
class Continuation:
    """New music from a beat on. beats: its length; None for the length in seconds that the request gives."""

    source: Source
    start: int
    beats: int | None
    sentence: str
    new_channels: tuple[int, ...] = ()

    @classmethod
    def from_request(cls, source: Source, request: Request) -> Continuation:
        """Continue from the requested bar, or from the end."""
        bars = bars_of_score(source.score)
        bar = request.from_bar or bars.count + 1
        start = source.beat_at(bars.begin(bar))
        if start < 1:
            raise InputError(_("A continuation needs at least one bar before it: begin with bar 2 or later."))
        count = request.bars or (None if request.seconds else NEW_BARS)
        new_frames = count * _bar_frames(source.score) if count else (request.seconds or 0.0) * FRAMES_PER_SECOND
        TUNE_LENGTH.check((source.clock.row(start * ROWS) + new_frames) / FRAMES_PER_SECOND)
        beats = max(1, round(count * _bar_frames(source.score) / source.clock.beat_frames)) if count else None
        from_bar, from_end = _("Written on from bar {bar}."), _("Written on from the end.")
        return cls(source, start, beats, from_bar.format(bar=bar) if request.from_bar else from_end)

    def writing(self, model: Model, spec: TuneSpec, progress: Progress) -> Text[Score]:
        """Write the source up to the beat, and new music after it."""
        return continuation(model, self.source, replace(spec, beats=self.beats), self.start, progress)


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """Some channels kept, the others composed anew."""

    source: Source
    keep: tuple[int, ...]
    sentence: str

    @classmethod
    def from_request(cls, source: Source, request: Request) -> Accompaniment:
        """Keep the requested channels, or the first that plays: in an arrangement, pulse 1 with the melody."""
        playing = [name for name, notes in zip(CHANNEL_NAMES, source.score.channels, strict=True) if notes]
        names = request.keep or playing[:1]
        if not set(names) & set(playing):
            raise InputError(_("Nothing plays on {channels}: keep a channel that does.").format(channels=tuple(names)))
        keep = tuple(map(CHANNEL_NAMES.index, names))
        kept = tuple(Sentence(CHANNELS[channel].title) for channel in keep)
        return cls(source, keep, _("Kept {channels}; the other channels were written anew.").format(channels=kept))

    @property
    def new_channels(self) -> tuple[int, ...]:
        """The channels that are not kept."""
        return tuple(channel for channel in range(len(CHANNELS)) if channel not in self.keep)

    def writing(self, model: Model, spec: TuneSpec, progress: Progress) -> Text[Score]:
        """Write the kept channels with a new accompaniment."""
        return accompaniment(model, self.source, spec, self.keep, progress)


@dataclass(frozen=True, slots=True)
class Infill:
    """Spans of beats composed anew, one after the other, each with the earlier ones as context."""

    source: Source
    spans: tuple[range, ...]
    sentence: str
    new_channels: tuple[int, ...] = ()

    @classmethod
    def from_request(cls, source: Source, request: Request) -> Infill:
        """Replace the requested bars, or some in the middle."""
        bars = bars_of_score(source.score)
        middle = max(1, (bars.count - SPAN_BARS) // 2 + 1)
        first, last = request.span or (middle, min(bars.count, middle + SPAN_BARS - 1))
        span = range(source.beat_at(bars.begin(first)), source.beat_at(bars.begin(last + 1)))
        if not span:
            raise InputError(_("Bar {bar} is too short to be written anew.").format(bar=first))
        several, single = _("Bars {first} to {last} were written anew."), _("Bar {first} was written anew.")
        sentence = several if first < last else single
        return cls(source, (span,), sentence.format(first=first, last=last))

    @classmethod
    def variation_from_request(cls, source: Source, request: Request) -> Infill:
        """Replace a share of the bars, which the seed draws."""
        bars = bars_of_score(source.score)
        strength = STRENGTH if request.strength is None else request.strength
        count = ceil(strength * bars.count)
        drawn = np.random.default_rng((request.seed, 1)).permutation(bars.count)[:count]
        spans = []
        for _step, run in groupby(enumerate(sorted(int(bar) + 1 for bar in drawn)), lambda pair: pair[1] - pair[0]):
            numbers = [bar for _, bar in run]
            parts = [numbers[i : i + SPAN_BARS] for i in range(0, len(numbers), SPAN_BARS)]
            spans += [range(*(source.beat_at(bars.begin(bar)) for bar in (part[0], part[-1] + 1))) for part in parts]
        sentence = ngettext("{n} of {bars} bars was varied.", "{n} of {bars} bars were varied.")
        return cls(source, tuple(filter(None, spans)), sentence.counted(count, bars=bars.count))

    def writing(self, model: Model, spec: TuneSpec, progress: Progress) -> Text[Score]:
        """Write the source with all spans replaced."""
        score = self.source.score
        for i, span in enumerate(self.spans):

            def report(share: float, done: int = i) -> None:
                progress((done + share) / len(self.spans))

            source = parse_source(model, score) if i else self.source
            score = yield from infilling(model, source, replace(spec, seed=(spec.seed + i) % SEEDS), span, report)
        return score


REMIXES: dict[str, Callable[[Source, Request], Continuation | Accompaniment | Infill]] = {
    "continue": Continuation.from_request,
    "accompany": Accompaniment.from_request,
    "infill": Infill.from_request,
    "vary": Infill.variation_from_request,
}
"""What each mode of `generator.protocol.modes` does that composes a remix."""
