"""What is known of a tune while it is written: its tracker, and the features of every token that it has had.

A network looks back on a part of a tune; what is known at each of its tokens is of the whole tune. So a memory takes
every token once, in order, and says for any of them what the network reads (`models.features.inputs`). Channels that
are given are told beforehand.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.features import given as given_columns
from models.features.columns import PITCHED, STATE_COLUMNS, Bytes, features_of
from models.features.events import BEAT_TICKS, CHANNELS_OF, KINDS, Kind, beat_event, time_event
from models.features.given import (
    NEVER,
    NOTHING,
    Played,
    channels_of,
    given_indices,
    known_pitches,
    look_ahead,
)
from models.features.inputs import Given, Inputs, Part, inputs_of, part_of
from models.features.tracker import Tracker
from models.inference.engine import BELIEVED, Told
from models.music.score import CHANNELS
from models.tokens.grammar import BeatState, Mask, TokenTable

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GivenMusic:
    """What is given of a tune.

    played: on each channel. start: the tick from which each channel is known [channels], `NEVER` for one that is not.
    within: the ticks at which it is. events: what given channels do, as (tick, event) in the order of writing, where it
    is written together with the others.
    """

    played: Played
    start: tuple[int, ...]
    within: range = range(NEVER)
    events: tuple[tuple[int, int], ...] = ()


def given_channels(events: Sequence[int], channels: Collection[int]) -> GivenMusic:
    """Some channels of a tune, given from its beginning on. events: of the tune, or of those channels alone."""
    tracker = Tracker()
    found = []
    for event in events:
        tracker.feed(event)
        if int(channels_of(np.array([event]), np.array([tracker.passed]))[0]) in channels:
            found.append((tracker.tick, event))
    start = tuple(0 if channel in channels else NEVER for channel in range(len(CHANNELS)))
    return GivenMusic(_played(tracker), start, events=tuple(found))


def given_after(events: Sequence[int], span: range) -> GivenMusic:
    """All of a tune after a span of beats, for the writing of that span. events: of the whole tune."""
    tracker = Tracker()
    for event in events:
        tracker.feed(event)
    within = range(span.start * BEAT_TICKS, span.stop * BEAT_TICKS)
    return GivenMusic(_played(tracker), (within.stop,) * len(CHANNELS), within)


def _played(tracker: Tracker) -> Played:
    return Played(
        tuple(np.array(ticks, np.int64) for ticks in tracker.ticks),
        tuple(np.array(codes, np.uint8) for codes in tracker.codes),
    )


class ScoreMemory:
    """Takes a tune's tokens, which are single events.

    due: what given channels make follow, or `NOTHING`. raw, tokens, buckets, dues: for every token so far what a
    tracker said, its candidates, how they are believed, and what was due. given: what is given of the tune.
    """

    def __init__(self, given: GivenMusic | None = None) -> None:
        self.given = given
        self._tracker = Tracker()
        self._events: list[int] = []
        self._ticks: list[int] = []
        self._passed: list[int] = []
        self.raw: list[bytes] = []
        self.tokens: list[list[int]] = []
        self.buckets: list[list[int]] = []
        self.dues: list[int] = []
        self._written = 0
        self.due = NOTHING

    def give(self, given: GivenMusic) -> None:
        """Tell what is given, before the first beat or before the ticks at which it is known."""
        self.given = given

    def take(self, events: Sequence[int]) -> None:
        """The next tokens."""
        tracker = self._tracker
        for event in events:
            tracker.feed(event)
            self._events.append(event)
            self._ticks.append(tracker.tick)
            self._passed.append(tracker.passed)
            self.raw.append(tracker.columns)
            self.tokens.append(tracker.candidates.tokens)
            self.buckets.append(tracker.candidates.buckets)
            self._follow(event)
            self.dues.append(self.due)

    def inputs(self, places: Sequence[int]) -> Inputs:
        """What a network reads at some tokens, by their numbers in the tune; one row."""
        return inputs_of([[self._part(np.array(places))]], len(places))

    @property
    def count(self) -> int:
        """How many tokens it has taken."""
        return len(self._events)

    def latest(self, head: int, count: int) -> list[int]:
        """The numbers of the first `head` tokens and of the last `count`."""
        return [*range(head), *range(len(self._events) - count, len(self._events))]

    def _part(self, places: Longs) -> Part:
        """The features of some tokens."""
        raw = np.frombuffer(b"".join(self.raw[i] for i in places), np.uint8).reshape(len(places), -1)
        told = (
            raw,
            np.array([self.tokens[i] for i in places], np.int16),
            np.array([self.buckets[i] for i in places], np.uint8),
        )
        events = np.array([self._events[i] for i in places], np.int16)
        ticks = np.array([self._ticks[i] for i in places], np.int64)
        given = None if self.given is None else Given(self._start(self.given, ticks))
        played = self.given.played if self.given else Played((), ())
        part = part_of(events, ticks, told, played, given=given)
        due = np.array([self.dues[i] for i in places], np.int16)
        return Part(part.events, part.features, due, part.ahead)

    def ahead(self, given: GivenMusic, left: int) -> Bytes:
        """What is known ahead at one token, counted from the end [1, given.LOOKUPS]."""
        ticks = np.array([self._ticks[-left]], np.int64)
        return look_ahead(given.played, ticks, np.array([self._passed[-left]]), self._start(given, ticks))

    def _start(self, given: GivenMusic, ticks: Longs) -> Longs:
        """The tick from which each channel is given at each token [n, channels]."""
        known = (ticks >= given.within.start) & (ticks < given.within.stop)
        return np.where(known[:, None], np.array(given.start), NEVER)

    def _follow(self, event: int) -> None:
        """Work out what given channels make follow an event."""
        given, tracker = self.given, self._tracker
        if given is None or not given.events or tracker.beat < 0:
            return
        if self._written < len(given.events) and given.events[self._written] == (tracker.tick, event):
            self._written += 1
        self.due = NOTHING
        if self._written < len(given.events):
            tick, following = given.events[self._written]
            if tick // BEAT_TICKS > tracker.beat:
                self.due = beat_event(tracker.cycle + 1)
            elif KINDS[following] in (Kind.AGAIN, Kind.SOUND) or (tick == tracker.tick and tracker.timed):
                self.due = following
            else:
                self.due = time_event(tick)


def tell(told: Told, texts: Sequence[tuple[ScoreMemory, int]]) -> None:
    """Write what is known at one token of each text. texts: (its memory, which token, counted from the end)."""
    count = len(texts)
    raw = np.frombuffer(b"".join([memory.raw[-left] for memory, left in texts]), np.uint8).reshape(count, -1)
    tokens = np.array([memory.tokens[-left] for memory, left in texts], np.int16)
    buckets = np.array([memory.buckets[-left] for memory, left in texts], np.uint8)
    features = features_of(raw, tokens, buckets)
    told.state[:count, 0] = features.indices[:, :STATE_COLUMNS]
    told.looked[:count, 0] = features.indices[:, STATE_COLUMNS:]
    told.classes[:count, 0] = features.classes
    due = [memory.dues[-left] for memory, left in texts]
    told.candidates[:count, :-1] = features.tokens
    told.candidates[:count, -1] = due
    told.believed[:count, :-1] = features.buckets
    told.believed[:count, -1] = [event >= 0 for event in due]
    told.believed[:count] += BELIEVED
    last = features.last
    told.given[:count] = given_columns.TABLE
    for number, (memory, left) in enumerate(texts):
        if memory.given:
            ahead = memory.ahead(memory.given, left)
            told.given[number] = given_indices(ahead)
            known = known_pitches(ahead)
            last[number] = np.where(known[0] >= 0, known[0], last[number])
    told.references[:count] = np.concatenate([last, features.before], axis=1)[:, _REFERENCES]


_REFERENCES = [number for channel in range(PITCHED) for number in (*range(PITCHED), PITCHED + channel)]
"""The pitches that intervals are counted from, in the order of the graph, out of the last ones and those before."""


def until_due(table: TokenTable, place: BeatState, allowed: Mask, due: int, full: Sequence[int]) -> None:
    """Take away what would pass over what given channels do next, and allow that itself.

    allowed: the tokens that may follow, changed in place. due: as of `ScoreMemory`. full: the tokens that end a beat.
    Given channels have to be closed at the place.
    """
    kind, channel = KINDS[due], CHANNELS_OF[due]
    if place.voice >= 0 and place.closed >> place.voice & 1:
        allowed &= ~table.is_sound  # a given note names what it named
    if kind == Kind.BEAT:
        return
    allowed[list(full)] = False
    if kind == Kind.SOUND:
        allowed[:] = False
    elif kind == Kind.AT:
        allowed &= table.first_time <= table.first_time[due]
    elif kind == Kind.AGAIN:
        allowed &= table.is_repeat & (table.channels < 1 << channel)
    else:
        begins_with_time = (table.first_channel < 0) & ~table.is_sound
        allowed &= ~begins_with_time & (table.is_sound | (table.first_channel < channel))
    allowed[due] = (
        not place.needs_envelope if kind in (Kind.NOTE, Kind.OFF) else kind != Kind.AT or not place.is_incomplete
    )
