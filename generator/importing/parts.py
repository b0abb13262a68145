"""Reads what each instrument of a MIDI file plays: notes in frames, with the loudness at which they sound.

All tracks are read at once, because a program or a controller in one track applies to its channel in every track. A
part is what a track plays on a channel, split where the instrument changes its role. `generator.importing.joining` puts
together what several channels play as one voice; which of them the NES plays is left to `generator.arranging`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import mido

from generator.importing.channels import DATA, ChannelState
from generator.importing.drum_parts import find_drums
from generator.importing.instruments import DRUM_CHANNEL, role_of
from generator.importing.joining import join_voices
from generator.importing.part_building import NoteBuilder, Part, PartBuilder, PartNote
from generator.importing.sysex import part_mode
from generator.importing.text import decode_names
from models.music.tempo_map import TempoMap

__all__ = ["DRUM_CHANNEL", "OnsetTime", "Part", "PartNote", "read_parts"]

LAST_CHANNEL = 15

OnsetTime = tuple[int, int]
"""(tick, frame) of a note."""


@dataclass(slots=True)
class _TrackBuilder:
    """A track that is being read. ends: its last frame. plays: the channels of its notes.

    parts: by channel and role. sounding: by channel and pitch, the parts whose notes have not ended, oldest first.
    """

    number: int
    name: str
    port: int
    ends: int
    plays: frozenset[int]
    parts: dict[tuple[int, str], PartBuilder] = field(default_factory=dict)
    sounding: dict[tuple[int, int], deque[PartBuilder]] = field(default_factory=dict)


class _Channels:
    """The channels of all ports."""

    def __init__(self) -> None:
        self._states: dict[tuple[int, int], ChannelState] = {}

    def at(self, port: int, channel: int) -> ChannelState:
        """Return the state of a channel."""
        if (port, channel) not in self._states:
            self._states[port, channel] = ChannelState(channel)
        return self._states[port, channel]

    def set_part_mode(self, port: int, data: bytes) -> None:
        """Apply a system exclusive message."""
        if mode := part_mode(data):
            if mode.channel is not None:
                self.at(port, mode.channel).drum = mode.drum
                return
            for (of_port, _), state in self._states.items():
                if of_port == port:
                    state.drum = None

    def set_zone(self, port: int, master: int, size: int) -> None:
        """Make the channels beside the first or the last the members of its MPE zone, each for one note at a time."""
        step = 1 if master == 0 else -1
        members = [self.at(port, master + step * (i + 1)) for i in range(min(size, LAST_CHANNEL))]
        self.at(port, master).set_members(members)


def read_parts(tracks: Sequence[mido.MidiTrack], tempo: TempoMap) -> tuple[list[Part], list[OnsetTime]]:
    """Return (the parts that sound, ordered by track and by the first note of each channel; all onsets)."""
    builders: list[_TrackBuilder] = []
    events: list[tuple[int, _TrackBuilder, mido.Message]] = []
    names = decode_names([messages.name for messages in tracks])
    for messages, name in zip(tracks, names, strict=True):
        port = next((message.port for message in messages if message.type == "midi_port"), 0)
        tick = sum(message.time for message in messages)
        plays = frozenset(message.channel for message in messages if message.type == "note_on")
        builders.append(_TrackBuilder(len(builders), name, port, tempo.frame(tick), plays))
        events += _at_ticks(messages, builders[-1])
    events.sort(key=itemgetter(0))
    channels = _Channels()
    onsets: list[OnsetTime] = []
    now, frame = -1, 0
    for at, track, message in events:
        if at // _RANKS != now:
            now = at // _RANKS
            frame = tempo.frame(now)
        if message.type == "sysex":
            channels.set_part_mode(track.port, bytes(message.data))
            continue
        channel = channels.at(track.port, message.channel)
        if message.type in ("note_on", "note_off"):
            if _play_note(frame, track, channel, message):
                onsets.append((now, frame))
        elif message.type == "control_change":
            if message.control == DATA and channel.sets_zone and message.channel in (0, LAST_CHANNEL):
                channels.set_zone(track.port, message.channel, message.value)
            channel.control(frame, message.control, message.value)
        elif message.type == "pitchwheel":
            channel.set_bend(frame, message.pitch)
        else:
            channel.set_program(message.program, track.number, own=message.channel in track.plays)
    parts = [
        (track.number, part.drum, Part(tuple(notes), part.channel, notes[0].program, bool(part.drum), part.name))
        for track in builders
        for part in track.parts.values()
        if (notes := part.part_notes(track.ends))
    ]
    return join_voices(find_drums(parts)), onsets


_RESET, _CONTROL, _NOTE, _RANKS = range(4)
"""The order of the messages of one tick."""


def _at_ticks(messages: mido.MidiTrack, track: _TrackBuilder) -> Iterator[tuple[int, _TrackBuilder, mido.Message]]:
    """Yield (order, track, message). The order is the tick times `_RANKS`, plus the message's rank."""
    order = 0
    for message in messages:
        order += _RANKS * message.time
        kind = message.type
        if kind in ("note_on", "note_off"):
            yield order + _NOTE, track, message
        elif kind in ("control_change", "program_change", "pitchwheel"):
            yield order + _CONTROL, track, message
        elif kind == "sysex":
            mode = part_mode(bytes(message.data))
            yield order + (_RESET if mode and mode.channel is None else _CONTROL), track, message


def _play_note(frame: int, track: _TrackBuilder, channel: ChannelState, message: mido.Message) -> bool:
    """Begin or end a note. Return whether it was begun."""
    key = message.channel, message.note
    if message.type == "note_off" or not message.velocity:
        sounding = track.sounding.get(key)
        while sounding:  # all but one may have been ended by a mode message
            if ended := sounding.popleft().note_off(frame, message.note):
                channel.ended(ended)
                break
        return False
    program, bank = channel.program_of(track.number)
    drum = channel.is_drum(track.number)
    home = channel.master or channel
    role = "drum" if drum else role_of(program)
    part = track.parts.get((message.channel, role))
    if part is None:
        part = track.parts[message.channel, role] = PartBuilder(home.channel, drum, track.name)
    channel.begin_bend(frame)
    velocity = channel.scaled(message.velocity)
    note = NoteBuilder(frame, message.note, velocity, message.velocity, program, bank, channel.bends)
    part.note_on(note)
    track.sounding.setdefault(key, deque()).append(part)
    for state in (channel, home):
        state.sounding.add(part)
    if not note.velocity:
        channel.muted.append((note, message.velocity))
    return True
