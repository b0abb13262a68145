"""Samples a tune's tokens beat by beat: only legal tokens, guided to targets, and read as music as they come.

What is written (a whole tune, its end, some channels, some bars) and what the model has seen before is up to
`models.inference.new_tune` and `models.inference.remix`. All random choices come from the sampler's own generator.
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
from models.inference.guidance import Guidance, GuidanceTargets
from models.inference.score_memory import GivenMusic, ScoreMemory, until_due
from models.music.grid import BEAT_CYCLE, ROWS, RowClock
from models.music.keys import KEY_PROFILES, KEYS, scale_of
from models.music.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND
from models.tokens.codec import Reader
from models.tokens.grammar import BeatState, TokenTable, legal_tokens
from models.tokens.piano_roll import Roll, RowCounter, Rows
from models.tokens.song_profiles import load_profiles
from models.tokens.tokenizer import knows_plans, load_codebook, load_tokenizer, token_events, token_id
from models.tokens.tune_counts import TuneCounts
from models.tokens.vocabulary import COUNTDOWN, MAX_OFFSET, char

TOP_P = 0.95
"""Sampling considers the likeliest tokens with this share of the probability (nucleus sampling, Holtzman 2020)."""
OFF_SCALE_COST = 1.5
"""What each note off the scale of the requested key costs a token, in nats. The key in its head alone hardly affects
the model (docs/experiments.md)."""
KEY_PROFILE_WEIGHT = 0.5
"""Nats for each point of a key's profile. The scale alone does not tell a minor key from its relative major."""
KEY_MARGIN = 0.05
"""A key's bonus is applied in full while the share of notes on its scale is at least this much below its target."""
KEY_REVERSAL = -0.5
"""The share of the bonus that is applied, reversed, at most: when more notes are on the scale than should be."""


@dataclass(frozen=True, slots=True)
class TuneSpec:
    """What a tune should be.

    frames: its length, unless `beats` is set. beat_frames: frames a beat, or None for the model's choice. densities:
    the acceptable steps of density (`models.tokens.plan`), consecutive ones; none for any.
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
        """The control events of what is specified. They are given to the model and never sampled."""
        named = (("scene", self.scene), ("key", self.key))
        return [f"{kind}:{value}" for kind, value in named if value]


class Model:
    """A model on disk, ready to write music."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = load_tokenizer(folder)
        self.codebook = load_codebook(folder, self.tokenizer)
        self.engine = Engine(folder)
        self.table = TokenTable(token_events(self.tokenizer))
        self.plans = knows_plans(self.tokenizer)
        self.token_kinds = self.table.is_sound + 2 * self.table.is_repeat
        self.profiles = load_profiles(folder)
        self.guidance = Guidance(self.table, self.codebook)
        self.beats = [self.id(f"beat:{n}") for n in range(BEAT_CYCLE)]
        self.row_counter = RowCounter(self.table.spelling)

    def id(self, event: str) -> int:
        """Return the token that stands for one event alone."""
        return token_id(self.tokenizer, event)

    def ids(self, events: Iterable[str]) -> list[int]:
        """Return the tokens of some events, one for each."""
        return [self.id(event) for event in events]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text of `models.tokens.codec`."""
        return list(self.tokenizer.encode(text).ids)

    def key_bonus(self, key: str) -> npt.NDArray[np.float64]:
        """Return what each token's notes earn (or cost) in a key, in nats [tokens]."""
        mode, tonic = divmod(KEYS.index(key), 12)
        profile = np.array(KEY_PROFILES[mode])
        scale = scale_of(key) | {(tonic - 1) % 12}  # the leading tone belongs to minor keys too
        pitch_bonus = [
            KEY_PROFILE_WEIGHT * (profile[(pitch - tonic) % 12] - profile.mean())
            - OFF_SCALE_COST * (pitch not in scale)
            for pitch in range(12)
        ]
        pitched = tuple(f"on:{spec.name}:" for spec in CHANNELS if spec.name != "no")
        return np.array(
            [
                sum(pitch_bonus[int(event.rpartition(":")[2]) % 12] for event in events if event.startswith(pitched))
                for events in self.table.spelling
            ]
        )


