"""Files that are the console's four channels already, though no track says so: recognised and read note for note."""

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
class _Voice:
    """One MIDI channel of one track: its messages at their ticks, and the notes that it strikes."""

    messages: tuple[tuple[int, mido.Message], ...]
    channel: int

    @property
    def struck(self) -> list[mido.Message]:
        return [message for _, message in self.messages if message.type == "note_on" and message.velocity]

    def controls(self, *numbers: int) -> bool:
        return any(message.type == "control_change" and message.control in numbers for _, message in self.messages)

    def program(self) -> int | None:
        return next((message.program for _, message in self.messages if message.type == "program_change"), None)

    def is_single(self) -> bool:
        """Whether no note goes on after the next is struck; its end may be written after that in the same tick."""
        sounding: dict[int, int] = {}
        last = -1
        for tick, message in self.messages:
            if message.type == "note_on" and message.velocity:
                last = tick
                sounding[message.note] = tick
            elif message.type in ("note_on", "note_off") and sounding.pop(message.note, tick) < last < tick:
                return False
        return True


def console_score(midi: mido.MidiFile) -> Score | None:
    """The score of a file in one of the project's forms whose tracks are unnamed or in another order, else None."""
    raw = midi.ticks_per_beat == NESMDB_TICKS_A_BEAT
    voices = _voices(midi)
    if not 1 <= len(voices) <= len(CHANNELS) or not all(voice.is_single() for voice in voices):
        return None
    if not raw and not any(voice.controls(CC_DUTY) for voice in voices):
        return None
    channels = _raw_channels(voices) if raw else _tune_channels(voices)
    if channels is None or len(set(channels)) < len(voices):
        return None
    for channel, voice in zip(channels, voices, strict=True):
        low, high = (0, 127) if channel == NO and not raw else (CHANNELS[channel].lowest, CHANNELS[channel].highest)
        if not all(low <= message.note <= high for message in voice.struck):
            return None
    try:
        return from_midi(_named(midi, dict(zip(channels, voices, strict=True))))
    except ScoreError:
        return None


def _voices(midi: mido.MidiFile) -> list[_Voice]:
    found: dict[tuple[int, int], list[tuple[int, mido.Message]]] = {}
    for i, track in enumerate(midi.tracks):
        tick = 0
        for message in track:
            tick += message.time
            if not message.is_meta and hasattr(message, "channel"):
                found.setdefault((i, message.channel), []).append((tick, message))
    voices = [_Voice(tuple(messages), channel) for (_, channel), messages in found.items()]
    return [voice for voice in voices if voice.struck]


def _raw_channels(voices: list[_Voice]) -> list[int] | None:
    """NES-MDB's form: noise is notes 1 to 16, and only the triangle has neither volume nor duty."""
    noise = [voice for voice in voices if max(message.note for message in voice.struck) <= CHANNELS[NO].highest]
    plain = [
        voice
        for voice in voices
        if voice not in noise
        and not voice.controls(CC_VOLUME, CC_DUTY)
        and len({message.velocity for message in voice.struck}) == 1
    ]
    pitched = len(voices) - len(noise)
    # A pulse may be as plain where it plays little: the triangle is the one at velocity 1, else the lowest.
    first = sorted(plain, key=lambda voice: (voice.struck[0].velocity != 1, _mean_pitch(voice)))[:1]
    triangle = first if first and (first[0].struck[0].velocity == 1 or pitched == 3) else []
    return _assigned(voices, noise, triangle)


def _tune_channels(voices: list[_Voice]) -> list[int] | None:
    """Our own form: the noise kit or drum channel, and the triangle's program."""
    noise = [v for v in voices if v.program() == NOISE_KIT or v.channel == DRUM_CHANNEL]
    if any(message.note not in NOISE_PERIODS for voice in noise for message in voice.struck):
        return None
    return _assigned(voices, noise, [v for v in voices if v not in noise and v.program() == TRIANGLE_PROGRAM])


def _assigned(voices: list[_Voice], noise: list[_Voice], triangle: list[_Voice]) -> list[int] | None:
    pulses = iter((P1, P2))
    if len(noise) > 1 or len(triangle) > 1 or len(voices) - len(noise) - len(triangle) > 2:
        return None
    return [NO if voice in noise else TR if voice in triangle else next(pulses) for voice in voices]


def _mean_pitch(voice: _Voice) -> float:
    return float(mean(message.note for message in voice.struck))


def _named(midi: mido.MidiFile, voices: dict[int, _Voice]) -> mido.MidiFile:
    """The file again, a named track a channel; the first holds what is nobody's, and the length."""
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
