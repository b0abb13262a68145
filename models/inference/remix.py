"""Rewrites existing tunes: continues them, accompanies channels, or writes bars anew. Kept notes do not change.

Prompts have the forms of training (`models.tokens.prompts`): the model first sees what is kept, including what comes
after a span. A model with a companion knows ahead what is given (`models.inference.score_memory`); one with a listener
attends to kept channels (`models.inference.cross_attention`). Which bars, channels and controls to use is up to the
caller.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from models.inference.batch import Ask, Text, write_alone
from models.inference.drawing import Drawn
from models.inference.guidance import GuidanceTargets
from models.inference.sampler import Model, Sampler, TuneSpec
from models.inference.score_memory import given_after, given_channels
from models.music.grid import ROWS, RowClock
from models.music.keys import scale_of
from models.music.score import CHANNEL_NAMES, NO, Note, Score
from models.tokens.codec import clock_events, row_clock, to_text
from models.tokens.piano_roll import make_roll
from models.tokens.plan import least_repetition, length_event, plan_of, repetition_step
from models.tokens.prompts import GIVEN, THEN, ParsedTune, infill_prompt, parse_tune, phrases, render
from models.tokens.vocabulary import LENGTHS

PROMPT_SHARE = 0.6
"""The share of the model's context that kept music may fill, so that there is room for new music."""

