"""Writing: a model draws tokens beat by beat, under the rules of legality, and what it writes is read as it goes.

What is written (a whole tune, its end, some channels, some bars) and what the model has seen before is up to
`models.inference.new_tune` and `models.inference.remix`. Everything drawn comes from the generator of random numbers that a writer has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from models.features.given import NOTHING
from models.features.inputs import Inputs
from models.inference.companion import CompanionError
from models.inference.cross_attention import ListenerError
from models.inference.engine import Engine, Logits
from models.inference.guidance import Guidance, GuidanceCounts, GuidanceTargets
from models.inference.score_memory import GivenMusic, ScoreMemory, until_due
from models.music.grid import BEAT_CYCLE, ROWS, RowClock
from models.music.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND
from models.tokens.codec import Reader, knows_plans, load_codebook, load_tokenizer, spelled, token_id
from models.tokens.grammar import BeatState, TokenTable, legal
from models.tokens.piano_roll import Roll, RowCounter, Rows
from models.tokens.song_profiles import load_profiles
from models.tokens.vocabulary import COUNTDOWN, KEYS, MAX_OFFSET, char, scale_of

TOP_P = 0.95
"""The nucleus sampled from: the likeliest tokens with this share of the probability (Holtzman 2020)."""
OUT_OF_KEY = 1.5
"""What each note off the scale of a key asked for costs a token, in nats: the model alone hardly hears the key that its
head names (docs/experiments.md)."""
KEY_PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well each semitone above the tonic fits a major key, and a minor one, by ear (Krumhansl and Kessler 1982)."""
TONALITY = 0.5
"""What a point of that profile is worth, in nats: the scale alone does not tell a minor key from its relative major."""
FAR_OFF = 0.05
"""The share of notes on a scale that may be missing until notes earn and cost all that they do in its key."""
AWAY = -0.5
"""The most that they earn and cost the other way round, where more are on it than should be."""


@dataclass(frozen=True, slots=True)
class TuneSpec:
    """What a tune should be. frames: its length, or instead of it beats. beat_frames: frames a beat, or None for the
    model's choice.

    densities: the steps of density that will do (`models.tokens.plan`), one after the other; none for any.
    """

    frames: int
    seed: int
    temperature: float = 1.0
    scene: str | None = None
    key: str | None = None
    beat_frames: float | None = None
    beats: int | None = None
    densities: tuple[int, ...] = ()

    @property
    def controls(self) -> list[str]:
        """The events that say what is wished for and never drawn."""
        named = (("scene", self.scene), ("key", self.key))
        return [f"{kind}:{value}" for kind, value in named if value]


