"""Tablatures of Guitar Pro 3 to 5 as MIDI: frets and tunings as pitches, repeats written out, ties, bends, tempos.

PyGuitarPro reads the files. What guitar players add (slides, grace notes, tremolo bars) is left out.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator, Sequence
from io import BytesIO

import guitarpro
import mido

from generator.importing.instruments import DRUM_CHANNEL
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

TICKS = 960
"""Ticks a quarter, in PyGuitarPro and in what is written."""
CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
MOST_MEASURES = 4000
"""Measures with repeats written out. More would last longer than a file may."""
BEND_RANGE = 24
"""Semitones of a full pitch bend in what is written."""
QUARTER_TONES = 2
"""Units of PyGuitarPro's bends in a semitone."""
HARMONICS = {3: 31, 4: 28, 5: 24, 7: 19, 9: 28, 12: 12, 16: 28, 19: 19, 24: 24}
"""By fret of a natural harmonic: the semitones above the open string at which it sounds."""
MUTED = 0.5
"""The share of its length that a staccato or palm-muted note sounds."""
SOFTER = 0.7
"""The share of its velocity with which a ghost note sounds."""

DAMAGED = _("The Guitar Pro file is damaged and cannot be read.")

Event = tuple[int, mido.Message | mido.MetaMessage]
"""(tick, message)."""


def to_midi(data: bytes) -> bytes:
    """Return a tablature as a MIDI file. Raise InputError if it is damaged."""
    logging.getLogger("guitarpro").setLevel(logging.ERROR)  # it warns of every odd value
    try:
        song = guitarpro.parse(BytesIO(data))
        order = list(_played(song.measureHeaders))
        tracks = [_head(song, order)]
        pitched = 0
        for track in song.tracks:
            if not track.isMute:
                tracks.append(_track(track, order, pitched))
                pitched += not track.isPercussionTrack
    except (
        guitarpro.GPException, struct.error, ValueError, IndexError, KeyError, TypeError, AttributeError, EOFError,
        ArithmeticError,
    ) as error:  # fmt: skip
        raise InputError(DAMAGED) from error  # PyGuitarPro trusts what it reads
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS, tracks=[_in_deltas(events) for events in tracks])
    out = BytesIO()
    midi.save(file=out)
    return out.getvalue()


def _played(headers: Sequence[guitarpro.models.MeasureHeader]) -> Iterator[int]:
    """Yield the numbers of the measures, from 0, in the order in which they are played."""
    opened = at = count = 0
    times = 0  # how often the section since `opened` has been repeated
    while at < len(headers) and count < MOST_MEASURES:
        header = headers[at]
        if header.isRepeatOpen and at != opened:
            opened, times = at, 0
        if not header.repeatAlternative or header.repeatAlternative >> times & 1:
            yield at
            count += 1
        if header.repeatClose > 0 and times < header.repeatClose:
            times += 1
            at = opened
            continue
        if header.repeatClose > 0:
            opened, times = at + 1, 0
        at += 1


def _starts(headers: Sequence[guitarpro.models.MeasureHeader], order: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (tick, number of the measure) of each measure that is played."""
    tick = 0
    for number in order:
        yield tick, number
        tick += headers[number].length


def _head(song: guitarpro.Song, order: Sequence[int]) -> list[Event]:
    """Return the song's title, tempos and meters."""
    events: list[Event] = [(0, mido.MetaMessage("track_name", name=_latin(song.title)))]
    events.append((0, _tempo(song.tempo)))
    meter = None
    for tick, number in _starts(song.measureHeaders, order):
        signature = song.measureHeaders[number].timeSignature
        found = min(255, signature.numerator), signature.denominator.value
        if found != meter and found[0] and found[1] in (1, 2, 4, 8, 16, 32, 64):
            meter = found
            events.append((tick, mido.MetaMessage("time_signature", numerator=found[0], denominator=found[1])))
        for track in song.tracks:
            for at, beat in _beats(track.measures[number]):
                change = beat.effect.mixTableChange
                if change and change.tempo:
                    events.append((tick + at, _tempo(change.tempo.value)))
    return events


def _tempo(bpm: int) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=min(0xFFFFFF, round(6e7 / max(1, bpm))))


