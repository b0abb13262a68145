"""What each event of the vocabulary is, in numbers: its kind, its channel, and a code of what it says.

A code says what a channel does: 0 nothing is known, 1 it falls silent, 2 and more a note, counted from the channel's
lowest pitch. A tick is a time: 64 a beat, 16 a row, so that the frames after a row have room.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from models.music.grid import BEAT_CYCLE
from models.music.score import CHANNEL_NAMES, CHANNELS
from models.tokens.vocabulary import BACKS, EVENTS, MAX_OFFSET, NUMBER, transposition

ROW_TICKS, BEAT_TICKS = 16, 64
"""Ticks a row and a beat."""
UNKNOWN, SILENCE, LOWEST = 0, 1, 2
"""Codes: nothing is known, the channel is silent, its lowest pitch."""
CODES = LOWEST + max(spec.highest - spec.lowest + 1 for spec in CHANNELS)
"""Codes that a channel has at the most."""
ENVELOPES, DUTIES = 193, 19
"""Codes of sounds: envelopes of the pulses and then of the noise, duties and then modes; 0 where none is named."""
SHIFTS = tuple(range(-5, 7))
"""Transpositions in semitones: every song in every key once."""


class Kind(IntEnum):
    """What an event does. OTHER are controls, the plan and the clock: they say nothing of what is played."""

    OTHER, BEAT, AT, NOTE, OFF, AGAIN, SOUND, END = range(8)


def _describe(event: str) -> tuple[Kind, int, int, int]:
    """(kind, channel or -1, value, slot of a sound) of an event."""
    word, _, value = event.partition(":")
    name, _, number = value.partition(":")
    channel = CHANNEL_NAMES.index(name) if name in CHANNEL_NAMES else -1
    kind = _WORDS.get(word, Kind.OTHER)
    found = 0
    if kind == Kind.AT:
        row, _, offset = value.partition(".")
        found = int(row) * ROW_TICKS + int(offset)
    elif kind == Kind.NOTE:
        found = int(number) - CHANNELS[channel].lowest + LOWEST
    elif kind == Kind.OFF:
        found = SILENCE
    elif kind in (Kind.BEAT, Kind.AGAIN):
        found = int(number or value)
    elif kind == Kind.SOUND:
        found = int(number) + _FIRST_SOUND[word, name]
    return kind, channel if kind in (Kind.NOTE, Kind.OFF, Kind.AGAIN) else -1, found, int(word in ("duty", "mode"))


_WORDS = {
    "beat": Kind.BEAT,
    "at": Kind.AT,
    "on": Kind.NOTE,
    "off": Kind.OFF,
    "again": Kind.AGAIN,
    "env": Kind.SOUND,
    "duty": Kind.SOUND,
    "mode": Kind.SOUND,
    "<end>": Kind.END,
}
_FIRST_SOUND = {("env", "pulse"): 1, ("env", "noise"): 129, ("duty", "pulse"): 1, ("mode", "noise"): 17}
"""The code of the first sound of each kind."""
_DESCRIBED = [_describe(event) for event in EVENTS]
KINDS = [int(kind) for kind, _, _, _ in _DESCRIBED]
CHANNELS_OF = [channel for _, channel, _, _ in _DESCRIBED]
VALUES = [value for _, _, value, _ in _DESCRIBED]
SLOTS = [slot for _, _, _, slot in _DESCRIBED]
"""By number of event: its kind, its channel (-1 for none), what it says, and which slot a sound fills."""

BACK_NUMBER = {back: number + 1 for number, back in enumerate(BACKS)}
"""Distances of repeats in beats, counted from 1."""
FIRST_BEAT = NUMBER["beat:0"]
FIRST_TIME = NUMBER["at:0.0"]


def beat_event(cycle: int) -> int:
    """The event that begins a beat, by its number modulo the cycle."""
    return FIRST_BEAT + cycle % BEAT_CYCLE


def time_event(tick: int) -> int:
    """The event that says a tick's place in its beat."""
    row, offset = divmod(tick % BEAT_TICKS, ROW_TICKS)
    return FIRST_TIME + row * MAX_OFFSET + offset


def moved_codes(semitones: int) -> npt.NDArray[np.uint8]:
    """For each channel and code the code after transposition [4, CODES], folded as `vocabulary.transposition` does."""
    codes = np.tile(np.arange(CODES, dtype=np.uint8), (len(CHANNELS), 1))
    table = transposition(semitones)
    for number, event in enumerate(EVENTS):
        if KINDS[number] == Kind.NOTE and (moved := table.get(_character(event))):
            codes[CHANNELS_OF[number], VALUES[number]] = VALUES[_number(moved)]
    return codes


def moved_events(semitones: int) -> npt.NDArray[np.int16]:
    """For each event its number after transposition [events]."""
    table = transposition(semitones)
    moved = (table.get(_character(event)) for event in EVENTS)
    return np.array([n if to is None else _number(to) for n, to in enumerate(moved)], np.int16)


def numbers_of(text: str) -> list[int]:
    """The numbers of a text's events."""
    return [_number(character) for character in text if character != " "]


def _character(event: str) -> int:
    return _FIRST + NUMBER[event]


def _number(character: str) -> int:
    return ord(character) - _FIRST


_FIRST = 0xE000
"""The character of event 0, as `vocabulary.char` has it."""
