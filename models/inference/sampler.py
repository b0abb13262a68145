"""Samples a tune's tokens beat by beat: only legal tokens, guided to targets, and read as music as they come.

What is written (a whole tune, its end, some channels, some bars) and what the model has seen before is up to
`models.inference.new_tune` and `models.inference.remix`. A sampler asks for its tokens, so that several can be drawn at
once (`models.inference.batch`). All random choices come from the sampler's own generator.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from models.features.given import NOTHING
from models.inference.batch import Ask
from models.inference.companion import CompanionError
from models.inference.cross_attention import Heard, ListenerError
from models.inference.drawing import Draw, Drawn
from models.inference.engine import Engine
from models.inference.guidance import Guidance, GuidanceTargets
from models.inference.score_memory import GivenMusic, ScoreMemory, until_due
from models.music.grid import BEAT_CYCLE, ROWS, RowClock
from models.music.keys import KEY_PROFILES, KEYS, scale_of
from models.music.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND
from models.tokens.codec import Reader
from models.tokens.grammar import BeatState, TokenTable, legal_tokens
from models.tokens.piano_roll import Roll, RowCounter
from models.tokens.song_profiles import load_profiles
from models.tokens.tokenizer import knows_plans, load_codebook, load_tokenizer, token_events, token_id
from models.tokens.tune_counts import TuneCounts
from models.tokens.vocabulary import COUNTDOWN, MAX_OFFSET, char

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
        self.beat = -1
        self._unread: list[int] = []
        self._anew = True
        self._length = 0
        self._heard: Heard | None = None
        self._row: int | None = None
        self._unread_rows: list[int] = []

    def listen_to(self, roll: Roll) -> None:
        """Let the model attend to a piano roll of the whole tune. Raise ListenerError if it has no listener."""
        if self.model.engine.listener is None:
            raise ListenerError("The model has no listener.")
        self._heard = self.model.engine.listener.read(roll)

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
        self._anew, self._length = True, 0
        self._unread, self._unread_rows = [], []
        self._show(self.head + self.body, first)

    def _show(self, tokens: list[int], beat: int, row: int | None = None) -> None:
        """Let the model read tokens from a beat on before it draws the next one."""
        self._unread += tokens
        self._length += len(tokens)
        if self._heard:
            rows = self.model.row_counter.rows(tokens, beat, row)
            self._row = int(rows[-1])
            self._unread_rows += rows.tolist()

    def sample_beats(
        self,
        beats: range,
        total: int | None = None,
        closed: Callable[[int], int] = lambda _: 0,
        progress: Callable[[float], None] = lambda _: None,
        reprises: Mapping[int, int] = MappingProxyType({}),
    ) -> Generator[Ask, Drawn, None]:
        """Sample some beats. Ask for each token.

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
            yield from self._sample_beat(state, beat)
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

    def _sample_beat(self, state: BeatState, beat: int) -> Generator[Ask, Drawn, None]:
        """Sample what happens in a beat."""
        ends = [self.model.beats[(self.clock.first + beat + 1) % BEAT_CYCLE], *self.model.ids(self.ends)]
        while (token := (yield from self._sample_token(state, ends))) not in ends:
            self.model.table.advance(state, token)
            self.read([token])
            self._append([token])

    def _sample_token(self, state: BeatState, ends: list[int]) -> Generator[Ask, Drawn, int]:
        """Return the next token inside a beat, or one of those that end it."""
        allowed = legal_tokens(self.model.table, state)
        if not state.is_incomplete:
            allowed[ends] = True
        if self.memory and self.memory.due != NOTHING:
            until_due(self.model.table, state, allowed, self.memory.due, ends)
        is_off_row = state.time > 0 and state.time % MAX_OFFSET > 0
        drawn = yield Ask(
            tuple(self._unread),
            Draw(allowed, self._bonus[is_off_row], self.temperature, self.random),
            self.memory,
            self._anew,
            len(self.head),
            self._heard,
            np.array(self._unread_rows) if self._heard else None,
        )
        self._unread, self._unread_rows, self._anew = [], [], False
        self.nats += drawn.nats
        self.sampled += 1
        return drawn.token

    @property
    def surprisal(self) -> float:
        """Nats a token of what has been sampled: the lower, the likelier the model finds it."""
        return self.nats / max(1, self.sampled)

    def _append(self, tokens: list[int]) -> None:
        """Append tokens, for the model to read before it draws the next one.

        If the context is full, start over with the head and the latest half, from a beat on, as training crops do.
        """
        self.body.extend(tokens)
        if self._length + len(tokens) < self.model.engine.context:
            self._show(tokens, self.beat, self._row)
        else:
            self.prompt(self.last_tokens(self.model.engine.context // 2))

    def last_tokens(self, most: int) -> list[int]:
        """Return at most so many tokens from the end of the body, starting with a beat."""
        recent = max(0, len(self.body) - most)
        start = next((i for i in range(recent, len(self.body)) if self.body[i] in self.model.beats), len(self.body))
        return self.body[start:]
