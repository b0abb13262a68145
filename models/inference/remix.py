"""Old tunes made new: continued, accompanied, with some bars written anew. What is kept stays as it is, to the note.

The forms are those of training (`models.tokens.prompts`): the model sees what is kept first, what comes after a span included.
A model with a companion knows ahead what is given (`models.inference.score_memory`); one with a listener hears
kept channels (`models.inference.cross_attention`). Which bars, channels and controls is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from models.inference.guidance import GuidanceTargets
from models.inference.sampler import Model, Sampler, TuneSpec
from models.inference.score_memory import given_after, given_channels
from models.music.grid import ROWS, RowClock
from models.music.score import CHANNEL_NAMES, NO, Note, Score
from models.tokens.codec import clock_events, row_clock, to_text
from models.tokens.piano_roll import roll_of
from models.tokens.plan import least_returns, length_event, plan_of, returns_of
from models.tokens.prompts import GIVEN, THEN, ParsedTune, infill_prompt, parse_tune, phrases, render
from models.tokens.vocabulary import LENGTHS, scale_of

ROOM = 0.6
"""The share of the model's context that what is kept may take, so that there is room for what is written."""

LIKE = 0.1
"""By how much of its share what is written on may differ from the score in texture before it is steered."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A score that is written on: its rows, its beats and its text taken apart."""

    score: Score
    clock: RowClock
    sheet: ParsedTune

    @property
    def beats(self) -> int:
        """Beats of the score, the last perhaps not whole."""
        return len(self.sheet.beats)

    def frame(self, beat: int) -> int:
        """The frame on which a beat begins, inside the score."""
        return min(max(0, self.clock.row(beat * ROWS)), self.score.frames)

    def beat_at(self, frame: int) -> int:
        """The beat that begins nearest to a frame."""
        beat = max(0, self.clock.row_of(max(0, min(frame, self.score.frames))) // ROWS)
        nearer = abs(self.frame(beat + 1) - frame) < abs(self.frame(beat) - frame)
        return beat + 1 if nearer else beat


def source_of(model: Model, score: Score) -> Source:
    """A score as the model reads it."""
    clock = row_clock(score)
    text = to_text(score, clock=clock, codebook=model.codebook, repeats=True)
    return Source(score, clock, parse_tune(text))


# --- continue --------------------------------------------------------------------------------------------------


def continue_score(
    model: Model, source: Source, wish: TuneSpec, start: int, progress: Progress = lambda _: None
) -> Score:
    """The score up to beat `start`, and then as much new music as wished for, to a close.

    What rings over the beat rings on; the new notes of its channel wait.
    """
    added = wish.beats or max(1, round(wish.frames / source.clock.beat_frames))
    total = start + added
    controls = [*wish.controls, *plan_of(source.score, source.sheet)]
    writer = _writer(model, source, controls, total, wish)
    rate = source.score.note_count / max(1.0, source.score.seconds)
    returns = (least_returns(returns_of(source.sheet)), inf)
    writer.course = replace(writer.course, density=(rate * (1 - LIKE), rate * (1 + LIKE)), returns=returns)
    before = model.encode(" ".join(render(source.sheet, range(start))))
    writer.read(before)
    writer.body = before
    writer.see(writer.latest(round(ROOM * model.engine.context)))
    kept = _before(source, start)
    writer.write(range(start, total), total, _held(source, kept), progress)
    written = writer.reader.score(max(source.clock.row(total * ROWS), *(n.end for notes in kept for n in notes), 1))
    return _joined(source, kept, written, range(source.clock.row(start * ROWS), written.frames))


# --- accompany -------------------------------------------------------------------------------------------------


def accompany(
    model: Model, source: Source, wish: TuneSpec, keep: Collection[int], progress: Progress = lambda _: None
) -> Score:
    """The channels of `keep` as they are, the others written new beside them."""
    write = _write_hearing if model.engine.listener else _write_after
    if model.engine.companion:
        write = _write_given
    written = write(model, source, wish, sorted(keep), progress)
    kept = [notes if channel in keep else () for channel, notes in enumerate(source.score.channels)]
    made = written.reader.score(source.score.frames)
    new = tuple(() if channel in keep else notes for channel, notes in enumerate(made.channels))
    return _joined(source, kept, replace(made, channels=new), range(source.score.frames))


def _mask(channels: Sequence[int]) -> int:
    """Channels, one bit each."""
    return sum(1 << channel for channel in channels)


def _write_given(model: Model, source: Source, wish: TuneSpec, keep: Sequence[int], progress: Progress) -> Sampler:
    """All channels together by a model with a companion: those that are kept as they are, and known ahead."""
    writer = _writer(model, source, wish.controls, source.beats, wish)
    kept = model.encode(" ".join(render(source.sheet, range(source.beats), keep)))
    writer.give(given_channels(kept, keep))
    writer.see([])
    writer.write(range(source.beats), closed=lambda _: _mask(keep), progress=progress)
    return writer


def _write_hearing(model: Model, source: Source, wish: TuneSpec, keep: Sequence[int], progress: Progress) -> Sampler:
    """The other channels by a model that hears what is kept."""
    writer = _writer(model, source, wish.controls, source.beats, wish)
    writer.hear(roll_of(source.sheet, keep))
    writer.see([])
    writer.write(range(source.beats), closed=lambda _: _mask(keep), progress=progress)
    return writer


def _write_after(model: Model, source: Source, wish: TuneSpec, keep: Sequence[int], progress: Progress) -> Sampler:
    """The other channels by a model without a listener, which reads what is kept a phrase ahead of what it writes."""
    controls = [*(f"given:{CHANNEL_NAMES[channel]}" for channel in keep), *wish.controls]
    writer = _writer(model, source, controls, source.beats, wish)
    writer.ends = ("<end>", "<given>", "<then>")
    parts = phrases(source.sheet)
    for i, part in enumerate(parts):
        given = [[GIVEN, *render(source.sheet, near, keep)] for near in parts[max(0, i - 1) : i + 2]]
        writer.see(_ahead(writer, given, before=len(parts[i - 1]) if i else 0))

        def told(share: float, part: range = part) -> None:
            progress((part.start + share * len(part)) / source.beats)

        writer.write(part, closed=lambda _: _mask(keep), progress=told)
    return writer


def _ahead(writer: Sampler, given: list[list[str]], before: int) -> list[int]:
    """What the model sees before it writes a phrase: as much as there is room for, in the order of training.

    given: what is kept in the phrase before (where there is one), in this one and in the next. before: the beats of the
    phrase before, which has just been written.
    """
    model = writer.model
    room = round(ROOM * model.engine.context)
    this = given[1:] if before else given
    forms = []
    if before:
        first = model.encode(" ".join([*given[0], *this[0], THEN]))
        following = model.encode(" ".join([*(this[1] if len(this) > 1 else []), THEN]))
        forms.append(first + _last_beats(writer, before) + following)
    forms += [model.encode(" ".join([*(word for words in some for word in words), THEN])) for some in (this, this[:1])]
    return next((ids for ids in forms if len(ids) <= room), [*forms[-1][: room - 1], forms[-1][-1]])


def _last_beats(writer: Sampler, count: int) -> list[int]:
    """The tokens of the last beats that have been written."""
    starts = [i for i, token in enumerate(writer.body) if token in writer.model.beats]
    return writer.body[starts[-count] :] if count <= len(starts) else []


# --- infill ----------------------------------------------------------------------------------------------------


def infill(model: Model, source: Source, wish: TuneSpec, span: range, progress: Progress = lambda _: None) -> Score:
    """The score with the beats of a span written anew, between what comes before and after them."""
    writer = _writer(model, source, [*wish.controls, *plan_of(source.score, source.sheet)], source.beats, wish)
    before = model.encode(" ".join(render(source.sheet, range(span.start))))
    writer.read(before)
    if model.engine.companion:
        writer.body = before
        writer.give(given_after(model.encode(" ".join(render(source.sheet, range(source.beats)))), span))
        writer.see(writer.latest(round(ROOM * model.engine.context)))
    else:
        writer.see(_around(model, source, span))
    kept = [tuple(note for note in notes if source_beat(source, note) not in span) for notes in source.score.channels]
    writer.write(span, closed=_held(source, kept, span.start), progress=progress)
    start, stop = source.frame(span.start), source.frame(span.stop)
    made = _ringing(source, writer.reader.score(stop), start, stop)
    return _joined(source, kept, made, range(start, stop))


def source_beat(source: Source, note: Note) -> int:
    """The beat in which a note begins."""
    return source.clock.row_of(note.start) // ROWS


def _around(model: Model, source: Source, span: range) -> list[int]:
    """What the model sees before a span: as many beats around it as there is room for."""
    room = round(ROOM * model.engine.context)
    head = len(source.sheet.head)
    around = source.beats
    while True:
        text = infill_prompt(source.sheet, around, span, around // 2)
        ids = model.encode(text[: text.index(THEN) + 1].split(" ", head)[head])
        if len(ids) <= room or around == 0:
            return ids[-room:]
        around = around * 3 // 4


def _ringing(source: Source, made: Score, start: int, stop: int) -> Score:
    """What is written up to a span's end, the last notes ringing on as long as the old ones there did."""
    channels = []
    for notes, old in zip(made.channels, source.score.channels, strict=True):
        over = max((note.end for note in old if start <= note.start < stop < note.end), default=stop)
        free = min((note.start for note in old if note.start >= stop), default=source.score.frames)
        end = min(over, free)
        rings = bool(notes) and notes[-1].end == stop and end > stop
        channels.append((*notes[:-1], replace(notes[-1], end=end)) if rings else notes)
    return Score(tuple(channels), source.score.frames)


# --- what they share -------------------------------------------------------------------------------------------


def _writer(model: Model, source: Source, controls: list[str], beats: int, wish: TuneSpec) -> Sampler:
    """A writer on a source's rows. controls: those of its head, where the model knows them."""
    known = [event for event in controls if model.plans or event.startswith(("scene:", "key:"))]
    length = [length_event(min(beats, LENGTHS[-1]))] if model.plans else []
    head = model.ids(("<bos>", *known, *clock_events(source.clock), *length))
    writer = Sampler(model, head, source.clock, wish.temperature, np.random.default_rng(wish.seed))
    if wish.key:
        writer.lean_to(wish.key, on_scale(source.score.channels, wish.key))
    late = _late_share(source)
    writer.course = GuidanceTargets(late=(late - LIKE, late + LIKE))
    return writer


def on_scale(channels: Sequence[Sequence[Note]], key: str) -> float:
    """The share of pitched notes on the scale of a key, 1 where there are none."""
    scale = scale_of(key)
    notes = [note for notes in channels[:NO] for note in notes]
    return sum(note.pitch % 12 in scale for note in notes) / len(notes) if notes else 1.0


def _late_share(source: Source) -> float:
    """The share of a score's notes that begin some frames after a row does."""
    begun = [note.start for _, note in source.score.notes()]
    return sum(source.clock.row(source.clock.row_of(frame)) != frame for frame in begun) / max(1, len(begun))


def _before(source: Source, beat: int) -> list[tuple[Note, ...]]:
    """The notes that begin before a beat, to their own ends."""
    frame = source.frame(beat)
    return [tuple(note for note in notes if note.start < frame) for notes in source.score.channels]


def _held(source: Source, kept: Sequence[Sequence[Note]], start: int | None = None) -> Callable[[int], int]:
    """For a beat the channels in which a kept note from before still rings as it begins."""
    first = None if start is None else source.frame(start)

    def closed(beat: int) -> int:
        frame = source.clock.row(beat * ROWS)
        return sum(
            1 << channel
            for channel, notes in enumerate(kept)
            if any(note.start < (frame if first is None else first) and note.end > frame for note in notes)
        )

    return closed


def _joined(source: Source, kept: Sequence[Sequence[Note]], written: Score, frames: range) -> Score:
    """Kept notes, and written ones that begin within some frames, as one score."""
    channels = tuple(
        tuple(sorted([*old, *(note for note in new if note.start in frames)], key=lambda note: note.start))
        for old, new in zip(kept, written.channels, strict=True)
    )
    return replace(source.score, channels=channels, frames=written.frames, loop=None)
