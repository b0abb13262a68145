"""Reads scores from MIDI files in the tune format or the NES-MDB format (`models.music.midi_formats`).

Other MIDI files are left to `generator.importing`.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import mido

from models.music.midi_formats import (
    CC_DUTY,
    CC_VOLUME,
    NESMDB_TICKS_A_BEAT,
    NOISE_PERIODS,
    MidiFormatError,
    from_control,
)
from models.music.score import (
    CHANNEL_NAMES,
    CHANNELS,
    FRAMES_PER_SECOND,
    LOWER_NUMBERS,
    MAX_BEAT_FRAMES,
    NO,
    TR,
    Change,
    Grid,
    Lyric,
    Meter,
    Note,
    Score,
    ScoreError,
)
from models.music.tempo_map import TempoMap


@dataclass
class _TrackEvents:
    """The contents of a track, in frames: notes as [start, end, pitch, full volume], controllers as (frame, value)."""

    notes: list[list[int]] = field(default_factory=list)
    volume: list[Change] = field(default_factory=list)
    duty: list[Change] = field(default_factory=list)


def read_score(source: Path | bytes) -> Score:
    """Return the score of a file in either format.

    Onsets and ends are rounded half up to 1/60 s. A note lasts at least one frame. If a channel has several note-ons
    in one frame, the last wins. Raise MidiFormatError if a track named p1, p2, tr or no is missing. For files that are
    not MIDI, mido's own exceptions pass through.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    return from_midi(mido.MidiFile(file=io.BytesIO(data)))


def is_score(midi: mido.MidiFile) -> bool:
    """Return whether the file has the four named tracks of both formats."""
    return set(CHANNEL_NAMES) <= {track.name for track in midi.tracks}


def from_midi(midi: mido.MidiFile) -> Score:
    """Return the score of an opened file, as `read_score` does."""
    if not is_score(midi):
        raise MidiFormatError("the file has no tracks named p1, p2, tr and no")
    raw = midi.ticks_per_beat == NESMDB_TICKS_A_BEAT
    frames = TempoMap(midi).frame
    tracks = {t.name: _read_track(t, frames, raw) for t in midi.tracks if t.name in CHANNEL_NAMES}
    length = max(frames(sum(message.time for message in track)) for track in midi.tracks)
    channels = [_monophonic(channel, tracks[name], raw) for channel, name in enumerate(CHANNEL_NAMES)]
    length = max([length, *(notes[-1].end for notes in channels if notes)])
    grid, loop = (None, None) if raw else _read_head(midi, frames)
    loop = loop if loop is not None and loop < length else None
    return Score(tuple(channels), length, grid, _title(midi), loop, tuple(_lyrics(midi, frames)))


def _lyrics(midi: mido.MidiFile, frames: Callable[[int], int]) -> Iterator[Lyric]:
    """Yield the words in the first track, where `to_midi` writes them."""
    tick = 0
    for message in midi.tracks[0]:
        tick += message.time
        if message.type == "lyrics":
            yield frames(tick), _decoded(message.text).replace("\r", "\n")


def _read_track(track: mido.MidiTrack, frames: Callable[[int], int], raw: bool) -> _TrackEvents:
    """Return one track's notes and controllers. A note-off ends only a note that began on an earlier tick."""
    events = _TrackEvents()
    tick = 0
    sounding: list[int] | None = None
    start_tick = -1
    for message in track:
        tick += message.time
        if message.type == "note_on" and message.velocity:
            if sounding is not None:
                sounding[1] = frames(tick)
            full = message.velocity if raw else from_control(message.velocity, 15)
            sounding = [frames(tick), frames(tick), message.note, full]
            events.notes.append(sounding)
            start_tick = tick
        elif message.type in ("note_on", "note_off"):
            if sounding is not None and sounding[2] == message.note and tick > start_tick:
                sounding[1] = frames(tick)
                sounding = None
        elif message.type == "control_change" and message.control in (CC_VOLUME, CC_DUTY):
            (events.volume if message.control == CC_VOLUME else events.duty).append((frames(tick), message.value))
    if sounding is not None:
        sounding[1] = max(sounding[1], frames(tick))
    return events