TEXTURE_TOLERANCE = 0.1
"""The share by which the new music's texture may differ from the score's before it is guided."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A score that is rewritten, with its rows and its parsed text."""

    score: Score
    clock: RowClock
    tune: ParsedTune

    @property
    def beats(self) -> int:
        """The number of the score's beats. The last may be incomplete."""
        return len(self.tune.beats)

    def frame(self, beat: int) -> int:
        """Return the frame on which a beat starts, limited to the score."""
        return min(max(0, self.clock.row(beat * ROWS)), self.score.frames)

    def beat_at(self, frame: int) -> int:
        """Return the beat that starts nearest to a frame."""
        beat = max(0, self.clock.row_of(max(0, min(frame, self.score.frames))) // ROWS)
        nearer = abs(self.frame(beat + 1) - frame) < abs(self.frame(beat) - frame)
        return beat + 1 if nearer else beat


def parse_source(model: Model, score: Score) -> Source:
    """Return a score as the model reads it."""
    clock = row_clock(score)
    text = to_text(score, clock=clock, codebook=model.codebook, repeats=True)
    return Source(score, clock, parse_tune(text))


# --- continue --------------------------------------------------------------------------------------------------


def continue_score(
    model: Model, source: Source, spec: TuneSpec, start: int, progress: Progress = lambda _: None
) -> Score:
    """Return the score up to beat `start`, followed by as much new music as `spec` says, with an ending.

    A note that sounds over that beat keeps its length. New notes of its channel start after it.
    """
    return write_alone(model, continuation(model, source, spec, start, progress))


def continuation(
    model: Model, source: Source, spec: TuneSpec, start: int, progress: Progress = lambda _: None
) -> Text[Score]:
    """Continue a score in a batch (`models.inference.batch`); see `continue_score`."""
    added = spec.beats or max(1, round(spec.frames / source.clock.beat_frames))
    total = start + added
    controls = [*spec.controls, *plan_of(source.score, source.tune)]
    sampler = _sampler(model, source, controls, total, spec)
    rate = source.score.note_count / max(1.0, source.score.seconds)
    repetition = (least_repetition(repetition_step(source.tune)), inf)
    sampler.targets = replace(
        sampler.targets, density=(rate * (1 - TEXTURE_TOLERANCE), rate * (1 + TEXTURE_TOLERANCE)), repetition=repetition
    )
    before = model.encode(" ".join(render(source.tune, range(start))))
    sampler.read(before)
    sampler.body = before
    sampler.prompt(sampler.last_tokens(round(PROMPT_SHARE * model.engine.context)))
    kept = _notes_before(source, start)
    yield from sampler.sample_beats(range(start, total), total, _ringing_channels(source, kept), progress)
    written = sampler.reader.score(max(source.clock.row(total * ROWS), *(n.end for notes in kept for n in notes), 1))
    return _merge(source, kept, written, range(source.clock.row(start * ROWS), written.frames))


# --- accompany -------------------------------------------------------------------------------------------------


def accompany(
    model: Model, source: Source, spec: TuneSpec, keep: Collection[int], progress: Progress = lambda _: None
) -> Score:
    """Return the score with the channels of `keep` as they are, and the others written anew."""
    return write_alone(model, accompaniment(model, source, spec, keep, progress))


def accompaniment(
    model: Model, source: Source, spec: TuneSpec, keep: Collection[int], progress: Progress = lambda _: None
) -> Text[Score]:
    """Accompany channels in a batch (`models.inference.batch`); see `accompany`."""
    sample = _accompany_listening if model.engine.listener else _accompany_phrase_by_phrase
    if model.engine.companion:
        sample = _accompany_given
    sampler = yield from sample(model, source, spec, sorted(keep), progress)
    kept = [notes if channel in keep else () for channel, notes in enumerate(source.score.channels)]
    written = sampler.reader.score(source.score.frames)
    new = tuple(() if channel in keep else notes for channel, notes in enumerate(written.channels))
    return _merge(source, kept, replace(written, channels=new), range(source.score.frames))


def _mask(channels: Sequence[int]) -> int:
    """Return channels as a number with one bit for each."""
    return sum(1 << channel for channel in channels)


def _accompany_given(
    model: Model, source: Source, spec: TuneSpec, keep: Sequence[int], progress: Progress
) -> Generator[Ask, Drawn, Sampler]:
    """Sample all channels together with a model that has a companion: kept ones come out as they are, known ahead."""
    sampler = _sampler(model, source, spec.controls, source.beats, spec)
    kept = model.encode(" ".join(render(source.tune, range(source.beats), keep)))
    sampler.give(given_channels(kept, keep))
    sampler.prompt([])
    yield from sampler.sample_beats(range(source.beats), closed=lambda _: _mask(keep), progress=progress)
    return sampler


def _accompany_listening(
    model: Model, source: Source, spec: TuneSpec, keep: Sequence[int], progress: Progress
) -> Generator[Ask, Drawn, Sampler]:
    """Sample the other channels with a model that attends to the kept ones."""
    sampler = _sampler(model, source, spec.controls, source.beats, spec)
    sampler.listen_to(make_roll(source.tune, keep))
    sampler.prompt([])
    yield from sampler.sample_beats(range(source.beats), closed=lambda _: _mask(keep), progress=progress)
    return sampler


def _accompany_phrase_by_phrase(
    model: Model, source: Source, spec: TuneSpec, keep: Sequence[int], progress: Progress
) -> Generator[Ask, Drawn, Sampler]:
    """Sample the other channels with a model without a listener, which reads kept channels a phrase ahead."""
    controls = [*(f"given:{CHANNEL_NAMES[channel]}" for channel in keep), *spec.controls]
    sampler = _sampler(model, source, controls, source.beats, spec)
    sampler.ends = ("<end>", "<given>", "<then>")
    parts = phrases(source.tune)
    for i, part in enumerate(parts):
        given = [[GIVEN, *render(source.tune, near, keep)] for near in parts[max(0, i - 1) : i + 2]]
        sampler.prompt(_phrase_context(sampler, given, before=len(parts[i - 1]) if i else 0))

        def phrase_progress(share: float, part: range = part) -> None:
            progress((part.start + share * len(part)) / source.beats)

        yield from sampler.sample_beats(part, closed=lambda _: _mask(keep), progress=phrase_progress)
    return sampler


def _phrase_context(sampler: Sampler, given: list[list[str]], before: int) -> list[int]:
    """Return what the model sees before it writes a phrase: as much as there is room for, in the order of training.

    given: the kept music of the phrase before (if there is one), of this one and of the next. before: the beats of the
    phrase before, which has just been written.
    """
    model = sampler.model
    room = round(PROMPT_SHARE * model.engine.context)
    this = given[1:] if before else given
    forms = []
    if before:
        first = model.encode(" ".join([*given[0], *this[0], THEN]))
        following = model.encode(" ".join([*(this[1] if len(this) > 1 else []), THEN]))
        forms.append(first + _last_beats(sampler, before) + following)
    forms += [
        model.encode(" ".join([*(word for words in group for word in words), THEN])) for group in (this, this[:1])
    ]
    return next((ids for ids in forms if len(ids) <= room), [*forms[-1][: room - 1], forms[-1][-1]])


def _last_beats(sampler: Sampler, count: int) -> list[int]:
    """Return the tokens of the last `count` beats that have been written."""
    starts = [i for i, token in enumerate(sampler.body) if token in sampler.model.beats]
    return sampler.body[starts[-count] :] if count <= len(starts) else []


# --- infill ----------------------------------------------------------------------------------------------------


def infill(model: Model, source: Source, spec: TuneSpec, span: range, progress: Progress = lambda _: None) -> Score:
    """Return the score with the beats of a span written anew to fit what comes before and after them."""
    return write_alone(model, infilling(model, source, spec, span, progress))


def infilling(
    model: Model, source: Source, spec: TuneSpec, span: range, progress: Progress = lambda _: None
) -> Text[Score]:
    """Write a span anew in a batch (`models.inference.batch`); see `infill`."""
    sampler = _sampler(model, source, [*spec.controls, *plan_of(source.score, source.tune)], source.beats, spec)
    before = model.encode(" ".join(render(source.tune, range(span.start))))
    sampler.read(before)
    if model.engine.companion:
        sampler.body = before
        sampler.give(given_after(model.encode(" ".join(render(source.tune, range(source.beats)))), span))
        sampler.prompt(sampler.last_tokens(round(PROMPT_SHARE * model.engine.context)))
    else:
        sampler.prompt(_context_around(model, source, span))
    kept = [tuple(note for note in notes if start_beat(source, note) not in span) for notes in source.score.channels]
    yield from sampler.sample_beats(span, closed=_ringing_channels(source, kept, span.start), progress=progress)
    start, stop = source.frame(span.start), source.frame(span.stop)
    written = _extend_last_notes(source, sampler.reader.score(stop), start, stop)
    return _merge(source, kept, written, range(start, stop))


def start_beat(source: Source, note: Note) -> int:
    """Return the beat in which a note starts."""
    return source.clock.row_of(note.start) // ROWS


def _context_around(model: Model, source: Source, span: range) -> list[int]:
    """Return what the model sees before it writes a span: as many beats around it as there is room for."""
    room = round(PROMPT_SHARE * model.engine.context)
    head = len(source.tune.head)
    around = source.beats
    while True:
        text = infill_prompt(source.tune, around, span, around // 2)
        ids = model.encode(text[: text.index(THEN) + 1].split(" ", head)[head])
        if len(ids) <= room or around == 0:
            return ids[-room:]
        around = around * 3 // 4


def _extend_last_notes(source: Source, written: Score, start: int, stop: int) -> Score:
    """Return the music of a span, its last notes extended over the end as far as the old ones there sounded."""
    channels = []
    for notes, old in zip(written.channels, source.score.channels, strict=True):
        old_end = max((note.end for note in old if start <= note.start < stop < note.end), default=stop)
        next_start = min((note.start for note in old if note.start >= stop), default=source.score.frames)
        end = min(old_end, next_start)
        extends = bool(notes) and notes[-1].end == stop and end > stop
        channels.append((*notes[:-1], replace(notes[-1], end=end)) if extends else notes)
    return Score(tuple(channels), source.score.frames)


# --- shared ----------------------------------------------------------------------------------------------------


def _sampler(model: Model, source: Source, controls: list[str], beats: int, spec: TuneSpec) -> Sampler:
    """Return a sampler on a source's rows. controls: the events of its head, if the model knows them."""
    known_controls = [event for event in controls if model.plans or event.startswith(("scene:", "key:"))]
    length = [length_event(min(beats, LENGTHS[-1]))] if model.plans else []
    head = model.ids(("<bos>", *known_controls, *clock_events(source.clock), *length))
    sampler = Sampler(model, head, source.clock, spec.temperature, np.random.default_rng(spec.seed))
    if spec.key:
        sampler.favour_key(spec.key, share_on_scale(source.score.channels, spec.key))
    late = _late_share(source)
    sampler.targets = GuidanceTargets(late=(late - TEXTURE_TOLERANCE, late + TEXTURE_TOLERANCE))
    return sampler


def share_on_scale(channels: Sequence[Sequence[Note]], key: str) -> float:
    """Return the share of pitched notes on the scale of a key, 1 if there are none."""
    scale = scale_of(key)
    notes = [note for notes in channels[:NO] for note in notes]
    return sum(note.pitch % 12 in scale for note in notes) / len(notes) if notes else 1.0


def _late_share(source: Source) -> float:
    """Return the share of a score's notes that start some frames after a row."""
    starts = [note.start for _, note in source.score.notes()]
    return sum(source.clock.row(source.clock.row_of(frame)) != frame for frame in starts) / max(1, len(starts))


def _notes_before(source: Source, beat: int) -> list[tuple[Note, ...]]:
    """Return each channel's notes that start before a beat, with their whole length."""
    frame = source.frame(beat)
    return [tuple(note for note in notes if note.start < frame) for notes in source.score.channels]


def _ringing_channels(source: Source, kept: Sequence[Sequence[Note]], start: int | None = None) -> Callable[[int], int]:
    """Return a function from a beat to the channels, one bit each, where an earlier kept note sounds at its start."""
    first = None if start is None else source.frame(start)

    def closed(beat: int) -> int:
        frame = source.clock.row(beat * ROWS)
        return sum(
            1 << channel
            for channel, notes in enumerate(kept)
            if any(note.start < (frame if first is None else first) and note.end > frame for note in notes)
        )

    return closed


def _merge(source: Source, kept: Sequence[Sequence[Note]], written: Score, frames: range) -> Score:
    """Return one score of the kept notes and of the written notes that start within `frames`."""
    channels = tuple(
        tuple(sorted([*old, *(note for note in new if note.start in frames)], key=lambda note: note.start))
        for old, new in zip(kept, written.channels, strict=True)
    )
    return replace(source.score, channels=channels, frames=written.frames, loop=None)
