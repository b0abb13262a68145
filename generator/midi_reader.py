"""Standard MIDI files through mido, and what mido leaves to its users: foreign chunks, format 2, SMPTE times, errors.

Whatever was read comes out as format 1 with ticks a beat, without system messages and most meta events. What the
notes mean is not known here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import mido
from mido.midifiles.meta import KeySignatureError

SMPTE = {24: (24, 1_000_000), 25: (25, 1_000_000), 29: (30, 1_001_000), 30: (30, 1_000_000)}
"""SMPTE frames a second to frames a beat, and that beat in microseconds."""
HEADER_BYTES = 14
KEPT_META = frozenset({"set_tempo", "time_signature", "track_name", "text", "marker"})
"""Meta events that say something about what sounds, or what it is."""


class DamagedMidi(ValueError):
    """The bytes break the format where mido cannot go on."""


def read_midi(data: bytes) -> mido.MidiFile:
    """A MIDI file's bytes, from MThd on. Raises DamagedMidi."""
    chunks = list(track_chunks(data))
    division = int.from_bytes(data[12:14], "big", signed=True)
    if not chunks or division == 0:
        raise DamagedMidi("no tracks, or no ticks")
    header = b"MThd\0\0\0\6" + data[8:10] + len(chunks).to_bytes(2, "big") + data[12:14]
    try:
        midi = mido.MidiFile(file=io.BytesIO(header + b"".join(chunks)), clip=True)
    except (OSError, EOFError, ValueError, LookupError, TypeError, KeySignatureError) as error:
        # All that mido was seen to raise for tens of thousands of mutated files.
        raise DamagedMidi(str(error)) from error
    meta = KEPT_META if division > 0 else KEPT_META - {"set_tempo"}
    midi.tracks = [_cleaned(track, meta) for track in midi.tracks]
    if midi.type == 2:
        _one_after_the_other(midi.tracks)
    if division < 0:
        midi.ticks_per_beat = _beats_from_smpte(midi.tracks, division)
    midi.type = 1
    return midi


def _cleaned(track: mido.MidiTrack, meta: frozenset[str]) -> mido.MidiTrack:
    """The channel messages and some meta events; the times of what is left out pass to what follows."""
    kept = mido.MidiTrack()
    wait = 0
    for message in track:
        wait += message.time
        if hasattr(message, "channel") or message.type in meta:
            kept.append(message.copy(time=wait))
            wait = 0
    kept.append(mido.MetaMessage("end_of_track", time=wait))
    return kept


def track_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of the tracks, whole; other chunks are passed over. Raises DamagedMidi."""
    at = 8 + int.from_bytes(data[4:8], "big")
    if at < HEADER_BYTES:
        raise DamagedMidi("the header is too short")
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            if end > len(data):
                raise DamagedMidi("a track is cut off")
            yield data[at:end]
        at = end


def _one_after_the_other(tracks: list[mido.MidiTrack]) -> None:
    """Format 2 holds patterns: each begins where the one before ends."""
    now = 0
    for track in tracks:
        length = sum(message.time for message in track)
        track[0].time += now
        now += length


def _beats_from_smpte(tracks: list[mido.MidiTrack], division: int) -> int:
    """Ticks a beat of one second, or of a thousandth more; the file's own tempos mean nothing. Raises DamagedMidi."""
    a_second, ticks = -(division >> 8), division & 0xFF
    if a_second not in SMPTE or not ticks:
        raise DamagedMidi("there is no such SMPTE format")
    frames, beat = SMPTE[a_second]
    tracks[0].insert(0, mido.MetaMessage("set_tempo", tempo=beat))
    return frames * ticks