def _monophonic(channel: int, events: _TrackEvents, raw: bool) -> tuple[Note, ...]:
    """Return a track's legal notes: at least one frame long, none overlapping, volume and duty where they change."""
    spec = CHANNELS[channel]
    last = {note[0]: note for note in events.notes}
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
            volume = _curve(full, events.volume, start, end, spec.volumes[1], carry=False)
        else:
            relative = _curve(127, events.volume, start, end, 127, carry=True)
            volume = _dedupe([(t, min(15, from_control(value, full))) for t, value in relative])
        duty = _curve(0, events.duty, start, end, spec.duties[1], carry=True) if channel != TR else ((0, 0),)
        notes.append(Note(start, end, pitch, volume, duty))
    return tuple(notes)


def _curve(first: int, events: list[Change], start: int, end: int, highest: int, *, carry: bool) -> tuple[Change, ...]:
    """Return a controller's changes inside [start, end), relative to start. carry: begin with the value set before."""
    low = bisect_right(events, start, key=lambda event: event[0])
    high = bisect_left(events, end, key=lambda event: event[0])
    if carry and low:
        first = events[low - 1][1]
    inside = [(frame - start, value) for frame, value in events[low:high]]
    return _dedupe([(0, min(first, highest)), *((t, min(value, highest)) for t, value in inside)])


def _dedupe(changes: list[Change]) -> tuple[Change, ...]:
    """Return the last change of each frame, without those that repeat the value before."""
    by_frame = dict(changes)
    kept: list[Change] = []
    for frame in sorted(by_frame):
        if not kept or kept[-1][1] != by_frame[frame]:
            kept.append((frame, by_frame[frame]))
    return tuple(kept)


def _read_head(midi: mido.MidiFile, frames: Callable[[int], int]) -> tuple[Grid | None, int | None]:
    """Return grid and loop point of the tune format. The grid is the written groove's, or else the tempo's."""
    loop: int | None = None
    written: Grid | None = None
    meter, tempo = (4, 4), None
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "time_signature" and tick == 0:
                meter = _playable_meter(message.numerator, message.denominator)
            elif message.type == "set_tempo" and tempo is None:
                tempo = message.tempo
            elif message.type == "marker" and message.text == "loopStart":
                loop = frames(tick)
            elif message.type == "text" and message.text.startswith("groove="):
                written = _written_grid(message.text) or written
    if written is not None:
        return replace(written, upper=meter[0], lower=meter[1]), loop
    if tempo is None:
        return None, loop
    beat = Fraction(tempo * FRAMES_PER_SECOND, 1_000_000)
    return (Grid.from_frames(beat, 0, meter) if 4 <= beat <= MAX_BEAT_FRAMES else None), loop


def _playable_meter(upper: int, lower: int) -> Meter:
    """Return the meter of a time signature, or 4/4 if no grid of four rows a beat can have it."""
    return (upper, lower) if upper and lower in LOWER_NUMBERS and 16 * upper % lower == 0 else (4, 4)


def _written_grid(text: str) -> Grid | None:
    """Return the grid that `to_midi` wrote as text, or None if the text is not of its form."""
    match = re.fullmatch(r"groove=(\d{1,3}(?:,\d{1,3})*) start=(-?\d{1,6}) rows=(\d{1,3})", text, re.ASCII)
    if not match:
        return None
    groove, start, rows = match.groups()
    try:
        return Grid(tuple(map(int, groove.split(","))), int(start), int(rows))
    except ScoreError:
        return None


def _title(midi: mido.MidiFile) -> str:
    """Return the name of the first track, or nothing if that track is a channel."""
    name: str = midi.tracks[0].name
    return "" if name in CHANNEL_NAMES else _decoded(name)


def _decoded(text: str) -> str:
    """Return a text, which mido reads as Latin-1, as the UTF-8 that it probably is."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
