"""Decides which tokens may follow: each rule is a small function over all tokens at once.

A token of byte-pair encoding can hold several events, so what each token requires and does as a whole is computed once.
A tune that is sampled under these rules always decodes to a legal score.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import lt

import numpy as np
import numpy.typing as npt

from models.music.grid import ROWS
from models.music.score import CHANNEL_NAMES, NO, TR
from models.tokens.vocabulary import BACKS, MAX_OFFSET, is_repeat, is_sound

Mask = npt.NDArray[np.bool_]
Played = Sequence[Sequence[Sequence[tuple[str, str]]]]
NOTHING = -1
ALL = (1 << len(CHANNEL_NAMES)) - 1
"""Every channel, one bit each."""
SOUNDLESS = 1 << TR
"""The channels whose notes name no sounds."""
ENVELOPE, DUTY = range(2)
"""The two kinds of sound that a note can name, in this order. For noise, the mode stands for the duty."""


@dataclass
class BeatState:
    """The state of a tune inside a beat: the last time and channel written, what sounds, and what has named a sound.

    time: row * MAX_OFFSET + offset, or NOTHING. channel: the last event's at that time, or NOTHING. rows: the lengths
    of the beat's rows, in frames. sounding: the channels that sound, one bit each. last: whether the tune ends with
    this beat. named: the channels that have an envelope, one bit each, or all if the model names none. voice: the
    channel whose note has just started and may name its sound, or NOTHING. said: the kind of sound that it named last,
    or NOTHING. played: what happened in each beat so far, as `models.tokens.codec.Reader` keeps it. repeating: the
    channels that repeat a beat, one bit each. closed: the channels in which nothing may happen, one bit each.
    """

    rows: tuple[int, ...]
    time: int = NOTHING
    channel: int = NOTHING
    sounding: int = 0
    last: bool = False
    named: int = ALL
    voice: int = NOTHING
    said: int = NOTHING
    played: Played = ()
    repeating: int = 0
    closed: int = 0

    @property
    def is_incomplete(self) -> bool:
        """Whether a time has been written at which nothing happens yet, or a note still needs its envelope."""
        return self.needs_envelope or (self.time != NOTHING and self.channel == NOTHING)

    @property
    def needs_envelope(self) -> bool:
        """Whether the note that has just started must name its envelope, as the first note of its channel."""
        return self.voice != NOTHING and not self.named >> self.voice & 1

    def next_beat(self, rows: tuple[int, ...], *, last: bool, played: Played = (), closed: int = 0) -> BeatState:
        """Return the state at the start of the next beat. played: what happened up to the end of this one."""
        return BeatState(rows, sounding=self.sounding, last=last, named=self.named, played=played, closed=closed)

    def source(self, channel: int, back: int) -> Sequence[tuple[str, str]]:
        """Return what a channel did so many beats ago, as (time, event). Before the tune there is nothing."""
        return self.played[-back][channel] if back <= len(self.played) else ()

    def can_repeat(self, channel: int, back: int) -> bool:
        """Return whether a channel did something there that fits this beat. In the last beat it must start no note."""
        source = self.source(channel, back)
        if not source:
            return False
        offsets, begins = _needs(tuple(source))
        return all(map(lt, offsets, self.rows)) and not (self.last and begins)

    @cached_property
    def repeatable(self) -> frozenset[tuple[int, int]]:
        """The (channel, beats back) that can be repeated in this beat."""
        pairs = ((channel, back) for channel in range(len(CHANNEL_NAMES)) for back in BACKS)
        return frozenset(pair for pair in pairs if self.can_repeat(*pair))

    def repeat(self, channel: int, back: int) -> None:
        """Let the channel repeat what it did so many beats ago."""
        bit = 1 << channel
        self.repeating |= bit
        last = [event for _, event in self.source(channel, back) if not is_sound(event)][-1]
        self.sounding = self.sounding | bit if last.startswith("on:") else self.sounding & ~bit


@lru_cache(maxsize=4096)
def _needs(source: tuple[tuple[str, str], ...]) -> tuple[tuple[int, ...], bool]:
    """Return what it takes to repeat a channel's beat: the furthest frame after each row, and whether notes begin."""
    furthest = [NOTHING] * ROWS
    for time, event in source:
        if not is_sound(event):
            row, offset = map(int, time.split("."))
            furthest[row] = max(furthest[row], offset)
    return tuple(furthest), any(event.startswith("on:") for _, event in source)


