"""Reads the bytes of standard MIDI files, intact or damaged, into mido's messages.

mido reads a whole file or nothing, and slowly. So the framing is parsed here (chunks, delta times, running status,
lengths), and damage costs no more than the rest of its track. The result is format 1 with ticks a beat, without most
meta events, and without system messages but those that `generator.importing.sysex` knows. What the notes mean is left
to `generator.importing.parts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mido

from generator.importing.sysex import part_mode
from generator.protocol.errors import ChiptuneError, InputError
from generator.protocol.uploads.formats import NO_MUSIC_IN_RIFF
from generator.protocol.uploads.limits import UPLOAD_LIMITS

SMPTE = {24: (24, 1_000_000), 25: (25, 1_000_000), 29: (30, 1_001_000), 30: (30, 1_000_000)}
"""By SMPTE frames a second: frames a beat, and the length of that beat in microseconds."""
HEADER_BYTES = 14
CHANNEL_MESSAGES = {
    0x8: ("note_off", "note", "velocity"),
    0x9: ("note_on", "note", "velocity"),
    0xA: ("polytouch", "note", "value"),
    0xB: ("control_change", "control", "value"),
    0xC: ("program_change", "program", ""),
    0xD: ("aftertouch", "value", ""),
    0xE: ("pitchwheel", "pitch", ""),
}
"""By the upper half of a status byte: mido's names of the message and of its data bytes."""
SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system messages, which files should not contain. The others have none."""
TEXT, TRACK_NAME, LYRICS, MARKER, CUE = 0x01, 0x03, 0x05, 0x06, 0x07
PORT, END_OF_TRACK, TEMPO, TIME_SIGNATURE = 0x21, 0x2F, 0x51, 0x58
TEXTS = {
    TEXT: ("text", "text"),
    TRACK_NAME: ("track_name", "name"),
    LYRICS: ("lyrics", "text"),
    MARKER: ("marker", "text"),
    CUE: ("cue_marker", "text"),
}
KEPT_META = frozenset({*TEXTS, PORT, TEMPO, TIME_SIGNATURE})
"""The meta events that matter for the music or name it."""
DEFAULT_TEMPO = 500_000
"""Microseconds a beat: 120 BPM."""
MAX_TEXT = 1000
MAX_SYSEX = 16
"""Bytes of the longest system exclusive message that matters here."""
MAX_DENOMINATOR = 6
"""The largest denominator of a time signature, as a power of two."""

Event = tuple[int, int, bytes]
"""(ticks since the previous event, status byte, data). The data of a meta event begin with its type."""


class DamagedMidi(ChiptuneError):
    """Bytes that break the MIDI format so that they cannot be read."""


@dataclass(frozen=True, slots=True)
class ParsedMidi:
    """A file as far as it could be read.

    counts_beats: whether its ticks divide beats, not seconds. damaged: whether some of it could not be read.
    """

    midi: mido.MidiFile
    counts_beats: bool
    damaged: bool


def read_midi(data: bytes) -> ParsedMidi:
    """Read a MIDI file, also inside RIFF or after other bytes. Raise DamagedMidi, or InputError above a limit."""
    begin = data.find(b"MThd")
    if begin < 0:
        raise InputError(NO_MUSIC_IN_RIFF)
    form, division = int.from_bytes(data[begin + 8 : begin + 10], "big"), data[begin + 12 : begin + HEADER_BYTES]
    chunks = list(_track_chunks(data, begin + HEADER_BYTES))
    UPLOAD_LIMITS["tracks"].check(len(chunks))
    if not chunks or not int.from_bytes(division, "big"):
        raise DamagedMidi("no tracks, or no ticks")
    read_tracks = [_read_track(chunk) for chunk in chunks]
    UPLOAD_LIMITS["events"].check(sum(len(events) for events, _ in read_tracks))
    counts_beats = division[0] < 0x80
    tracks = [_track(events, keep_tempo=counts_beats) for events, _ in read_tracks]
    if form == 2:
        _one_after_the_other(tracks)
    ticks = int.from_bytes(division, "big")
    if not counts_beats:  # the file's own tempos have no meaning
        ticks, beat = _smpte_beat(division)
        tracks[0].insert(0, mido.MetaMessage("set_tempo", tempo=beat))
    midi = mido.MidiFile(type=1, ticks_per_beat=ticks, tracks=tracks)
    return ParsedMidi(midi, counts_beats, any(broken for _, broken in read_tracks))


def _track_chunks(data: bytes, at: int) -> Iterator[bytes]:
    """Yield the contents of the track chunks, and skip other chunks.

    A chunk's length is trusted if it leads to the end of the file or to something like the name of a chunk. Otherwise
    the track extends to the next track or to the end of the file.
    """
    at = data.find(b"MTrk", at)
    while at >= 0:
        at += 8
        end = at + int.from_bytes(data[at - 4 : at], "big")
        name = data[end : end + 4]
        if end != len(data) and not (len(name) == 4 and name.isalnum()):
            end = data.find(b"MTrk", at)
            end = end if end >= 0 else len(data)
        yield data[at:end]
        at = data.find(b"MTrk", end)


def _read_track(chunk: bytes) -> tuple[list[Event], bool]:
    """Return (the events up to the end or to the damage, whether the track is damaged)."""
    events: list[Event] = []
    try:
        events.extend(_events(chunk))
    except (IndexError, DamagedMidi):
        return events, True
    return events, False


def _events(chunk: bytes) -> Iterator[Event]:
    """Yield the channel messages and some meta events. Raise DamagedMidi or IndexError at damage."""
    at = status = wait = 0
    size = len(chunk)
    while at < size:
        delta = chunk[at]
        at += 1
        if delta > 0x7F:
            delta, at = _number(chunk, at - 1)
        wait += delta
        byte = chunk[at]
        if byte < 0xF0:
            status, at = _running_status(byte, status, at)
            end = at + (1 if 0xC0 <= status < 0xE0 else 2)
            if end > size:
                raise DamagedMidi("a message is cut off")
            yield wait, status, chunk[at:end]
            wait = 0
        elif byte == 0xFF:
            length, begin = _number(chunk, at + 2)
            end = begin + length
            kind = chunk[at + 1]
            if kind == END_OF_TRACK:
                break
            if kind in KEPT_META:
                yield wait, byte, bytes((kind,)) + chunk[begin : min(end, begin + MAX_TEXT)]
                wait = 0
        elif byte in (0xF0, 0xF7):
            length, begin = _number(chunk, at + 1)
            end = begin + length
            if body := _part_mode_body(chunk[at : min(end, begin + MAX_SYSEX)], begin - at):
                yield wait, byte, body
                wait = 0
        else:
            end = at + 1 + SYSTEM_BYTES.get(byte, 0)
        at = end
    if at > size:
        raise DamagedMidi("an event is cut off")
    yield wait, 0xFF, bytes((END_OF_TRACK,))


def _running_status(byte: int, status: int, at: int) -> tuple[int, int]:
    """Return (the status of a channel message, the position of its data). Raise DamagedMidi if it has none."""
    if byte > 0x7F:
        return byte, at + 1
    if not status:
        raise DamagedMidi("data without a status")
    return status, at


def _part_mode_body(message: bytes, begin: int) -> bytes:
    """Return what a system message says of drum parts, without F0 and F7; empty if it does not. begin: of its data."""
    body = message[begin:].rstrip(b"\xf7")
    return body if message[0] == 0xF0 and body.isascii() and part_mode(body) else b""


def _number(chunk: bytes, at: int) -> tuple[int, int]:
    """Return (a variable-length number, the position after it). Raise DamagedMidi or IndexError."""
    number = 0
    for place in range(at, at + 4):
        byte = chunk[place]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, place + 1
    raise DamagedMidi("a number of more than four bytes")


def _track(events: list[Event], *, keep_tempo: bool) -> mido.MidiTrack:
    track = mido.MidiTrack()
    wait = 0
    for delta, status, data in events:
        wait += delta
        if status < 0xF0:
            track.append(_channel_message(wait, status, data))
        elif status == 0xF0:
            track.append(mido.Message("sysex", data=data, time=wait))
        elif (meta := _meta_message(data[0], data[1:])) and (keep_tempo or meta.type != "set_tempo"):
            track.append(meta.copy(time=wait))
        else:
            continue
        wait = 0
    if not track or track[-1].type != "end_of_track":
        track.append(mido.MetaMessage("end_of_track"))
    return track


def _channel_message(wait: int, status: int, data: bytes) -> mido.Message:
    """Return mido's message, with data bytes clipped to their range."""
    if not data.isascii():
        data = bytes(min(byte, 0x7F) for byte in data)
    kind, first, second = CHANNEL_MESSAGES[status >> 4]
    values = {first: data[0]}
    if kind == "pitchwheel":
        values[first] = (data[0] | data[1] << 7) - 8192
    elif second:
        values[second] = data[1]
    # skip_checks: mido's checks take twice as long as everything else.
    return mido.Message(kind, skip_checks=True, channel=status & 0x0F, time=wait, **values)


