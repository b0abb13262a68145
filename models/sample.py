"""Sampling: the network writes a tune token by token, at a length asked for, under the rules of legality.

Everything drawn comes from one seed. What a request means and which take is good enough is up to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.engine import Engine, Logits
from models.grid import BEAT_CYCLE, ROWS, SOUGHT_BEATS, RowClock
from models.legality import Place, TokenTable, legal
from models.plan import length_event
from models.score import FRAMES_PER_SECOND, Score
from models.tokens import Reader, clock_events, knows_plans, load_codebook, load_tokenizer, spelled, token_id
from models.vocabulary import COUNTDOWN, EVENTS, PLAN

TOP_P = 0.95
"""The nucleus sampled from: the likeliest tokens with this share of the probability (Holtzman 2020)."""
BARS_FROM_SECONDS = 8
"""Tunes of this length or more last whole bars."""
BEND = 0.03
"""The most that a tempo of the model's own choice is bent to make whole bars fit."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a tune should be. frames: its length. beat_frames: frames a beat, or None for the model's choice.

    plan: for kinds of `vocabulary.PLAN` the events that will do; the model chooses among them, or among all.
    """

    frames: int
    seed: int
    temperature: float = 1.0
    scene: str | None = None
    key: str | None = None
    beat_frames: float | None = None
    plan: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class _Draft:
    """A tune being written: its head, how many beats it gets, how tokens are drawn, and its tokens so far."""

    head: list[int]
    beats: int
    temperature: float
    random: np.random.Generator
    body: list[int] = field(default_factory=list)


class Composer:
    """A model on disk, ready to write tunes."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = load_tokenizer(folder)
        self.codebook = load_codebook(folder, self.tokenizer)
        self.engine = Engine(folder)
        self.table = TokenTable(spelled(self.tokenizer))
        self.plans = knows_plans(self.tokenizer)
        self.beats = [self.id(f"beat:{n}") for n in range(BEAT_CYCLE)]

    def id(self, event: str) -> int:
        """The token that stands for one event alone."""
        return token_id(self.tokenizer, event)

    def compose(self, wish: Wish, progress: Callable[[float], None] = lambda _: None) -> Score:
        """A tune as wished for. progress: told the share written, after each beat.

        Without a codebook it is composition only.
        """
        random = np.random.default_rng(wish.seed)
        controls = ["<bos>"]
        controls += [f"scene:{wish.scene}"] if wish.scene else []
        controls += [f"key:{wish.key}"] if wish.key else []
        controls += self._choose_plan(controls, wish, random)
        beat_frames = wish.beat_frames or self._choose_tempo(controls, wish, random)
        clock, beats, frames = fit_length(wish.frames, beat_frames, fixed=wish.beat_frames is not None)
        length = [length_event(beats)] if self.plans else []
        head = [self.id(event) for event in (*controls, *clock_events(clock), *length)]
        draft = _Draft(head, beats, wish.temperature, random)
        return self._write(draft, clock, progress).score(frames)

    def _choose_plan(self, controls: Sequence[str], wish: Wish, random: np.random.Generator) -> list[str]:
        """What the tune is going to be, drawn from the model as often as songs are so; nothing if it knows no plans."""
        chosen: list[str] = []
        for kind in PLAN if self.plans else ():
            events = wish.plan.get(kind) or [event for event in EVENTS if event.startswith(f"{kind}:")]
            logits = self.engine.begin([self.id(event) for event in (*controls, *chosen)])
            ids = [self.id(event) for event in events]
            chosen.append(events[ids.index(draw(logits, ids, 1.0, random, top_p=1.0))])
        return chosen

    def _choose_tempo(self, controls: list[str], wish: Wish, random: np.random.Generator) -> float:
        """Frames a beat, drawn from the model."""
        ids = [self.id(event) for event in controls]
        whole = [self.id(f"frames:{n}") for n in range(*SOUGHT_BEATS)]
        frames = draw(self.engine.begin(ids), whole, wish.temperature, random)
        parts = [self.id(f"sixteenths:{n}") for n in range(16)]
        sixteenths = draw(self.engine.feed([frames]), parts, wish.temperature, random)
        return SOUGHT_BEATS[0] + whole.index(frames) + parts.index(sixteenths) / 16

    def _write(self, draft: _Draft, clock: RowClock, progress: Callable[[float], None]) -> Reader:
        """All beats of a tune, read as they are written."""
        reader = Reader(self.codebook)
        self._read(reader, draft.head)
        logits = self.engine.begin(draft.head)
        place = self.table.first_place()
        for beat in range(draft.beats):
            opening = [self.beats[beat % BEAT_CYCLE]]
            if draft.beats - beat <= COUNTDOWN:
                opening.append(self.id(f"left:{draft.beats - beat}"))
            logits = self._append(opening, draft)
            self._read(reader, opening)
            rows = tuple(clock.row(beat * ROWS + i + 1) - clock.row(beat * ROWS + i) for i in range(ROWS))
            place = place.next_beat(rows, last=beat == draft.beats - 1, played=reader.played[:-1])
            # The next beat's token, or the end's, is how the model says that a beat is full.
            full = [self.beats[(beat + 1) % BEAT_CYCLE], self.id("<end>")]
            while (token := self._next(logits, place, full, draft)) not in full:
                self.table.follow(place, token)
                self._read(reader, [token])
                logits = self._append([token], draft)
            progress((beat + 1) / draft.beats)
        return reader

    def _next(self, logits: Logits, place: Place, full: list[int], draft: _Draft) -> int:
        """The next token inside a beat, or one of those that end it."""
        allowed = legal(self.table, place)
        if not place.waits:
            allowed[full] = True
        return draw(logits, np.flatnonzero(allowed), draft.temperature, draft.random)

    def _read(self, reader: Reader, tokens: Iterable[int]) -> None:
        for token in tokens:
            for event in self.table.spelling[token]:
                reader.feed(event)

    def _append(self, tokens: list[int], draft: _Draft) -> Logits:
        """Write tokens and return the logits after them.

        A full context starts over with the head and the latest half, from a beat on, as training crops do.
        """
        draft.body.extend(tokens)
        if self.engine.length + len(tokens) < self.engine.context:
            return self.engine.feed(tokens)
        recent = len(draft.body) - self.engine.context // 2
        start = next(i for i in range(recent, len(draft.body)) if draft.body[i] in self.beats)
        return self.engine.begin(draft.head + draft.body[start:])


def draw(
    logits: Logits, allowed: npt.ArrayLike, temperature: float, random: np.random.Generator, top_p: float = TOP_P
) -> int:
    """One of the allowed tokens, from the nucleus of the tempered distribution over them."""
    ids = np.asarray(allowed)
    scaled = logits[ids] / temperature
    probability = np.exp(scaled - scaled.max())
    probability /= probability.sum()
    order = np.argsort(-probability, kind="stable")
    cumulative = np.cumsum(probability[order])
    nucleus = int(np.searchsorted(cumulative, top_p)) + 1
    chosen = int(np.searchsorted(cumulative[:nucleus], random.random() * cumulative[min(nucleus, len(ids)) - 1]))
    return int(ids[order[min(chosen, len(ids) - 1)]])


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