class Model:
    """A model on disk, ready to write."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = load_tokenizer(folder)
        self.codebook = load_codebook(folder, self.tokenizer)
        self.engine = Engine(folder)
        self.table = TokenTable(spelled(self.tokenizer))
        self.plans = knows_plans(self.tokenizer)
        self.kinds = self.table.is_sound + 2 * self.table.is_repeat
        self.outlines = load_profiles(folder)
        self.rudder = Guidance(self.table, self.codebook)
        self.beats = [self.id(f"beat:{n}") for n in range(BEAT_CYCLE)]
        self.counter = RowCounter(self.table.spelling)

    def id(self, event: str) -> int:
        """The token that stands for one event alone."""
        return token_id(self.tokenizer, event)

    def ids(self, events: Iterable[str]) -> list[int]:
        """The tokens of some events, each alone."""
        return [self.id(event) for event in events]

    def encode(self, text: str) -> list[int]:
        """The tokens of a text of `models.tokens.codec`."""
        return list(self.tokenizer.encode(text).ids)

    def leaning(self, key: str) -> npt.NDArray[np.float64]:
        """What notes earn in a key, or cost, in nats [tokens]: each by its place in the key, and more off its scale."""
        mode, tonic = divmod(KEYS.index(key), 12)
        profile = np.array(KEY_PROFILES[mode])
        scale = scale_of(key) | {(tonic - 1) % 12}  # the leading tone of minor is at home too
        worth = [
            TONALITY * (profile[(pitch - tonic) % 12] - profile.mean()) - OUT_OF_KEY * (pitch not in scale)
            for pitch in range(12)
        ]
        pitched = tuple(f"on:{spec.name}:" for spec in CHANNELS if spec.name != "no")
        return np.array(
            [
                sum(worth[int(event.rpartition(":")[2]) % 12] for event in events if event.startswith(pitched))
                for events in self.table.spelling
            ]
        )


@dataclass
class Sampler:
    """A tune being written: its head and how its tokens are drawn; the tokens that the model has before it.

    ends: the events, beside the next beat's, by which the model says that a beat is full. reader: has read what is
    written, and what came before it in the tune. nats, drawn: the surprise of all that has been drawn inside beats, as
    the model finds it without temperature, and how many tokens that were. course: what the tune is kept to. beat: the
    one begun last.
    """

    model: Model
    head: list[int]
    clock: RowClock
    temperature: float
    random: np.random.Generator
    ends: tuple[str, ...] = ("<end>",)
    body: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = Reader(self.model.codebook)
        self.memory = ScoreMemory() if self.model.engine.companion else None
        self.read(self.head)
        self.nats, self.drawn = 0.0, 0
        self.course = GuidanceTargets()
        self._tally = GuidanceCounts(self.model.codebook)
        self._turned = (np.zeros(1), np.zeros(1))
        self._leaning: npt.NDArray[np.float64] = np.zeros(len(self.model.table.spelling))
        self._in_key = inf
        self._logits: Logits = np.zeros(0)
        self.beat = -1
        self._row: int | None = None
        self._hears = False

    def hear(self, roll: Roll) -> None:
        """Write to what is given: a piano roll of the whole tune. Raises ListenerError where the model has none."""
        if self.model.engine.listener is None:
            raise ListenerError("The model has no listener.")
        self.model.engine.listener.hear(roll)
        self._hears = True

    def give(self, given: GivenMusic) -> None:
        """Write to what is given. Raises CompanionError where the model has no companion, which would hear it."""
        if self.memory is None:
            raise CompanionError("The model has no companion.")
        self.memory.give(given)

    def lean_to(self, key: str | None, share: float = inf) -> None:
        """Draw fewer notes off the scale of a key; None is any. share: of notes on it, where it is to be no more."""
        if key:
            self._leaning, self._in_key = self.model.leaning(key), share
            self._tally.scale = scale_of(key)

    def _pull_to_key(self) -> float:
        """How much of the leaning to a key is called for: all of it far from the share of notes on its scale."""
        found = self._tally.on_scale / self._tally.pitched if self._tally.pitched else 0.0
        return float(np.clip((self._in_key - found) / FAR_OFF, AWAY, 1.0))

    def read(self, tokens: Iterable[int]) -> None:
        """Take tokens for the tune so far."""
        tokens = list(tokens)
        if self.memory:
            self.memory.take(tokens)
        for token in tokens:
            for event in self.model.table.spelling[token]:
                self.reader.feed(event)

    def see(self, tokens: Sequence[int]) -> None:
        """Show the model its head and some tokens, up to the beat begun last, and nothing that it had before.

        A model with a companion has to have read them as the last ones of the tune.
        """
        self.body = list(tokens)
        first = max(0, self.beat + 1 - max(1, sum(token in self.model.beats for token in self.body)))
        seen = self.head + self.body
        self._logits = self.model.engine.begin(
            seen, self._reached(seen, first), self._inputs(len(self.head), len(self.body))
        )

    def _inputs(self, head: int, count: int) -> Inputs | None:
        """What is known at the first tokens of the tune and at its last ones; None for a model without a companion."""
        return self.memory.inputs(self.memory.latest(head, count)) if self.memory else None

    def _reached(self, tokens: Sequence[int], beat: int, row: int | None = None) -> Rows | None:
        """The rows that tokens reach, from a beat on, for the listener; None where nothing is given to hear."""
        if not self._hears:
            return None
        rows = self.model.counter.rows(tokens, beat, row)
        self._row = int(rows[-1])
        return rows

    def write(
        self,
        beats: range,
        total: int | None = None,
        closed: Callable[[int], int] = lambda _: 0,
        progress: Callable[[float], None] = lambda _: None,
        returns: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        """Write some beats. total: the tune's beats, where it is to come to a close with the last of them.

        closed: for a beat the channels, one bit each, in which nothing may happen. returns: beats that begin as an
        earlier one does, so many beats back. progress: told the share written.
        """
        place = self._place()
        for beat in beats:
            opening = [self.model.beats[(self.clock.first + beat) % BEAT_CYCLE]]
            if total is not None and total - beat <= COUNTDOWN:
                opening.append(self.model.id(f"left:{total - beat}"))
            self.beat, self._row = beat, None
            self.read(opening)
            self._append(opening)
            seconds = (self.clock.row(beat * ROWS) - self.clock.row(beats.start * ROWS)) / FRAMES_PER_SECOND
            turned = self.model.rudder.turned(self.course, self._tally, seconds)
            leaning = self._leaning * self._pull_to_key()
            self._turned = (turned[0] + leaning, turned[1] + leaning)
            rows = tuple(self.clock.row(beat * ROWS + i + 1) - self.clock.row(beat * ROWS + i) for i in range(ROWS))
            place = place.next_beat(
                rows, last=total is not None and beat == total - 1, played=self.reader.played[:-1], closed=closed(beat)
            )
            if beat in returns:
                self._return(place, returns[beat])
            self._fill(place, beat)
            self._tally.add(self.reader.played[-1], place.repeating)
            progress((beat - beats.start + 1) / len(beats))

    def _place(self) -> BeatState:
        """Where the tune is, by what has been read."""
        place = self.model.table.first_place()
        for channel, notes in enumerate(self.reader.notes):
            if self.reader.sounding[channel]:
                place.sounding |= 1 << channel
            if notes or self.reader.sounding[channel]:
                place.named |= 1 << channel
        return place

    def _return(self, place: BeatState, back: int) -> None:
        """Every channel does what it did so many beats ago, where it did something that fits in here."""
        channels = [c for c in range(len(CHANNELS)) if not place.closed >> c & 1 and place.can_repeat(c, back)]
        if not channels or not self.model.table.is_repeat.any():
            return
        for token in self.model.encode("".join(char(f"again:{CHANNEL_NAMES[c]}:{back}") for c in channels)):
            self.model.table.follow(place, token)
            self.read([token])
            self._append([token])

    def _fill(self, place: BeatState, beat: int) -> None:
        """Draw what happens in a beat."""
        full = [self.model.beats[(self.clock.first + beat + 1) % BEAT_CYCLE], *self.model.ids(self.ends)]
        while (token := self._next(place, full)) not in full:
            self.model.table.follow(place, token)
            self.read([token])
            self._append([token])

    def _next(self, place: BeatState, full: list[int]) -> int:
        """The next token inside a beat, or one of those that end it."""
        allowed = legal(self.model.table, place)
        if not place.waits:
            allowed[full] = True
        if self.memory and self.memory.due != NOTHING:
            until_due(self.model.table, place, allowed, self.memory.due, full)
        ids = np.flatnonzero(allowed)
        off_row = place.time > 0 and place.time % MAX_OFFSET > 0
        leant = self._logits + self._turned[off_row]
        token = draw_apart(leant, ids, self.model.kinds[ids], self.temperature, self.random)
        self.nats += float(np.logaddexp.reduce(self._logits[ids]) - self._logits[token])
        self.drawn += 1
        return token

    @property
    def surprise(self) -> float:
        """Nats a token of what has been drawn: the lower, the likelier the model finds it."""
        return self.nats / max(1, self.drawn)

    def _append(self, tokens: list[int]) -> None:
        """Write tokens and hear what may follow.

        A full context starts over with the head and the latest half, from a beat on, as training crops do.
        """
        self.body.extend(tokens)
        engine = self.model.engine
        if engine.length + len(tokens) < engine.context:
            self._logits = engine.feed(
                tokens, self._reached(tokens, self.beat, self._row), self._inputs(0, len(tokens))
            )
            return
        self.see(self.latest(engine.context // 2))

    def latest(self, most: int) -> list[int]:
        """The last tokens of the body, from a beat on."""
        recent = max(0, len(self.body) - most)
        start = next((i for i in range(recent, len(self.body)) if self.body[i] in self.model.beats), len(self.body))
        return self.body[start:]


def draw_apart(
    logits: Logits,
    ids: npt.NDArray[np.intp],
    kinds: npt.NDArray[np.intp],
    temperature: float,
    random: np.random.Generator,
) -> int:
    """One of the allowed tokens: first of which kind, as often as the model says so, then which, from its own nucleus.

    The chance of a sound or of a repeat is spread over so many tokens that one nucleus of all leaves most of them out
    (docs/experiments.md). kinds: of the ids [ids].
    """
    scaled = logits[ids] / temperature
    there = np.unique(kinds)
    if len(there) > 1:
        chances = np.array([np.logaddexp.reduce(scaled[kinds == kind]) for kind in there])
        ids = ids[kinds == there[draw_token(chances, range(len(there)), 1.0, random, top_p=1.0)]]
    return draw_token(logits, ids, temperature, random)


def draw_token(
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