def _beats(measure: guitarpro.models.Measure) -> Iterator[tuple[int, guitarpro.Beat]]:
    """Yield (tick in the measure, beat) of all voices."""
    for voice in measure.voices:
        at = 0
        for beat in voice.beats:
            yield at, beat
            if beat.status.name != "empty":
                at += beat.duration.time


def _track(track: guitarpro.Track, order: Sequence[int], index: int) -> list[Event]:
    """Return what a track plays, on a channel of its own. index: its number among those that are no drums."""
    drums = track.isPercussionTrack
    channel = DRUM_CHANNEL if drums else CHANNELS[index % len(CHANNELS)]
    events: list[Event] = [
        (0, mido.MetaMessage("track_name", name=_latin(track.name))),
        (0, mido.MetaMessage("midi_port", port=min(127, index // len(CHANNELS)))),
    ]
    if not drums:
        events.append((0, _program(channel, track.channel.instrument)))
        registered = ((101, 0), (100, 0), (6, BEND_RANGE), (38, 0))
        events += [(0, mido.Message("control_change", channel=channel, control=c, value=v)) for c, v in registered]
    notes: list[tuple[int, int, int, int]] = []
    last: dict[int, int] = {}  # by string: the number of its latest note
    for tick, number in _starts(track.song.measureHeaders, order):
        for at, beat in _beats(track.measures[number]):
            start, length = tick + at, beat.duration.time
            change = beat.effect.mixTableChange
            if change and change.instrument and not drums:
                events.append((start, _program(channel, change.instrument.value)))
            for note in beat.notes:
                kind = note.type.name
                if kind == "tie" and note.string in last:
                    before = notes[last[note.string]]
                    notes[last[note.string]] = (before[0], start + length, *before[2:])
                elif kind == "normal":
                    last[note.string] = len(notes)
                    notes.append((start, start + _sounding(note, length), _pitch(note), _velocity(note)))
                    if not drums:
                        events += _bend(note, channel, start, length)
    for start, end, pitch, velocity in notes:
        events.append((start, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((end, mido.Message("note_off", channel=channel, note=pitch)))
    return events


def _program(channel: int, program: int) -> mido.Message:
    return mido.Message("program_change", channel=channel, program=max(0, min(127, program)))


def _pitch(note: guitarpro.Note) -> int:
    """Return the pitch of a note, also of a natural harmonic."""
    pitch: int = note.realValue
    if isinstance(note.effect.harmonic, guitarpro.NaturalHarmonic):
        pitch += HARMONICS.get(note.value, note.value) - note.value
    return max(0, min(127, pitch))


def _velocity(note: guitarpro.Note) -> int:
    velocity: int = round(note.velocity * (SOFTER if note.effect.ghostNote else 1))
    return max(1, min(127, velocity))


def _sounding(note: guitarpro.Note, length: int) -> int:
    """Return how many ticks of its length a note sounds."""
    muted = note.effect.palmMute or note.effect.staccato
    return max(1, round(length * (MUTED if muted else 1)))


def _bend(note: guitarpro.Note, channel: int, start: int, length: int) -> Iterator[Event]:
    """Yield the pitch wheel of a bent note, and its return after the note."""
    bend = note.effect.bend
    if not bend or not bend.points:
        return
    for point in bend.points:
        share = point.value / QUARTER_TONES / BEND_RANGE
        at = start + round(length * point.position / bend.maxPosition)
        yield min(at, start + length - 1), _wheel(channel, max(-8192, min(8191, round(8192 * share))))
    yield start + length, _wheel(channel, 0)


def _wheel(channel: int, pitch: int) -> mido.Message:
    return mido.Message("pitchwheel", channel=channel, pitch=pitch)


def _latin(text: str) -> str:
    """Return a text as the Latin-1 of its UTF-8 bytes, as names in MIDI files are read."""
    return text.encode("utf-8", "replace").decode("latin-1")


RANKS = {"note_off": 0, "note_on": 2}
"""The order of messages on one tick: ends, then everything else, then beginnings."""


def _in_deltas(events: list[Event]) -> mido.MidiTrack:
    """Return (tick, message) events as a track."""
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: (event[0], RANKS.get(event[1].type, 1))):
        track.append(message.copy(time=tick - now))
        now = tick
    return track