def _meta_message(kind: int, body: bytes) -> mido.MetaMessage | None:
    """Return mido's meta message, or None if its data are not valid."""
    if kind in TEXTS:
        name, field = TEXTS[kind]
        return mido.MetaMessage(name, **{field: body.decode("latin-1")})
    if kind == END_OF_TRACK:
        return mido.MetaMessage("end_of_track")
    if kind == PORT and body:
        return mido.MetaMessage("midi_port", port=body[0])
    if kind == TEMPO and len(body) >= 3 and any(body[:3]):
        return mido.MetaMessage("set_tempo", tempo=int.from_bytes(body[:3], "big"))
    if kind == TIME_SIGNATURE and len(body) >= 2 and body[0] and body[1] <= MAX_DENOMINATOR:
        return mido.MetaMessage("time_signature", numerator=body[0], denominator=2 ** body[1])
    return None


def _one_after_the_other(tracks: list[mido.MidiTrack]) -> None:
    """Delay each track of format 2, whose tracks are patterns, to the end of the previous one.

    A pattern without a tempo of its own has MIDI's default, not the one before.
    """
    now = 0
    for track in tracks:
        if not any(message.type == "set_tempo" for message in _first_tick(track)):
            track.insert(0, mido.MetaMessage("set_tempo", tempo=DEFAULT_TEMPO))
        length = sum(message.time for message in track)
        track[0].time += now
        now += length


def _first_tick(track: mido.MidiTrack) -> Iterator[mido.Message]:
    """Yield the messages at the start of a track."""
    for message in track:
        if message.time:
            return
        yield message


def _smpte_beat(division: bytes) -> tuple[int, int]:
    """Return (ticks a beat, microseconds a beat) for beats of about a second. Raise DamagedMidi."""
    a_second, ticks = 0x100 - division[0], division[1]
    if a_second not in SMPTE or not ticks:
        raise DamagedMidi("there is no such SMPTE format")
    frames, beat = SMPTE[a_second]
    return frames * ticks, beat