@dataclass
class Sampler:
    """A tune while it is sampled.

    head, body: the tokens that the model has before it. ends: the events, besides the next beat's, that end a beat.
    reader: reads what is sampled, and what came before it in the tune. nats, sampled: the surprisal of all tokens
    sampled inside beats, at temperature 1, and their number. targets: what the tune is guided to. beat: the beat that
    was started last.
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
        self.nats, self.sampled = 0.0, 0
        self.targets = GuidanceTargets()
        self._counts = TuneCounts(self.model.codebook)
        self._bonus = (np.zeros(1), np.zeros(1))
        self._key_bonus: npt.NDArray[np.float64] = np.zeros(len(self.model.table.spelling))
        self._on_scale_target = inf
        self._logits: Logits = np.zeros(0)
        self.beat = -1
        self._row: int | None = None
        self._listens = False

    def listen_to(self, roll: Roll) -> None:
        """Let the model attend to a piano roll of the whole tune. Raise ListenerError if it has no listener."""
        if self.model.engine.listener is None:
            raise ListenerError("The model has no listener.")
        self.model.engine.listener.read(roll)
        self._listens = True

    def give(self, given: GivenMusic) -> None:
        """Let the model know ahead what is given. Raise CompanionError if it has no companion."""
        if self.memory is None:
            raise CompanionError("The model has no companion.")
        self.memory.give(given)

    def favour_key(self, key: str | None, target: float = inf) -> None:
        """Favour the notes of a key; None favours none. target: the share of notes on its scale to aim at."""
        if key:
            self._key_bonus, self._on_scale_target = self.model.key_bonus(key), target
            self._counts.scale = scale_of(key)

    def _key_strength(self) -> float:
        """Return the share of the key's bonus to apply: 1 if the share of notes on its scale is far below target."""
        share = self._counts.on_scale / self._counts.pitched if self._counts.pitched else 0.0
        return float(np.clip((self._on_scale_target - share) / KEY_MARGIN, KEY_REVERSAL, 1.0))

    def read(self, tokens: Iterable[int]) -> None:
        """Read tokens as part of the tune."""
        tokens = list(tokens)
        if self.memory:
            self.memory.take(tokens)
        for token in tokens:
            for event in self.model.table.spelling[token]:
                self.reader.feed(event)

    def prompt(self, tokens: Sequence[int]) -> None:
        """Show the model its head and some tokens, up to the beat that was started last, and nothing else.

        For a model with a companion they must be the last tokens that were read.
        """
        self.body = list(tokens)
        first = max(0, self.beat + 1 - max(1, sum(token in self.model.beats for token in self.body)))
        shown = self.head + self.body
        inputs = self._inputs(len(self.head), len(self.body))
        self._logits = self.model.engine.begin(shown, self._rows_of(shown, first), inputs)

    def _inputs(self, head: int, count: int) -> Inputs | None:
        """Return what is known at the tune's first and last tokens; None for a model without a companion."""
        return self.memory.inputs(self.memory.latest(head, count)) if self.memory else None

    def _rows_of(self, tokens: Sequence[int], beat: int, row: int | None = None) -> Rows | None:
        """Return the row that each token is at, from a beat on; None if the model does not listen."""
        if not self._listens:
            return None
        rows = self.model.row_counter.rows(tokens, beat, row)
        self._row = int(rows[-1])
        return rows

    def sample_beats(
        self,
        beats: range,
        total: int | None = None,
        closed: Callable[[int], int] = lambda _: 0,
        progress: Callable[[float], None] = lambda _: None,
        reprises: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        """Sample some beats.

        total: the tune's beats, if it ends with the last of them. closed: returns for a beat the channels, one bit
        each, in which nothing may happen. reprises: for beats that start like an earlier one, how many beats back that
        one is. progress: is called with the share that is done.
        """
        state = self._initial_state()
        for beat in beats:
            opening = [self.model.beats[(self.clock.first + beat) % BEAT_CYCLE]]
            if total is not None and total - beat <= COUNTDOWN:
                opening.append(self.model.id(f"left:{total - beat}"))
            self.beat, self._row = beat, None
            self.read(opening)
            self._append(opening)
            seconds = (self.clock.row(beat * ROWS) - self.clock.row(beats.start * ROWS)) / FRAMES_PER_SECOND
            on_row, off_row = self.model.guidance.bonus(self.targets, self._counts, seconds)
            key_bonus = self._key_bonus * self._key_strength()
            self._bonus = (on_row + key_bonus, off_row + key_bonus)
            rows = tuple(self.clock.row(beat * ROWS + i + 1) - self.clock.row(beat * ROWS + i) for i in range(ROWS))
            state = state.next_beat(
                rows, last=total is not None and beat == total - 1, played=self.reader.played[:-1], closed=closed(beat)
            )
            if beat in reprises:
                self._reprise(state, reprises[beat])
            self._sample_beat(state, beat)
            self._counts.add(self.reader.played[-1], state.repeating)
            progress((beat - beats.start + 1) / len(beats))

    def _initial_state(self) -> BeatState:
        """Return the state before the first beat, by what has been read."""
        state = self.model.table.initial_state()
        for channel, notes in enumerate(self.reader.notes):
            if self.reader.sounding[channel]:
                state.sounding |= 1 << channel
            if notes or self.reader.sounding[channel]:
                state.named |= 1 << channel
        return state

    def _reprise(self, state: BeatState, back: int) -> None:
        """Let every channel repeat what it did so many beats ago, if that fits this beat."""
        channels = [c for c in range(len(CHANNELS)) if not state.closed >> c & 1 and state.can_repeat(c, back)]
        if not channels or not self.model.table.is_repeat.any():
            return
        for token in self.model.encode("".join(char(f"again:{CHANNEL_NAMES[c]}:{back}") for c in channels)):
            self.model.table.advance(state, token)
            self.read([token])
            self._append([token])

    def _sample_beat(self, state: BeatState, beat: int) -> None:
        """Sample what happens in a beat."""
        ends = [self.model.beats[(self.clock.first + beat + 1) % BEAT_CYCLE], *self.model.ids(self.ends)]
        while (token := self._sample_token(state, ends)) not in ends:
            self.model.table.advance(state, token)
            self.read([token])
            self._append([token])

    def _sample_token(self, state: BeatState, ends: list[int]) -> int:
        """Return the next token inside a beat, or one of those that end it."""
        allowed = legal_tokens(self.model.table, state)
        if not state.is_incomplete:
            allowed[ends] = True
        if self.memory and self.memory.due != NOTHING:
            until_due(self.model.table, state, allowed, self.memory.due, ends)
        ids = np.flatnonzero(allowed)
        is_off_row = state.time > 0 and state.time % MAX_OFFSET > 0
        guided = self._logits + self._bonus[is_off_row]
        token = sample_by_kind(guided, ids, self.model.token_kinds[ids], self.temperature, self.random)
        self.nats += float(np.logaddexp.reduce(self._logits[ids]) - self._logits[token])
        self.sampled += 1
        return token

    @property
    def surprisal(self) -> float:
        """Nats a token of what has been sampled: the lower, the likelier the model finds it."""
        return self.nats / max(1, self.sampled)

    def _append(self, tokens: list[int]) -> None:
        """Append tokens and compute the logits of the next one.

        If the context is full, start over with the head and the latest half, from a beat on, as training crops do.
        """
        self.body.extend(tokens)
        engine = self.model.engine
        if engine.length + len(tokens) < engine.context:
            rows = self._rows_of(tokens, self.beat, self._row)
            self._logits = engine.feed(tokens, rows, self._inputs(0, len(tokens)))
            return
        self.prompt(self.last_tokens(engine.context // 2))

    def last_tokens(self, most: int) -> list[int]:
        """Return at most so many tokens from the end of the body, starting with a beat."""
        recent = max(0, len(self.body) - most)
        start = next((i for i in range(recent, len(self.body)) if self.body[i] in self.model.beats), len(self.body))
        return self.body[start:]


def sample_by_kind(
    logits: Logits,
    ids: npt.NDArray[np.intp],
    kinds: npt.NDArray[np.intp],
    temperature: float,
    random: np.random.Generator,
) -> int:
    """Return one of the allowed tokens: first sample its kind by the model's probabilities, then it from that nucleus.

    The probability of a sound or a repeat is spread over so many tokens that one nucleus of all tokens would leave most
    of them out (docs/experiments.md). kinds: the kind of each id [ids].
    """
    scaled = logits[ids] / temperature
    present = np.unique(kinds)
    if len(present) > 1:
        chances = np.array([np.logaddexp.reduce(scaled[kinds == kind]) for kind in present])
        ids = ids[kinds == present[sample_token(chances, range(len(present)), 1.0, random, top_p=1.0)]]
    return sample_token(logits, ids, temperature, random)


def sample_token(
    logits: Logits, allowed: npt.ArrayLike, temperature: float, random: np.random.Generator, top_p: float = TOP_P
) -> int:
    """Return one of the allowed tokens, sampled from the nucleus of their distribution at a temperature."""
    ids = np.asarray(allowed)
    scaled = logits[ids] / temperature
    probability = np.exp(scaled - scaled.max())
    probability /= probability.sum()
    order = np.argsort(-probability, kind="stable")
    cumulative = np.cumsum(probability[order])
    nucleus = int(np.searchsorted(cumulative, top_p)) + 1
    chosen = int(np.searchsorted(cumulative[:nucleus], random.random() * cumulative[min(nucleus, len(ids)) - 1]))
    return int(ids[order[min(chosen, len(ids) - 1)]])
