"""Scores as MIDI files with four named tracks, both ways, in two forms.

The tune form (what we post): the tune's real tempo and meter, whole ticks a frame, General MIDI programs, noise on
channel 10. The NES-MDB form: 44,100 ticks a second, CC 11 and velocity as raw volumes 0-15, noise as notes 1-16.
Files of any other kind are not read here.
"""

from __future__ import annotations

import io
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import mido

from models.errors import MusicError
from models.music.score import (
    CHANNEL_NAMES,
    CHANNELS,
    FRAMES_PER_SECOND,
    MAX_BEAT_FRAMES,
    NO,
    TR,
    Change,
    Grid,
    Note,
    Score,
    ScoreError,
)

NESMDB_TICKS_A_BEAT = 22_050
NESMDB_TICKS_A_FRAME = 44_100 // FRAMES_PER_SECOND
TICKS_A_FRAME = 16
"""In the tune form, or the nearest number that gives a beat whole ticks; a beat of n/16 frames is then n ticks."""

CC_BANK, CC_VOLUME, CC_DUTY = 0, 11, 12
PULSE_PROGRAMS = (82, 81, 80, 83)
"""General MIDI programs for pulse duties 12.5, 25, 50 and 75 %: the soundfont has the same pulses there."""
PULSE_BANK = 1
"""Bank of the soundfont in which each of these programs follows CC 12; other players fall back on bank 0."""
TRIANGLE_PROGRAM = 38
NOISE_KIT = 25
"""Drum kit of the soundfont that plays the noise channel bare; other players fall back on their standard kit."""
NESMDB_PROGRAMS = (80, 81, 38, 121)
NOISE_KEYS = dict(zip(range(1, 17), (35, 36, 41, 43, 45, 47, 48, 50, 38, 40, 39, 37, 49, 46, 42, 44), strict=True))
"""Noise period (1 low to 16 high) to General MIDI drum key: from bass drum over toms and snares to hi-hats."""
NOISE_PERIODS = {key: period for period, key in NOISE_KEYS.items()}
MIDI_CHANNELS = (0, 1, 2, 9)


class MidiFormError(MusicError):
    """The file is not one of the two forms."""


def to_control(volume: int, full: int) -> int:
    """Volume 0-15 as velocity or CC 11 relative to `full`: SF2 players square the value (SF 2.01, 8.4)."""
    return round(127 * math.sqrt(volume / full)) if full else 0


def from_control(value: int, full: int) -> int:
    """The inverse of `to_control`."""
    return round(full * (value / 127) ** 2)


# --- writing ---------------------------------------------------------------------------------------------------


