"""Any MIDI file as plain notes in frames, within limits, or one sentence that says why not.

Reads what people really upload: RIFF-wrapped files, hanging notes, bad data bytes. Which channel of the console plays
what is decided in `generator.arrange`.
"""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass

import mido

from generator.contract import (
    MAX_UPLOAD_EVENTS,
    MAX_UPLOAD_SECONDS,
    MAX_UPLOAD_TRACKS,
    InputError,
    check_upload,
)
from models.midi import TempoMap
from models.score import FRAMES_PER_SECOND

DRUM_CHANNEL = 9
_DAMAGED = "The MIDI file is damaged and cannot be read."


@dataclass(frozen=True, slots=True)
class PartNote:
    """One note of an upload: frames [start, end), MIDI pitch and velocity, and whether it is a drum."""

    start: int
    end: int
    pitch: int
    velocity: int
    drum: bool


@dataclass(frozen=True, slots=True)
class Import:
    """An upload as notes in the order of their starts. beat_frames: frames a beat at its first tempo."""

    notes: tuple[PartNote, ...]
    beat_frames: float
    beats_a_bar: int
    steady: bool
    midi: mido.MidiFile


def import_midi(data: bytes) -> Import:
    """The notes of a MIDI file; raises InputError with the sentence for the person."""
    check_upload(data)
    midi = _parse(_unwrap(data))
    if sum(map(len, midi.tracks)) > MAX_UPLOAD_EVENTS:
        raise InputError(f"The MIDI file has more than {MAX_UPLOAD_EVENTS:,} events; that is too many to arrange.")
    if midi.ticks_per_beat <= 0:
        raise InputError("The MIDI file counts time in SMPTE frames, which is not supported yet.")
    tempo = TempoMap(midi)
    notes = tuple(sorted(_notes(midi, tempo), key=lambda note: (note.start, -note.pitch)))
    if not notes:
        raise InputError("The MIDI file holds no notes.")
    seconds = max(note.end for note in notes) / FRAMES_PER_SECOND
    if seconds > MAX_UPLOAD_SECONDS:
        limit = MAX_UPLOAD_SECONDS // 60
        raise InputError(f"The MIDI file lasts {seconds / 60:.0f} minutes; {limit} minutes is the most.")
    meters = [m.numerator for track in midi.tracks for m in track if m.type == "time_signature"]
    first = next((tempo for _, tempo in reversed(tempo.tempos) if _ <= 0), 500_000)
    return Import(notes, first * FRAMES_PER_SECOND / 1e6, (meters or [4])[0], len(tempo.tempos) == 1, midi)


def _unwrap(data: bytes) -> bytes:
    """The standard MIDI file inside a RIFF file (RMID), or the data itself."""
    if not data.startswith(b"RIFF"):
        return data
    at = data.find(b"MThd")
    if at < 0:
        raise InputError("The RIFF file holds no MIDI.")
    return data[at:]


def _parse(data: bytes) -> mido.MidiFile:
    if len(data) < 14:
        raise InputError(_DAMAGED)
    tracks = int.from_bytes(data[10:12], "big")
    if tracks > MAX_UPLOAD_TRACKS:
        raise InputError(f"The MIDI file has {tracks} tracks; {MAX_UPLOAD_TRACKS} is the most.")
    try:
        return mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        # What mido raises for files that break the format, as found by feeding it broken ones.
        raise InputError(_DAMAGED) from error


def _notes(midi: mido.MidiFile, tempo: TempoMap) -> list[PartNote]:
    """All notes; one that is struck again or never ends stops there, or with its track."""
    notes: list[PartNote] = []
    for track in midi.tracks:
        tick = 0
        sounding: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            if sounding[key]:
                start, velocity = sounding[key].pop()
                notes.append(_note(key, start, tempo.frame(tick), velocity))
            if message.type == "note_on" and message.velocity:
                sounding[key].append((tempo.frame(tick), message.velocity))
        for key, hanging in sounding.items():
            notes += [_note(key, start, tempo.frame(tick), velocity) for start, velocity in hanging]
    return notes


def _note(key: tuple[int, int], start: int, end: int, velocity: int) -> PartNote:
    channel, pitch = key
    return PartNote(start, max(end, start + 1), pitch, velocity, channel == DRUM_CHANNEL)
