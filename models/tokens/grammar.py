"""Which tokens may follow: every rule of legality as a small function over all tokens at once.

A token of byte-pair encoding can hold several events, so what each one asks for and does as a whole is worked out
once. A tune sampled under these rules always reads back as a legal score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.music.grid import ROWS
from models.music.score import CHANNEL_NAMES, NO, TR
from models.tokens.vocabulary import MAX_OFFSET, is_repeat, is_sound

Mask = npt.NDArray[np.bool_]
Played = Sequence[Sequence[Sequence[tuple[str, str]]]]
NOTHING = -1
ALL = (1 << len(CHANNEL_NAMES)) - 1
"""Every channel, one bit each."""
SOUNDLESS = 1 << TR
"""The channels whose notes name no sounds."""
ENVELOPE, DUTY = range(2)
"""The two that a note can name, in their order; a noise note's mode stands for its duty."""


@dataclass
class BeatState:
    """Where inside a beat a tune is: the last time and channel written there, what sounds, and what has named a sound.

    time: row * MAX_OFFSET + offset, or NOTHING. channel: of the last event at that time, or NOTHING. rows: the
    length of the beat's rows in frames. last: whether the tune ends with this beat. named: the channels that have an
    envelope, one bit each; all of them, where a model names none. voice: the channel whose note has just begun and
    may name its sound, or NOTHING. said: the last that it has named, or NOTHING. played: for each beat so far and
    channel what happened, as `models.tokens.codec.Reader` keeps it. repeating: the channels that repeat a beat, one bit each.
    closed: the channels in which nothing may happen in this beat, one bit each.
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
    def waits(self) -> bool:
        """Whether a time has been written and nothing happens there yet, or a note still has no sound."""
        return self.asks or (self.time != NOTHING and self.channel == NOTHING)

    @property
    def asks(self) -> bool:
        """Whether the note that has just begun must name its envelope, as the first of its channel."""
        return self.voice != NOTHING and not self.named >> self.voice & 1

    def next_beat(self, rows: tuple[int, ...], *, last: bool, played: Played = (), closed: int = 0) -> BeatState:
        """The beginning of the beat after this one. played: what happened up to this one's end."""
        return BeatState(rows, sounding=self.sounding, last=last, named=self.named, played=played, closed=closed)

    def source(self, channel: int, back: int) -> Sequence[tuple[str, str]]:
        """What a channel did so many beats ago, as (time, event); nothing before the tune."""
        return self.played[-back][channel] if back <= len(self.played) else ()

    def can_repeat(self, channel: int, back: int) -> bool:
        """Whether something happened there that fits into this beat's rows, and into the last without a new note."""
        source = self.source(channel, back)
        times = [map(int, time.split(".")) for time, event in source if not is_sound(event)]
        begins = any(event.startswith("on:") for _, event in source)
        return bool(source) and all(offset < self.rows[row] for row, offset in times) and not (self.last and begins)

    def repeat(self, channel: int, back: int) -> None:
        """The channel does what it did so many beats ago."""
        bit = 1 << channel
        self.repeating |= bit
        last = [event for _, event in self.source(channel, back) if not is_sound(event)][-1]
        self.sounding = self.sounding | bit if last.startswith("on:") else self.sounding & ~bit


