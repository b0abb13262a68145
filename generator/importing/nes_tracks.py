"""Recognises files whose tracks are the four NES channels without saying so, and reads them note for note."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

import mido

from generator.importing.parts import DRUM_CHANNEL
from models.music.midi import (
    CC_DUTY,
    CC_VOLUME,
    NESMDB_TICKS_A_BEAT,
    NOISE_KIT,
    NOISE_PERIODS,
    TRIANGLE_PROGRAM,
    from_midi,
)
from models.music.score import CHANNEL_NAMES, CHANNELS, NO, P1, P2, TR, Score, ScoreError


@dataclass(frozen=True, slots=True)
class _TrackChannel:
    """One MIDI channel of one track. messages: (tick, message)."""

    messages: tuple[tuple[int, mido.Message], ...]
    channel: int

    @property
    def notes_on(self) -> list[mido.Message]:
        """The messages that begin a note."""
        return [message for _, message in self.messages if message.type == "note_on" and message.velocity]

    def has_controls(self, *numbers: int) -> bool:
        """Return whether any of these controllers is used."""
        return any(message.type == "control_change" and message.control in numbers for _, message in self.messages)

    def program(self) -> int | None:
        """Return the first program, or None if there is none."""
        return next((message.program for _, message in self.messages if message.type == "program_change"), None)

    def is_monophonic(self) -> bool:
        """Return whether every note ends before the next begins, or on the same tick, in any order."""
        sounding: dict[int, int] = {}
        last = -1
        for tick, message in self.messages:
            if message.type == "note_on" and message.velocity:
                last = tick
                sounding[message.note] = tick
            elif message.type in ("note_on", "note_off") and sounding.pop(message.note, tick) < last < tick:
                return False
        return True


def read_nes_tracks(midi: mido.MidiFile) -> Score | None:
    """Return the score of a file in a known format whose tracks are unnamed or reordered; None for any other file."""
    raw = midi.ticks_per_beat == NESMDB_TICKS_A_BEAT
    voices = _voices(midi)
    if not 1 <= len(voices) <= len(CHANNELS) or not all(voice.is_monophonic() for voice in voices):
        return None
    if not raw and not any(voice.has_controls(CC_DUTY) for voice in voices):
        return None
    channels = _assign_nesmdb(voices) if raw else _assign_own_format(voices)
    if channels is None or len(set(channels)) < len(voices):
        return None
    for channel, voice in zip(channels, voices, strict=True):
        low, high = (0, 127) if channel == NO and not raw else (CHANNELS[channel].lowest, CHANNELS[channel].highest)
        if not all(low <= message.note <= high for message in voice.notes_on):
            return None
    try:
        return from_midi(_named(midi, dict(zip(channels, voices, strict=True))))
    except ScoreError:
        return None


def _voices(midi: mido.MidiFile) -> list[_TrackChannel]:
    """Return every channel of every track that plays a note."""
    messages_by_voice: dict[tuple[int, int], list[tuple[int, mido.Message]]] = {}
    for i, track in enumerate(midi.tracks):
        tick = 0
        for message in track:
            tick += message.time
            if not message.is_meta and hasattr(message, "channel"):
                messages_by_voice.setdefault((i, message.channel), []).append((tick, message))
    voices = [_TrackChannel(tuple(messages), channel) for (_, channel), messages in messages_by_voice.items()]
    return [voice for voice in voices if voice.notes_on]


def _assign_nesmdb(voices: list[_TrackChannel]) -> list[int] | None:
    """Assign channels in NES-MDB's format: noise has notes 1 to 16; only the triangle has neither volume nor duty."""
    noise = [voice for voice in voices if max(message.note for message in voice.notes_on) <= CHANNELS[NO].highest]
    plain = [
        voice
        for voice in voices
        if voice not in noise
        and not voice.has_controls(CC_VOLUME, CC_DUTY)
        and len({message.velocity for message in voice.notes_on}) == 1
    ]
    pitched = len(voices) - len(noise)
    # A pulse that plays little may look the same. The triangle is the one at velocity 1, or else the lowest.
    first = sorted(plain, key=lambda voice: (voice.notes_on[0].velocity != 1, _mean_pitch(voice)))[:1]
    triangle = first if first and (first[0].notes_on[0].velocity == 1 or pitched == 3) else []
    return _assigned(voices, noise, triangle)


def _assign_own_format(voices: list[_TrackChannel]) -> list[int] | None:
    """Assign channels in this project's format: by the noise kit or drum channel, and the triangle's program."""
    noise = [v for v in voices if v.program() == NOISE_KIT or v.channel == DRUM_CHANNEL]
    if any(message.note not in NOISE_PERIODS for voice in noise for message in voice.notes_on):
        return None
    return _assigned(voices, noise, [v for v in voices if v not in noise and v.program() == TRIANGLE_PROGRAM])


def _assigned(
    voices: list[_TrackChannel], noise: list[_TrackChannel], triangle: list[_TrackChannel]
) -> list[int] | None:
    """Return the NES channel of each voice, or None if there are too many of a kind."""
    pulses = iter((P1, P2))
    if len(noise) > 1 or len(triangle) > 1 or len(voices) - len(noise) - len(triangle) > 2:
        return None
    return [NO if voice in noise else TR if voice in triangle else next(pulses) for voice in voices]


def _mean_pitch(voice: _TrackChannel) -> float:
    return float(mean(message.note for message in voice.notes_on))


def _named(midi: mido.MidiFile, voices: dict[int, _TrackChannel]) -> mido.MidiFile:
    """Return the file with a named track for each channel, after one with the meta events and the length."""
    named = mido.MidiFile(type=1, ticks_per_beat=midi.ticks_per_beat)
    meta = []
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.is_meta and message.type not in ("track_name", "end_of_track"):
                meta.append((tick, message))
        meta.append((tick, mido.MetaMessage("text", text="")))
    named.tracks.append(_track("", sorted(meta, key=lambda event: event[0])))
    for channel, name in enumerate(CHANNEL_NAMES):
        named.tracks.append(_track(name, voices[channel].messages if channel in voices else ()))
    return named


def _track(
    name: str, messages: list[tuple[int, mido.Message]] | tuple[tuple[int, mido.Message], ...]
) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, message in messages:
        track.append(message.copy(time=tick - now))
        now = tick
    return track
