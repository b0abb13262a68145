"""What each track of a MIDI file plays on each channel: notes in frames, as loud as they are heard.

All tracks are played at once, since a program or a controller of one track holds for its channel in every track.
Notes that overlap, hang or never sound are mended here; which of them the console plays is not known.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import mido

from models.music.midi import TempoMap
from models.music.score import FRAMES_PER_SECOND

DRUM_CHANNEL = 9
"""General MIDI's, counted from 0."""
VOLUME, EXPRESSION = 7, 11
RESET = 121
"""Sets the expression, but not the volume, as at the beginning (MIDI's RP-015)."""
SILENCE = frozenset({120, 123})
"""Controllers that end all notes of their channel."""
FULL = 127
DEFAULT_VOLUME = 100
"""General MIDI's value of CC 7 where a file says nothing."""
HANG = 4 * FRAMES_PER_SECOND
"""A note whose end is missing lasts as long as the longest of its part that ends, but no less than this."""


Onset = tuple[int, int]
"""(tick, frame) of a note."""


@dataclass(frozen=True, slots=True)
class PartNote:
    """One note of an upload: frames [start, end), MIDI pitch, and whether it is a drum.

    velocity: 1 to 127, what is heard: the note's own, scaled by CC 7 and CC 11 at its onset, or, where they are 0, at
    the loudest that it gets. Notes that stay silent are left out.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    drum: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What one track plays on one MIDI channel (0-15), in the order of the starts, highest first.

    No note sounds twice at once. program: at the first note. name: the track's.
    """

    notes: tuple[PartNote, ...]
    channel: int
    program: int
    drum: bool
    name: str


@dataclass(slots=True)
class _Struck:
    """A note while it is being read. end: -1 until it is known."""

    start: int
    pitch: int
    velocity: int
    end: int = -1


@dataclass(slots=True, eq=False)
class _Voice:
    """A part while it is being read, and by pitch what has been read since the last silence.

    sounding: what was struck and not yet ended, oldest first. written: the frames of strokes, and of ends (None).
    """

    channel: int
    program: int
    name: str
    notes: list[_Struck] = field(default_factory=list)
    sounding: defaultdict[int, deque[_Struck]] = field(default_factory=lambda: defaultdict(deque))
    written: defaultdict[int, list[tuple[int, _Struck | None]]] = field(default_factory=lambda: defaultdict(list))
    last: int = 0

    def strike(self, frame: int, pitch: int, velocity: int) -> _Struck:
        note = _Struck(frame, pitch, velocity)
        self.notes.append(note)
        self.sounding[pitch].append(note)
        self.written[pitch].append((frame, note))
        self.last = frame
        return note

    def release(self, frame: int, pitch: int) -> None:
        """End the oldest note of this pitch: of two that overlap each has an end of its own."""
        if sounding := self.sounding[pitch]:
            sounding.popleft().end = self.last = frame
            self.written[pitch].append((frame, None))

    def silence(self, frame: int) -> None:
        """All that still sounds ends."""
        for note in self.hanging():
            note.end = self.last = frame

    def hanging(self) -> list[_Struck]:
        """What still sounds, after which all is silent."""
        left = [note for pitch, sounding in self.sounding.items() if sounding for note in _late(self.written[pitch])]
        self.sounding.clear()
        self.written.clear()
        return left

    def part(self, ends: int) -> Part | None:
        """The part of a track that ends at a frame; None where nothing is heard.

        Each note ends at the latest where its pitch is struck again.
        """
        self.hanging()
        longest = max((note.end - note.start for note in self.notes), default=0)
        ends = min(ends, self.last + HANG)
        struck: dict[tuple[int, int], _Struck] = {}
        before: dict[int, _Struck] = {}
        for note in self.notes:
            end = note.end if note.end >= 0 else min(ends, note.start + max(longest, HANG))
            note.end = max(end, note.start + 1)
            twin = struck.setdefault((note.start, note.pitch), note)
            if twin is not note:  # struck twice at once: one note, as long and as loud as the two
                twin.end, twin.velocity = max(twin.end, note.end), max(twin.velocity, note.velocity)
                continue
            if note.pitch in before:
                before[note.pitch].end = min(before[note.pitch].end, note.start)
            before[note.pitch] = note
        drum = self.channel == DRUM_CHANNEL
        heard = (note for note in struck.values() if note.velocity)
        notes = [PartNote(note.start, note.end, note.pitch, note.velocity, drum) for note in heard]
        return Part(tuple(sorted(notes, key=_in_order)), self.channel, self.program, drum, self.name) if notes else None


