"""Any MIDI file as plain notes in frames, within limits, or one sentence that says why not.

Reads what people really upload: RIFF-wrapped files, hanging notes, bad data bytes. Which channel of the console plays
what is decided in `generator.arrange`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mido

from generator.contract import (
    MAX_UPLOAD_EVENTS,
    MAX_UPLOAD_SECONDS,
    MAX_UPLOAD_TRACKS,
    InputError,
    check_upload,
)
from generator.midi_reader import DamagedMidi, read_midi, track_chunks
from models.midi import TempoMap, from_midi, is_score
from models.score import FRAMES_PER_SECOND, Score, ScoreError

DRUM_CHANNEL = 9


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
    """An upload as notes in the order of their starts.

    beat_frames: frames a beat, where the file counts beats and keeps one tempo. midi: the file, cleaned. score: the
    file as it is, where it has the console's four channels.
    """

    notes: tuple[PartNote, ...]
    beat_frames: float | None
    beats_a_bar: int
    midi: mido.MidiFile
    score: Score | None


def import_midi(data: bytes) -> Import:
    """The notes of a MIDI file; raises InputError with the sentence for the person."""
    check_upload(data)
    smf = _unwrap(data)
    midi = _parse(smf)
    tempo = TempoMap(midi)
    notes = tuple(sorted(_notes(midi, tempo), key=lambda note: (note.start, -note.pitch)))
    if not notes:
        raise InputError("The MIDI file holds no notes.")
    score = _score(midi)
    _check_length(max(score.frames if score else 0, *(note.end for note in notes)))
    meters = [m.numerator for track in midi.tracks for m in track if m.type == "time_signature" and m.numerator]
    steady = len({beat for _, beat in tempo.tempos}) == 1 and smf[12] < 0x80  # else in SMPTE frames
    beat = tempo.tempos[0][1] * FRAMES_PER_SECOND / 1e6 if steady else None
    return Import(notes, beat, (meters or [4])[0], midi, score)


def _unwrap(data: bytes) -> bytes:
    """The standard MIDI file inside a RIFF file (RMID), or the data itself."""
    if not data.startswith(b"RIFF"):
        return data
    at = data.find(b"MThd")
    if at < 0:
        raise InputError("The RIFF file holds no MIDI.")
    return data[at:]


def _parse(smf: bytes) -> mido.MidiFile:
    try:
        tracks = max(int.from_bytes(smf[10:12], "big"), sum(1 for _ in track_chunks(smf)))
        if tracks > MAX_UPLOAD_TRACKS:
            raise InputError(f"The MIDI file has {tracks} tracks; {MAX_UPLOAD_TRACKS} is the most.")
        midi = read_midi(smf)
    except DamagedMidi as error:
        raise InputError("The MIDI file is damaged and cannot be read.") from error
    if sum(map(len, midi.tracks)) > MAX_UPLOAD_EVENTS:
        raise InputError(f"The MIDI file has more than {MAX_UPLOAD_EVENTS:,} events; that is too many to arrange.")
    return midi


def _score(midi: mido.MidiFile) -> Score | None:
    if not is_score(midi):
        return None
    try:
        return from_midi(midi)
    except ScoreError as error:
        raise InputError(f"The MIDI file has the channels p1, p2, tr and no, but {error}.") from error


def _check_length(frames: int) -> None:
    seconds = frames / FRAMES_PER_SECOND
    if seconds > MAX_UPLOAD_SECONDS:
        limit = MAX_UPLOAD_SECONDS // 60
        raise InputError(f"The MIDI file lasts {seconds / 60:.1f} minutes; {limit} minutes is the most.")


def _notes(midi: mido.MidiFile, tempo: TempoMap) -> Iterator[PartNote]:
    """All notes; one that is struck again or never ends stops there, or with its track."""
    for track in midi.tracks:
        tick = 0
        sounding: dict[tuple[int, int], tuple[int, int]] = {}
        cut: dict[tuple[int, int], int] = {}
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            strikes = message.type == "note_on" and message.velocity
            if not strikes and cut.pop(key, -1) == tick:
                continue  # the end of the note that this tick's note-on has cut, written after it
            frame = tempo.frame(tick)
            if key in sounding:
                yield _note(key, sounding.pop(key), frame)
                if strikes:
                    cut[key] = tick
            if strikes:
                sounding[key] = (frame, message.velocity)
        for key, hanging in sounding.items():
            yield _note(key, hanging, tempo.frame(tick))


def _note(key: tuple[int, int], began: tuple[int, int], end: int) -> PartNote:
    (channel, pitch), (start, velocity) = key, began
    return PartNote(start, max(end, start + 1), pitch, velocity, channel == DRUM_CHANNEL)