class TokenTable:
    """What each token asks for and does: arrays [tokens], worked out from its events."""

    def __init__(self, spelling: list[tuple[str, ...]]) -> None:
        size = len(spelling)
        self.spelling = spelling
        self.is_happening = np.zeros(size, dtype=bool)
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
        for i, events in enumerate(spelling):
            if events and all(map(is_sound, events)):
                self.is_sound[i] = self._describe_sound(i, events)
            elif events and all(map(is_repeat, events)):
                self.is_repeat[i] = self._describe_repeat(i, events)
            elif events and all(event.partition(":")[0] in ("at", "on", "off") for event in events):
                self.is_happening[i] = self._describe(i, events)

    def _describe(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i; False where the events contradict each other."""
        time, channel = NOTHING, NOTHING
        seen: set[int] = set()
        for place, event in enumerate(events):
            kind, _, value = event.partition(":")
            if kind == "at":
                row, offset = (int(part) for part in value.split("."))
                now = row * MAX_OFFSET + offset
                if now <= time or (place and channel == NOTHING):
                    return False
                time, channel = now, NOTHING
                self.furthest[i, row] = max(self.furthest[i, row], offset)
                if self.first_time[i] == NOTHING:
                    self.first_time[i] = now
                continue
            index = CHANNEL_NAMES.index(value.partition(":")[0])
            if index <= channel:
                return False
            if place == 0:
                self.first_channel[i] = index
            if kind == "off" and index not in seen:
                self.needs_sounding[i] |= 1 << index
            if kind == "off":
                self.silences[i] |= 1 << index
            elif place + 1 < len(events):
                self.leaves_unnamed[i] |= 1 << index
            channel = index
            seen.add(index)
            self.channels[i] |= 1 << index
        self.last_time[i], self.last_channel[i] = time, channel
        return True

    def _describe_sound(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i of a token of sounds; False where they are not of one note."""
        kinds = [event.split(":")[:2] for event in events]
        said = [ENVELOPE if kind == "env" else DUTY for kind, _ in kinds]
        self.of_noise[i] = kinds[0][1] == "noise"
        self.first_said[i] = said[0]
        return len({name for _, name in kinds}) == 1 and said == sorted(set(said))

    def _describe_repeat(self, i: int, events: tuple[str, ...]) -> bool:
        """Fill row i of a token of repeats; False where its channels are not in order."""
        values = [event.split(":")[1:] for event in events]
        self.repeats[i] = [(CHANNEL_NAMES.index(name), int(back)) for name, back in values]
        channels = [channel for channel, _ in self.repeats[i]]
        self.channels[i] = sum(1 << channel for channel in set(channels))
        return channels == sorted(set(channels))

    @property
    def names_sounds(self) -> bool:
        """Whether any token says how a note sounds."""
        return bool(self.is_sound.any())

    def first_place(self) -> BeatState:
        """Before a tune's first beat."""
        return BeatState((), named=SOUNDLESS if self.names_sounds else ALL)

    def follow(self, place: BeatState, token: int) -> None:
        """Move a place past a token of happenings, of sounds or of repeats."""
        for channel, back in self.repeats[token]:
            place.repeat(channel, back)
        if self.is_repeat[token]:
            return
        if self.is_sound[token]:
            place.named |= 1 << place.voice
            place.said = DUTY if len(self.spelling[token]) > 1 else int(self.first_said[token])
            return
        place.voice = int(self.last_channel[token]) if self.spelling[token][-1].startswith("on:") else NOTHING
        place.said = NOTHING
        if self.last_time[token] != NOTHING:
            place.time = int(self.last_time[token])
        place.channel = int(self.last_channel[token])
        for event in self.spelling[token]:
            kind, _, value = event.partition(":")
            if kind != "at":
                bit = 1 << CHANNEL_NAMES.index(value.partition(":")[0])
                place.sounding = place.sounding | bit if kind == "on" else place.sounding & ~bit


def times_increase(table: TokenTable, place: BeatState) -> Mask:
    """Times go forward inside a beat."""
    return np.asarray((table.first_time == NOTHING) | (table.first_time > place.time))


def events_follow_times(table: TokenTable, place: BeatState) -> Mask:
    """Something happens at each time before the next is written."""
    begins_with_time = (table.first_channel == NOTHING) & ~table.is_sound & ~table.is_repeat
    return ~begins_with_time if place.waits else np.ones(len(begins_with_time), dtype=np.bool_)


def channels_in_order(table: TokenTable, place: BeatState) -> Mask:
    """At one time the channels come in order, each once, and only after the time was written."""
    goes_on = table.first_channel != NOTHING
    if place.time == NOTHING:
        return np.asarray(~goes_on)
    return np.asarray(~goes_on | (table.first_channel > place.channel))


def offsets_fit_rows(table: TokenTable, place: BeatState) -> Mask:
    """No time lies beyond the frames of its row."""
    return np.asarray((table.furthest < np.array(place.rows)).all(axis=1), dtype=bool)


def only_sounding_channels_stop(table: TokenTable, place: BeatState) -> Mask:
    """Only a channel that sounds can fall silent."""
    return np.asarray((table.needs_sounding & ~place.sounding) == 0)


def no_note_starts_in_last_beat(table: TokenTable, place: BeatState) -> Mask:
    """No note begins in the last beat: in training, too, only tunes that end so announce their end.

    A time is written there only while something sounds that can end then.
    """
    if not place.last:
        return np.ones(len(table.spelling), dtype=np.bool_)
    waits = (table.last_time != NOTHING) & (table.last_channel == NOTHING)
    can_end = (place.sounding & ~table.silences & ~place.repeating & ~place.closed) != 0
    return np.asarray(~table.begins_notes & (~waits | can_end))


def sounds_follow_notes(table: TokenTable, place: BeatState) -> Mask:
    """A sound directly follows a note of its kind of channel, its envelope first, each once."""
    if place.voice == NOTHING or 1 << place.voice & SOUNDLESS:
        return ~table.is_sound
    fits = (table.of_noise == (place.voice == NO)) & (table.first_said > place.said)
    return np.asarray(~table.is_sound | fits)


def first_note_names_envelope(table: TokenTable, place: BeatState) -> Mask:
    """The first note of a channel has an envelope before anything else follows."""
    if place.asks:
        return np.asarray(table.first_said == ENVELOPE)
    return np.asarray((table.leaves_unnamed & ~place.named) == 0)


def repeats_come_first(table: TokenTable, place: BeatState) -> Mask:
    """Before anything is written of a beat, the channels that repeat one are told, in order."""
    if place.time != NOTHING:
        return ~table.is_repeat
    lowest = table.channels & -table.channels
    return np.asarray(~table.is_repeat | (lowest > place.repeating))


def repeats_have_source(table: TokenTable, place: BeatState) -> Mask:
    """A channel repeats only a beat in which it did something that fits into this one."""
    mask = ~table.is_repeat
    if place.time == NOTHING and place.played:
        fits: dict[tuple[int, int], bool] = {}
        for token in np.flatnonzero(table.is_repeat):
            for pair in table.repeats[token]:
                if pair not in fits:
                    fits[pair] = place.can_repeat(*pair)
            mask[token] = all(fits[pair] for pair in table.repeats[token])
    return mask


def repeating_channels_stay_silent(table: TokenTable, place: BeatState) -> Mask:
    """Nothing else happens in a channel that repeats a beat, and no time is written where all of them do."""
    if place.repeating | place.closed == ALL:
        return ~table.is_happening
    return np.asarray((table.channels & place.repeating == 0) | table.is_repeat)


def closed_channels_stay_silent(table: TokenTable, place: BeatState) -> Mask:
    """Nothing happens in a channel that is not to be written."""
    return np.asarray(table.channels & place.closed == 0)


RULES = (
    times_increase,
    events_follow_times,
    channels_in_order,
    offsets_fit_rows,
    only_sounding_channels_stop,
    no_note_starts_in_last_beat,
    sounds_follow_notes,
    first_note_names_envelope,
    repeats_come_first,
    repeats_have_source,
    repeating_channels_stay_silent,
    closed_channels_stay_silent,
)


def legal_tokens(table: TokenTable, place: BeatState) -> Mask:
    """Tokens of happenings, of sounds and of repeats that may follow."""
    mask = table.is_happening | table.is_sound | table.is_repeat
    for rule in RULES:
        mask &= rule(table, place)
    return mask