def to_midi(score: Score) -> mido.MidiFile:
    """The tune form of a score."""
    grid = score.grid or Grid.from_beat(480)
    beat = Fraction(sum(grid.groove) * grid.rows_a_beat, len(grid.groove))
    ticks = beat.denominator * max(1, TICKS_A_FRAME // beat.denominator)
    midi = mido.MidiFile(type=1, ticks_per_beat=int(beat * ticks), charset="utf-8")
    head = [
        (0, mido.MetaMessage("track_name", name=score.title)),
        (0, mido.MetaMessage("set_tempo", tempo=round(beat * 1_000_000 / FRAMES_PER_SECOND))),
        (0, mido.MetaMessage("time_signature", numerator=grid.beats_a_bar, denominator=4)),
    ]
    if score.grid:
        groove = ",".join(map(str, grid.groove))
        head.append((0, mido.MetaMessage("text", text=f"groove={groove} start={grid.start} rows={grid.rows_a_beat}")))
    if score.loop is not None:
        head.append((score.loop, mido.MetaMessage("marker", text="loopStart")))
    midi.tracks.append(_track(head, score.frames, ticks))
    for channel, name in enumerate(CHANNEL_NAMES):
        events = [(0, mido.MetaMessage("track_name", name=name)), *_tune_events(channel, score.channels[channel])]
        midi.tracks.append(_track(events, score.frames, ticks))
    return midi


def _tune_events(channel: int, notes: Iterable[Note]) -> list[tuple[int, mido.Message]]:
    """(frame, message) of one channel; at one frame the end of a note comes before what begins there."""
    out = MIDI_CHANNELS[channel]
    program = {TR: TRIANGLE_PROGRAM, NO: NOISE_KIT}.get(channel, PULSE_PROGRAMS[2])
    events = [(0, mido.Message("program_change", channel=out, program=program))]
    if channel < TR:
        events.insert(0, (0, mido.Message("control_change", channel=out, control=CC_BANK, value=PULSE_BANK)))
    control = {CC_VOLUME: 127, CC_DUTY: -1}
    for note in notes:
        peak = max(value for _, value in note.volume)
        for offset, number, value in _changes(note, peak):
            if number == CC_DUTY and offset == 0 and channel < TR and program != PULSE_PROGRAMS[value]:
                program = PULSE_PROGRAMS[value]
                events.append((note.start, mido.Message("program_change", channel=out, program=program)))
            if control[number] != value:
                control[number] = value
                message = mido.Message("control_change", channel=out, control=number, value=value)
                events.append((note.start + offset, message))
            if offset == 0 and number == CC_VOLUME:
                key = NOISE_KEYS[note.pitch] if channel == NO else note.pitch
                velocity = max(1, to_control(peak, 15))
                events.append((note.start, mido.Message("note_on", channel=out, note=key, velocity=velocity)))
        events.append((note.end, mido.Message("note_off", channel=out, note=key, velocity=0)))
    return events


def _changes(note: Note, peak: int) -> list[tuple[int, int, int]]:
    """(frames after the start, controller, value), duty before volume."""
    duty = [(offset, CC_DUTY, value) for offset, value in note.duty]
    volume = [(offset, CC_VOLUME, to_control(value, peak)) for offset, value in note.volume]
    return sorted(duty + volume, key=lambda change: (change[0], -change[1]))


def to_nesmdb(score: Score) -> mido.MidiFile:
    """The NES-MDB form of a score."""
    midi = mido.MidiFile(type=1, ticks_per_beat=NESMDB_TICKS_A_BEAT)
    head = [
        (0, mido.MetaMessage("set_tempo", tempo=500_000)),
        (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
        (score.frames, mido.MetaMessage("time_signature", numerator=1, denominator=1)),
    ]
    midi.tracks.append(_track(head, score.frames, NESMDB_TICKS_A_FRAME))
    for channel, notes in enumerate(score.channels):
        out = MIDI_CHANNELS[channel]
        events = [
            (0, mido.MetaMessage("track_name", name=CHANNEL_NAMES[channel])),
            (0, mido.Message("program_change", channel=out, program=NESMDB_PROGRAMS[channel])),
        ]
        duty = 0
        for note in notes:
            for offset, value in note.duty:
                if value != duty:
                    duty = value
                    message = mido.Message("control_change", channel=out, control=CC_DUTY, value=value)
                    events.append((note.start + offset, message))
            velocity = 1 if channel == TR else max(1, note.volume[0][1])
            events.append((note.start, mido.Message("note_on", channel=out, note=note.pitch, velocity=velocity)))
            for offset, value in note.volume:
                if offset or value == 0:
                    message = mido.Message("control_change", channel=out, control=CC_VOLUME, value=value)
                    events.append((note.start + offset, message))
            events.append((note.end, mido.Message("note_off", channel=out, note=note.pitch, velocity=0)))
        midi.tracks.append(_track(events, score.frames, NESMDB_TICKS_A_FRAME))
    return midi


def _track(events: Iterable[tuple[int, mido.Message]], frames: int, ticks: int) -> mido.MidiTrack:
    """Events at frames as a track of delta ticks that ends with the score."""
    track = mido.MidiTrack()
    now = 0
    for frame, message in sorted(events, key=lambda event: (event[0], _rank(event[1]))):
        track.append(message.copy(time=(frame - now) * ticks))
        now = frame
    track.append(mido.MetaMessage("end_of_track", time=(frames - now) * ticks))
    return track


def _rank(message: mido.Message) -> int:
    """Order of messages in one tick: a note's end before the next note's controllers and its beginning.

    The bank is chosen by the program that follows it.
    """
    if message.is_cc(CC_BANK):
        return 1
    return {"note_off": 0, "program_change": 1, "control_change": 2, "note_on": 3}.get(message.type, -1)


def midi_bytes(midi: mido.MidiFile) -> bytes:
    """The file's bytes."""
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


# --- reading ---------------------------------------------------------------------------------------------------


@dataclass
class _Voice:
    """What one track says, in frames: notes as [start, end, pitch, full volume], controllers as (frame, value)."""

    notes: list[list[int]] = field(default_factory=list)
    volume: list[Change] = field(default_factory=list)
    duty: list[Change] = field(default_factory=list)


def read_score(source: Path | bytes) -> Score:
    """The score of a file in either form.

    Onsets and ends are rounded half up to 1/60 s; a note lasts at least one frame; of several note-ons of a channel
    in one frame the last wins. Raises MidiFormError where the tracks p1, p2, tr, no are missing, and what mido
    raises for files that are no MIDI.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    return from_midi(mido.MidiFile(file=io.BytesIO(data)))


def is_score(midi: mido.MidiFile) -> bool:
    """Whether the file has the named tracks of the two forms."""
    return set(CHANNEL_NAMES) <= {track.name for track in midi.tracks}


def from_midi(midi: mido.MidiFile) -> Score:
    """The score of an opened file; as `read_score`."""
    if not is_score(midi):
        raise MidiFormError("the file has no tracks named p1, p2, tr and no")
    raw = midi.ticks_per_beat == NESMDB_TICKS_A_BEAT
    frames = TempoMap(midi).frame
    voices = {t.name: _read_track(t, frames, raw) for t in midi.tracks if t.name in CHANNEL_NAMES}
    length = max(frames(sum(message.time for message in track)) for track in midi.tracks)
    voiced = [_monophonic(channel, voices[name], raw) for channel, name in enumerate(CHANNEL_NAMES)]
    length = max([length, *(notes[-1].end for notes in voiced if notes)])
    grid, loop = (None, None) if raw else _read_head(midi, frames)
    return Score(tuple(voiced), length, grid, _title(midi), loop if loop is not None and loop < length else None)


class TempoMap:
    """Ticks of a file to seconds and frames, through every tempo change in any of its tracks."""

    def __init__(self, midi: mido.MidiFile) -> None:
        changes: dict[int, int] = {}
        for track in midi.tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo" and message.tempo > 0:
                    changes[tick] = message.tempo
        self.tempos: list[tuple[int, int]] = sorted({0: 500_000, **changes}.items())
        self.ticks_a_beat: int = midi.ticks_per_beat
        self._starts = [0.0]
        for (tick, tempo), (after, _) in zip(self.tempos, self.tempos[1:], strict=False):
            self._starts.append(self._starts[-1] + (after - tick) * tempo / self.ticks_a_beat / 1e6)
        self._ticks = [tick for tick, _ in self.tempos]

    def seconds(self, tick: int) -> float:
        """Seconds from the start."""
        at = bisect_right(self._ticks, tick) - 1
        start, tempo = self.tempos[at]
        return self._starts[at] + (tick - start) * tempo / self.ticks_a_beat / 1e6

    def frame(self, tick: int) -> int:
        """The nearest frame, halves up."""
        return math.floor(self.seconds(tick) * FRAMES_PER_SECOND + 0.5 + 1e-6)


def _read_track(track: mido.MidiTrack, frames: Callable[[int], int], raw: bool) -> _Voice:
    """Notes and controllers of one track. A note-off ends only a note that began on an earlier tick."""
    voice = _Voice()
    tick = 0
    sounding: list[int] | None = None
    began = -1
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            if sounding is not None:
                sounding[1] = frames(tick)
            full = message.velocity if raw else from_control(message.velocity, 15)
            sounding = [frames(tick), frames(tick), message.note, full]
            voice.notes.append(sounding)
            began = tick
        elif message.type in ("note_on", "note_off"):
            if sounding is not None and sounding[2] == message.note and tick > began:
                sounding[1] = frames(tick)
                sounding = None
        elif message.type == "control_change" and message.control in (CC_VOLUME, CC_DUTY):
            (voice.volume if message.control == CC_VOLUME else voice.duty).append((frames(tick), message.value))
    if sounding is not None:
        sounding[1] = max(sounding[1], frames(tick))
    return voice


def _monophonic(channel: int, voice: _Voice, raw: bool) -> tuple[Note, ...]:
    """The voice as legal notes: one frame at least, none overlapping, volume and duty where they change."""
    spec = CHANNELS[channel]
    last = {note[0]: note for note in voice.notes}
    starts = sorted(last)
    notes = []
    for start, following in zip_longest(starts, starts[1:]):
        _, end, pitch, full = last[start]
        end = max(end, start + 1)
        if following is not None:
            end = min(end, following)
        if channel == NO and not raw:
            pitch = NOISE_PERIODS.get(pitch, 12)
        if not spec.lowest <= pitch <= spec.highest:
            continue
        if channel == TR:
            volume: tuple[Change, ...] = ((0, 15),)
        elif raw:
            volume = _curve(full, voice.volume, start, end, spec.volumes[1], carry=False)
        else:
            relative = _curve(127, voice.volume, start, end, 127, carry=True)
            volume = _dedupe([(t, min(15, from_control(value, full))) for t, value in relative])
        duty = _curve(0, voice.duty, start, end, spec.duties[1], carry=True) if channel != TR else ((0, 0),)
        notes.append(Note(start, end, pitch, volume, duty))
    return tuple(notes)


def _curve(first: int, events: list[Change], start: int, end: int, highest: int, *, carry: bool) -> tuple[Change, ...]:
    """A controller's changes inside [start, end), relative to start; with `carry` the value before counts."""
    low = bisect_right(events, start, key=lambda event: event[0])
    high = bisect_left(events, end, key=lambda event: event[0])
    if carry and low:
        first = events[low - 1][1]
    inside = [(frame - start, value) for frame, value in events[low:high]]
    return _dedupe([(0, min(first, highest)), *((t, min(value, highest)) for t, value in inside)])


def _dedupe(changes: list[Change]) -> tuple[Change, ...]:
    """One change a frame, the last; none that repeats the value before it."""
    by_frame = dict(changes)
    kept: list[Change] = []
    for frame in sorted(by_frame):
        if not kept or kept[-1][1] != by_frame[frame]:
            kept.append((frame, by_frame[frame]))
    return tuple(kept)


def _read_head(midi: mido.MidiFile, frames: Callable[[int], int]) -> tuple[Grid | None, int | None]:
    """Grid and loop point of the tune form: the groove where the file still says it, else the tempo's."""
    loop: int | None = None
    written: Grid | None = None
    meter, tempo = 4, None
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature" and tick == 0:
                meter = max(1, message.numerator)
            elif message.type == "set_tempo" and tempo is None:
                tempo = message.tempo
            elif message.type == "marker" and message.text == "loopStart":
                loop = frames(tick)
            elif message.type == "text" and message.text.startswith("groove="):
                written = _written_grid(message.text) or written
    if written is not None:
        return replace(written, beats_a_bar=meter), loop
    if tempo is None:
        return None, loop
    sixteenths = round(tempo * FRAMES_PER_SECOND * 16 / 1_000_000)
    playable = 64 <= sixteenths <= 16 * MAX_BEAT_FRAMES
    return (Grid.from_beat(sixteenths, 0, meter) if playable else None), loop


def _written_grid(text: str) -> Grid | None:
    """The grid that `to_midi` wrote as text, or None for what somebody else wrote."""
    found = re.fullmatch(r"groove=(\d{1,3}(?:,\d{1,3})*) start=(-?\d{1,6}) rows=(\d{1,3})", text, re.ASCII)
    if not found:
        return None
    groove, start, rows = found.groups()
    try:
        return Grid(tuple(map(int, groove.split(","))), int(start), int(rows))
    except ScoreError:
        return None


def _title(midi: mido.MidiFile) -> str:
    """The name of the first track, where that is no channel."""
    name: str = midi.tracks[0].name
    if name in CHANNEL_NAMES:
        return ""
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name
