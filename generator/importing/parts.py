"""Reads what each track of a MIDI file plays on each channel: notes in frames, with the loudness at which they sound.

All tracks are read at once, because a program or a controller in one track applies to its channel in every track.
Notes that overlap, never end or never sound are corrected here. Which of them the NES plays is left to
`generator.arranging`.
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
"""Resets the expression but not the volume (MIDI's RP-015)."""
NOTES_OFF = frozenset({120, 123})
"""The controllers that end all notes of their channel."""
FULL = 127
DEFAULT_VOLUME = 100
"""General MIDI's default of CC 7."""
MIN_UNMATCHED_FRAMES = 4 * FRAMES_PER_SECOND
"""A note without an end lasts as long as the longest note of its part that has one, but at least this long."""

OnsetTime = tuple[int, int]
"""(tick, frame) of a note."""


@dataclass(frozen=True, slots=True)
class PartNote:
    """One note of a MIDI file: frames [start, end), MIDI pitch, and whether it is a drum.

    velocity: 1 to 127; the note's own, scaled by CC 7 and CC 11 at its onset, or at its loudest if they are 0 at its
    onset. Notes that stay silent are left out.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    drum: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What one track plays on one MIDI channel (0-15), sorted by start, then from the highest note down.

    No pitch sounds twice at once. program: at the first note. name: the track's.
    """

    notes: tuple[PartNote, ...]
    channel: int
    program: int
    drum: bool
    name: str


@dataclass(slots=True)
class _NoteBuilder:
    """A note that is being read. end: -1 until it is known."""

    start: int
    pitch: int
    velocity: int
    end: int = -1


@dataclass(slots=True, eq=False)
class _PartBuilder:
    """A part that is being read.

    sounding: by pitch, the notes that have not ended, oldest first. history: by pitch, what was read since all notes
    last ended: (frame, note) for a beginning, (frame, None) for an end. last: the frame of the last event.
    """

    channel: int
    program: int
    name: str
    notes: list[_NoteBuilder] = field(default_factory=list)
    sounding: defaultdict[int, deque[_NoteBuilder]] = field(default_factory=lambda: defaultdict(deque))
    history: defaultdict[int, list[tuple[int, _NoteBuilder | None]]] = field(default_factory=lambda: defaultdict(list))
    last: int = 0

    def note_on(self, frame: int, pitch: int, velocity: int) -> _NoteBuilder:
        """Begin a note."""
        note = _NoteBuilder(frame, pitch, velocity)
        self.notes.append(note)
        self.sounding[pitch].append(note)
        self.history[pitch].append((frame, note))
        self.last = frame
        return note

    def note_off(self, frame: int, pitch: int) -> None:
        """End the oldest note of a pitch. If two overlap, each has an end of its own."""
        if sounding := self.sounding[pitch]:
            sounding.popleft().end = self.last = frame
            self.history[pitch].append((frame, None))

    def all_notes_off(self, frame: int) -> None:
        """End all notes that still sound."""
        for note in self.take_unmatched():
            note.end = self.last = frame

    def take_unmatched(self) -> list[_NoteBuilder]:
        """Return the notes that still sound, and forget them."""
        unmatched = [
            note for pitch, sounding in self.sounding.items() if sounding for note in _match_latest(self.history[pitch])
        ]
        self.sounding.clear()
        self.history.clear()
        return unmatched

    def part(self, ends: int) -> Part | None:
        """Return the part, or None if nothing sounds. ends: the last frame of the track.

        A note ends where its pitch begins again, if not earlier.
        """
        self.take_unmatched()
        longest = max((note.end - note.start for note in self.notes), default=0)
        ends = min(ends, self.last + MIN_UNMATCHED_FRAMES)
        onsets: dict[tuple[int, int], _NoteBuilder] = {}
        before: dict[int, _NoteBuilder] = {}
        for note in self.notes:
            end = note.end if note.end >= 0 else min(ends, note.start + max(longest, MIN_UNMATCHED_FRAMES))
            note.end = max(end, note.start + 1)
            twin = onsets.setdefault((note.start, note.pitch), note)
            if twin is not note:  # begun twice at once: one note, as long and as loud as both
                twin.end, twin.velocity = max(twin.end, note.end), max(twin.velocity, note.velocity)
                continue
            if note.pitch in before:
                before[note.pitch].end = min(before[note.pitch].end, note.start)
            before[note.pitch] = note
        drum = self.channel == DRUM_CHANNEL
        audible = (note for note in onsets.values() if note.velocity)
        notes = [PartNote(note.start, note.end, note.pitch, note.velocity, drum) for note in audible]
        return Part(tuple(sorted(notes, key=_in_order)), self.channel, self.program, drum, self.name) if notes else None


def _match_latest(history: Sequence[tuple[int, _NoteBuilder | None]]) -> list[_NoteBuilder]:
    """Match each end with the latest note instead of the oldest, and return the notes that are left without one.

    Used if an end is missing, because otherwise every later note of this pitch would end where the next one does.
    """
    sounding: list[_NoteBuilder] = []
    for frame, note in history:
        if note is not None:
            note.end = -1
            sounding.append(note)
        elif sounding:
            sounding.pop().end = frame
    return sounding


def _in_order(note: PartNote) -> tuple[int, int]:
    return note.start, -note.pitch


@dataclass(slots=True)
class _TrackBuilder:
    """A track that is being read. ends: its last frame. parts: by channel."""

    name: str
    port: int
    ends: int
    parts: dict[int, _PartBuilder] = field(default_factory=dict)


@dataclass(slots=True)
class _ChannelState:
    """The state of a MIDI channel while the file is read.

    sounding: the parts with notes since all notes last ended. muted: the last notes that began at volume 0, each with
    its own velocity.
    """

    program: int = 0
    volume: int = DEFAULT_VOLUME
    expression: int = FULL
    sounding: set[_PartBuilder] = field(default_factory=set)
    muted: deque[tuple[_NoteBuilder, int]] = field(default_factory=lambda: deque(maxlen=16))

    def scaled(self, velocity: int) -> int:
        """Return a velocity scaled by volume and expression; 0 only if one of them is 0."""
        level = self.volume * self.expression
        return max(1, round(velocity * level / FULL**2)) if level else 0

    def control(self, frame: int, number: int, value: int) -> None:
        """Apply a controller."""
        if number == VOLUME:
            self.volume = value
        elif number in (EXPRESSION, RESET):
            self.expression = value if number == EXPRESSION else FULL
        elif number in NOTES_OFF:
            for part in self.sounding:
                part.all_notes_off(frame)
            self.sounding.clear()
        for note, velocity in self.muted:
            if note.end < 0:
                note.velocity = max(note.velocity, self.scaled(velocity))


def read_parts(tracks: Iterable[mido.MidiTrack], tempo: TempoMap) -> tuple[list[Part], list[OnsetTime]]:
    """Return (the parts that sound, ordered by track and by the first note of each channel; all onsets)."""
    builders: list[_TrackBuilder] = []
    events: list[tuple[int, _TrackBuilder, mido.Message]] = []
    for messages in tracks:
        port = next((message.port for message in messages if message.type == "midi_port"), 0)
        tick = sum(message.time for message in messages)
        builders.append(_TrackBuilder(_name(messages), port, tempo.frame(tick)))
        events += _at_ticks(messages, builders[-1])
    events.sort(key=itemgetter(0))
    channels: defaultdict[tuple[int, int], _ChannelState] = defaultdict(_ChannelState)
    onsets: list[OnsetTime] = []
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
    parts = (part.part(track.ends) for track in builders for part in track.parts.values())
    return [part for part in parts if part is not None], onsets


def _at_ticks(messages: mido.MidiTrack, track: _TrackBuilder) -> Iterator[tuple[int, _TrackBuilder, mido.Message]]:
    """Yield (order, track, message). The order is twice the tick, plus one for notes: controllers come first."""
    twice = 0
    for message in messages:
        twice += 2 * message.time
        kind = message.type
        if kind in ("note_on", "note_off"):
            yield twice + 1, track, message
        elif kind in ("control_change", "program_change"):
            yield twice, track, message


def _play_note(frame: int, track: _TrackBuilder, channel: _ChannelState, message: mido.Message) -> bool:
    """Begin or end a note. Return whether it was begun."""
    part = track.parts.get(message.channel)
    if message.type == "note_off" or not message.velocity:
        if part is not None:
            part.note_off(frame, message.note)
        return False
    if part is None:
        part = track.parts[message.channel] = _PartBuilder(message.channel, channel.program, track.name)
    channel.sounding.add(part)
    note = part.note_on(frame, message.note, channel.scaled(message.velocity))
    if not note.velocity:
        channel.muted.append((note, message.velocity))
    return True


def _name(track: mido.MidiTrack) -> str:
    """Return the track's name, which newer programs write as UTF-8."""
    name: str = track.name
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
