"""Writes scores as MIDI files, in the tune format and in the NES-MDB format (`models.music.midi_formats`)."""

from __future__ import annotations

import io
from collections.abc import Iterable

import mido

from models.music.midi_formats import (
    CC_BANK,
    CC_DUTY,
    CC_VOLUME,
    MIDI_CHANNELS,
    NESMDB_PROGRAMS,
    NESMDB_TICKS_A_BEAT,
    NESMDB_TICKS_A_FRAME,
    NOISE_KEYS,
    NOISE_KIT,
    PULSE_BANK,
    PULSE_PROGRAMS,
    TICKS_A_FRAME,
    TRIANGLE_PROGRAM,
    to_control,
)
from models.music.score import CHANNEL_NAMES, FRAMES_PER_SECOND, NO, TR, Grid, Note, Score


def to_midi(score: Score) -> mido.MidiFile:
    """Return a score in the tune format."""
    grid = score.grid or Grid.from_beat(480)
    beat = grid.beat
    ticks = beat.denominator * max(1, TICKS_A_FRAME // beat.denominator)
    midi = mido.MidiFile(type=1, ticks_per_beat=int(beat * ticks), charset="utf-8")
    head = [
        (0, mido.MetaMessage("track_name", name=score.title)),
        (0, mido.MetaMessage("set_tempo", tempo=round(beat * 1_000_000 / FRAMES_PER_SECOND))),
        (0, mido.MetaMessage("time_signature", numerator=grid.upper, denominator=grid.lower)),
    ]
    if score.grid:
        groove = ",".join(map(str, grid.groove))
        head.append((0, mido.MetaMessage("text", text=f"groove={groove} start={grid.start} rows={grid.rows_a_beat}")))
    if score.loop is not None:
        head.append((score.loop, mido.MetaMessage("marker", text="loopStart")))
    for frame, text in score.lyrics:
        if frame <= score.frames:
            head.append((frame, mido.MetaMessage("lyrics", text=text.replace("\n", "\r"))))
    midi.tracks.append(_track(head, score.frames, ticks))
    for channel, name in enumerate(CHANNEL_NAMES):
        events = [(0, mido.MetaMessage("track_name", name=name)), *_tune_events(channel, score.channels[channel])]
        midi.tracks.append(_track(events, score.frames, ticks))
    return midi


def _tune_events(channel: int, notes: Iterable[Note]) -> list[tuple[int, mido.Message]]:
    """Return one channel's events as (frame, message). On a frame, the end of a note comes before what begins there."""
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
    """Return a note's changes as (frames after its start, controller, value), duty before volume."""
    duty = [(offset, CC_DUTY, value) for offset, value in note.duty]
    volume = [(offset, CC_VOLUME, to_control(value, peak)) for offset, value in note.volume]
    return sorted(duty + volume, key=lambda change: (change[0], -change[1]))


def to_nesmdb(score: Score) -> mido.MidiFile:
    """Return a score in the NES-MDB format."""
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
    """Return (frame, message) events as a track of delta ticks that ends with the score."""
    track = mido.MidiTrack()
    now = 0
    for frame, message in sorted(events, key=lambda event: (event[0], _rank(event[1]))):
        track.append(message.copy(time=(frame - now) * ticks))
        now = frame
    track.append(mido.MetaMessage("end_of_track", time=(frames - now) * ticks))
    return track


def _rank(message: mido.Message) -> int:
    """Return a message's order within its tick: a note's end, then the next note's controllers, then its beginning.

    A bank select comes before its program change, which applies it.
    """
    if message.is_cc(CC_BANK):
        return 1
    return {"note_off": 0, "program_change": 1, "control_change": 2, "note_on": 3}.get(message.type, -1)


def midi_bytes(midi: mido.MidiFile) -> bytes:
    """Return the bytes of a MIDI file."""
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()