class TokenTable:
    """What each token requires and does: arrays [tokens], computed from its events."""

    def __init__(self, spelling: list[tuple[str, ...]]) -> None:
        size = len(spelling)
        self.spelling = spelling
        self.is_event = np.zeros(size, dtype=bool)
        self.first_time = np.full(size, NOTHING)
        self.last_time = np.full(size, NOTHING)
        self.first_channel = np.full(size, NOTHING)
        self.last_channel = np.full(size, NOTHING)
        self.needs_sounding = np.zeros(size, dtype=int)
        self.begins_notes = np.array([any(event.startswith("on:") for event in events) for events in spelling])
        self.silences = np.zeros(size, dtype=int)
        self.furthest = np.full((size, ROWS), NOTHING)
        self.is_sound = np.zeros(size, dtype=bool)
        self.of_noise = np.zeros(size, dtype=bool)
        self.first_said = np.full(size, NOTHING)
        self.leaves_unnamed = np.zeros(size, dtype=int)
        self.channels = np.zeros(size, dtype=int)
        self.is_repeat = np.zeros(size, dtype=bool)
        self.repeats: list[list[tuple[int, int]]] = [[] for _ in range(size)]
        self.masks: dict[tuple[int, Hashable], Mask] = {}
        for i, events in enumerate(spelling):
            if events and all(map(is_sound, events)):
                self.is_sound[i] = self._describe_sound(i, events)
            elif events and all(map(is_repeat, events)):
                self.is_repeat[i] = self._describe_repeat(i, events)
            elif events and all(event.partition(":")[0] in ("at", "on", "off") for event in events):
                self.is_event[i] = self._describe(i, events)

    def _describe(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i. Return False if the events contradict each other."""
        time, channel = NOTHING, NOTHING
        seen: set[int] = set()
        for position, event in enumerate(events):
            kind, _, value = event.partition(":")
            if kind == "at":
                row, offset = (int(part) for part in value.split("."))
                now = row * MAX_OFFSET + offset
                if now <= time or (position and channel == NOTHING):
                    return False
                time, channel = now, NOTHING
                self.furthest[i, row] = max(self.furthest[i, row], offset)
                if self.first_time[i] == NOTHING:
                    self.first_time[i] = now
                continue
            index = CHANNEL_NAMES.index(value.partition(":")[0])
            if index <= channel:
                return False
            if position == 0:
                self.first_channel[i] = index
            if kind == "off" and index not in seen:
                self.needs_sounding[i] |= 1 << index
            if kind == "off":
                self.silences[i] |= 1 << index
            elif position + 1 < len(events):
                self.leaves_unnamed[i] |= 1 << index
            channel = index
            seen.add(index)
            self.channels[i] |= 1 << index
        self.last_time[i], self.last_channel[i] = time, channel
        return True

    def _describe_sound(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i for a sound token. Return False if its sounds do not belong to one note."""
        kinds = [event.split(":")[:2] for event in events]
        said = [ENVELOPE if kind == "env" else DUTY for kind, _ in kinds]
        self.of_noise[i] = kinds[0][1] == "noise"
        self.first_said[i] = said[0]
        return len({name for _, name in kinds}) == 1 and said == sorted(set(said))

    def _describe_repeat(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i for a repeat token. Return False if its channels are not in order."""
        values = [event.split(":")[1:] for event in events]
        self.repeats[i] = [(CHANNEL_NAMES.index(name), int(back)) for name, back in values]
        channels = [channel for channel, _ in self.repeats[i]]
        self.channels[i] = sum(1 << channel for channel in set(channels))
        return channels == sorted(set(channels))

    @cached_property
    def legal(self) -> Mask:
        """Which tokens are events, sounds or repeats [tokens]."""
        return self.is_event | self.is_sound | self.is_repeat

    @cached_property
    def repeating_tokens(self) -> list[int]:
        """The tokens that are repeats."""
        return np.flatnonzero(self.is_repeat).tolist()

    @property
    def names_sounds(self) -> bool:
        """Whether any token names how a note sounds."""
        return bool(self.is_sound.any())

    def initial_state(self) -> BeatState:
        """Return the state before a tune's first beat."""
        return BeatState((), named=SOUNDLESS if self.names_sounds else ALL)

    def advance(self, state: BeatState, token: int) -> None:
        """Move a state past a token."""
        for channel, back in self.repeats[token]:
            state.repeat(channel, back)
        if self.is_repeat[token]:
            return
        if self.is_sound[token]:
            state.named |= 1 << state.voice
            state.said = DUTY if len(self.spelling[token]) > 1 else int(self.first_said[token])
            return
        state.voice = int(self.last_channel[token]) if self.spelling[token][-1].startswith("on:") else NOTHING
        state.said = NOTHING
        if self.last_time[token] != NOTHING:
            state.time = int(self.last_time[token])
        state.channel = int(self.last_channel[token])
        for event in self.spelling[token]:
            kind, _, value = event.partition(":")
            if kind != "at":
                bit = 1 << CHANNEL_NAMES.index(value.partition(":")[0])
                state.sounding = state.sounding | bit if kind == "on" else state.sounding & ~bit


def times_increase(table: TokenTable, state: BeatState) -> Mask:
    """Allow only times that go forward inside a beat."""
    return np.asarray((table.first_time == NOTHING) | (table.first_time > state.time))


def events_follow_times(table: TokenTable, state: BeatState) -> Mask:
    """Require that something happens at each time before the next time is written."""
    begins_with_time = (table.first_channel == NOTHING) & ~table.is_sound & ~table.is_repeat
    return ~begins_with_time if state.is_incomplete else np.ones(len(begins_with_time), dtype=np.bool_)


def channels_in_order(table: TokenTable, state: BeatState) -> Mask:
    """Allow channels at one time only in order, each once, and after the time was written."""
    goes_on = table.first_channel != NOTHING
    if state.time == NOTHING:
        return np.asarray(~goes_on)
    return np.asarray(~goes_on | (table.first_channel > state.channel))


def offsets_fit_rows(table: TokenTable, state: BeatState) -> Mask:
    """Allow no time beyond the frames of its row."""
    return np.asarray((table.furthest < np.array(state.rows)).all(axis=1), dtype=bool)


def only_sounding_channels_stop(table: TokenTable, state: BeatState) -> Mask:
    """Let only a channel that sounds fall silent."""
    return np.asarray((table.needs_sounding & ~state.sounding) == 0)


def no_note_starts_in_last_beat(table: TokenTable, state: BeatState) -> Mask:
    """Let no note start in the last beat: in training, only tunes that end like this announce their end.

    Allow a time there only while something sounds that can end then.
    """
    if not state.last:
        return np.ones(len(table.spelling), dtype=np.bool_)
    is_incomplete = (table.last_time != NOTHING) & (table.last_channel == NOTHING)
    can_end = (state.sounding & ~table.silences & ~state.repeating & ~state.closed) != 0
    return np.asarray(~table.begins_notes & (~is_incomplete | can_end))


def sounds_follow_notes(table: TokenTable, state: BeatState) -> Mask:
    """Allow a sound only directly after a note of its kind of channel: the envelope first, each once."""
    if state.voice == NOTHING or 1 << state.voice & SOUNDLESS:
        return ~table.is_sound
    fits = (table.of_noise == (state.voice == NO)) & (table.first_said > state.said)
    return np.asarray(~table.is_sound | fits)


def first_note_names_envelope(table: TokenTable, state: BeatState) -> Mask:
    """Require that the first note of a channel names an envelope before anything else follows."""
    if state.needs_envelope:
        return np.asarray(table.first_said == ENVELOPE)
    return np.asarray((table.leaves_unnamed & ~state.named) == 0)


def repeats_come_first(table: TokenTable, state: BeatState) -> Mask:
    """Allow repeats only at the start of a beat, with their channels in order."""
    if state.time != NOTHING:
        return ~table.is_repeat
    lowest = table.channels & -table.channels
    return np.asarray(~table.is_repeat | (lowest > state.repeating))


def repeats_have_source(table: TokenTable, state: BeatState) -> Mask:
    """Let a channel repeat only a beat in which it did something that fits this one."""
    mask = ~table.is_repeat
    if state.time == NOTHING and state.played:
        for token in table.repeating_tokens:
            mask[token] = state.repeatable.issuperset(table.repeats[token])
    return mask


def repeating_channels_stay_silent(table: TokenTable, state: BeatState) -> Mask:
    """Let nothing else happen in a channel that repeats a beat, and allow no time if all channels do."""
    if state.repeating | state.closed == ALL:
        return ~table.is_event
    return np.asarray((table.channels & state.repeating == 0) | table.is_repeat)


def closed_channels_stay_silent(table: TokenTable, state: BeatState) -> Mask:
    """Let nothing happen in a closed channel."""
    return np.asarray(table.channels & state.closed == 0)


RULES: tuple[tuple[Callable[[TokenTable, BeatState], Mask], Callable[[BeatState], Hashable]], ...] = (
    (times_increase, lambda state: state.time),
    (events_follow_times, lambda state: state.is_incomplete),
    (channels_in_order, lambda state: (state.time == NOTHING, state.channel)),
    (offsets_fit_rows, lambda state: state.rows),
    (only_sounding_channels_stop, lambda state: state.sounding),
    (no_note_starts_in_last_beat, lambda state: state.last and (state.sounding, state.repeating, state.closed)),
    (sounds_follow_notes, lambda state: (state.voice, state.said)),
    (first_note_names_envelope, lambda state: (state.needs_envelope, state.named)),
    (repeats_come_first, lambda state: (state.time != NOTHING, state.repeating)),
    (repeats_have_source, lambda state: state.time == NOTHING and state.repeatable),
    (repeating_channels_stay_silent, lambda state: (state.repeating, state.closed)),
    (closed_channels_stay_silent, lambda state: state.closed),
)
"""Each rule with what its mask depends on in a state."""
MOST_MASKS = 20_000
"""Masks that are kept, of a byte a token: some 20 MB."""


def legal_tokens(table: TokenTable, state: BeatState) -> Mask:
    """Return which tokens of events, sounds and repeats may follow [tokens]."""
    mask = table.legal.copy()
    for number, (rule, key) in enumerate(RULES):
        place = number, key(state)
        found = table.masks.get(place)
        if found is None:
            if len(table.masks) >= MOST_MASKS:
                table.masks.clear()
            found = table.masks[place] = rule(table, state)
        mask &= found
    return mask