def _late(written: Sequence[tuple[int, _Struck | None]]) -> list[_Struck]:
    """Give each end to the latest note instead of the oldest, and return the notes that are left without one.

    For a pitch of which an end is missing: from there on every note would end with the next one.
    """
    sounding: list[_Struck] = []
    for frame, note in written:
        if note is not None:
            note.end = -1
            sounding.append(note)
        elif sounding:
            sounding.pop().end = frame
    return sounding


def _in_order(note: PartNote) -> tuple[int, int]:
    return note.start, -note.pitch


@dataclass(slots=True)
class _Track:
    """A track while it is played. ends: its last frame. voices: by channel."""

    name: str
    port: int
    ends: int
    voices: dict[int, _Voice] = field(default_factory=dict)


@dataclass(slots=True)
class _Channel:
    """A channel's state while the file is played.

    sounding: the voices that struck since it was silenced. faint: the last notes that were struck while it was silent,
    each with its own velocity.
    """

    program: int = 0
    volume: int = DEFAULT_VOLUME
    expression: int = FULL
    sounding: set[_Voice] = field(default_factory=set)
    faint: deque[tuple[_Struck, int]] = field(default_factory=lambda: deque(maxlen=16))

    def heard(self, velocity: int) -> int:
        """A note's velocity as it is heard; 0 only in silence."""
        level = self.volume * self.expression
        return max(1, round(velocity * level / FULL**2)) if level else 0

    def control(self, frame: int, number: int, value: int) -> None:
        if number == VOLUME:
            self.volume = value
        elif number in (EXPRESSION, RESET):
            self.expression = value if number == EXPRESSION else FULL
        elif number in SILENCE:
            for voice in self.sounding:
                voice.silence(frame)
            self.sounding.clear()
        for note, velocity in self.faint:
            if note.end < 0:
                note.velocity = max(note.velocity, self.heard(velocity))


def play(tracks: Iterable[mido.MidiTrack], tempo: TempoMap) -> tuple[list[Part], list[Onset]]:
    """(the parts that are heard, in the order of the tracks and of their channels' first notes; all onsets)."""
    played: list[_Track] = []
    events: list[tuple[int, _Track, mido.Message]] = []
    for messages in tracks:
        port = next((message.port for message in messages if message.type == "midi_port"), 0)
        tick = sum(message.time for message in messages)
        played.append(_Track(_name(messages), port, tempo.frame(tick)))
        events += _at_ticks(messages, played[-1])
    events.sort(key=itemgetter(0))
    channels: defaultdict[tuple[int, int], _Channel] = defaultdict(_Channel)
    onsets: list[Onset] = []
    now, frame = -1, 0
    for at, track, message in events:
        if at >> 1 != now:
            now = at >> 1
            frame = tempo.frame(now)
        channel = channels[track.port, message.channel]
        if at & 1:
            if _play_note(frame, track, channel, message):
                onsets.append((now, frame))
        elif message.type == "control_change":
            channel.control(frame, message.control, message.value)
        else:
            channel.program = message.program
    parts = (voice.part(track.ends) for track in played for voice in track.voices.values())
    return [part for part in parts if part is not None], onsets


def _at_ticks(messages: mido.MidiTrack, track: _Track) -> Iterator[tuple[int, _Track, mido.Message]]:
    """What makes or changes a sound, each at twice its tick, notes at one more: after what changes them."""
    twice = 0
    for message in messages:
        twice += 2 * message.time
        kind = message.type
        if kind in ("note_on", "note_off"):
            yield twice + 1, track, message
        elif kind in ("control_change", "program_change"):
            yield twice, track, message


def _play_note(frame: int, track: _Track, channel: _Channel, message: mido.Message) -> bool:
    """Strike or release a note; whether it was struck."""
    voice = track.voices.get(message.channel)
    if message.type == "note_off" or not message.velocity:
        if voice is not None:
            voice.release(frame, message.note)
        return False
    if voice is None:
        voice = track.voices[message.channel] = _Voice(message.channel, channel.program, track.name)
    channel.sounding.add(voice)
    note = voice.strike(frame, message.note, channel.heard(message.velocity))
    if not note.velocity:
        channel.faint.append((note, message.velocity))
    return True


def _name(track: mido.MidiTrack) -> str:
    """The track's name, which newer programs write as UTF-8."""
    name: str = track.name
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
