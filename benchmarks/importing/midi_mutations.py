"""Breaks MIDI files at random, in their bytes, their chunks or their events, to test the importer."""

from __future__ import annotations

import struct
from random import Random

import mido

from generator.importing.midi_reader import DamagedMidi, read_midi
from generator.protocol.errors import InputError
from models.music.midi import midi_bytes

NASTY = (b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xff\xff\xff\xff", b"MTrk", b"MThd", b"\xff\x51\x03\0\0\1", b"\xff\x2f\0")
DIVISIONS = (0, 1, 2, 96, 0x7FFF, 0x8000, 0xE704, 0xE878, 0xE250, 0xFF01)
NUMBERS = (0, 1, 2, 16, 17, 300, 0xFFFF)
DELTAS = (0, 1, 7, 480, 100_000, 2**28 - 1)


def mutated(random: Random, data: bytes) -> bytes:
    """Return a MIDI file with one to twenty changes. Sometimes the result is no longer a MIDI file."""
    kind = random.choice((mutate_bytes, mutate_bytes, mutate_chunks, mutate_events))
    return kind(random, data)


def mutate_bytes(random: Random, data: bytes) -> bytes:
    """Change, remove, insert, repeat or cut off bytes."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(broken) + 1)
        match random.randrange(8):
            case 0:
                broken[at : at + 1] = random.randbytes(1)
            case 1:
                del broken[at : at + random.choice((1, 1, 3, 50))]
            case 2:
                broken[at:at] = random.randbytes(random.choice((1, 2, 8)))
            case 3 if at < len(broken):
                broken[at] ^= 1 << random.randrange(8)
            case 4:
                nasty = random.choice(NASTY)
                broken[at : at + len(nasty)] = nasty
            case 5 if random.random() < 0.2:
                del broken[at:]
            case _:
                begin = random.randrange(len(broken) + 1)
                broken[at:at] = broken[begin : begin + 40]
    return bytes(broken)


def mutate_chunks(random: Random, data: bytes) -> bytes:
    """Change header fields, lengths and order of chunks; add foreign chunks and wrappers."""
    header = list(struct.unpack(">HHH", data[8:14].ljust(6, b"\1")))
    chunks = _chunks(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        i = random.randrange(len(chunks)) if chunks else -1
        match random.randrange(7):
            case 0:
                header[random.randrange(2)] = random.choice(NUMBERS)
            case 1:
                header[2] = random.choice(DIVISIONS)
            case 2 if chunks:
                name, length, body = chunks[i]
                length = random.choice((0, 1, length + random.randrange(-9, 10), 2**31, 2**32 - 1)) % 2**32
                chunks[i] = name, length, body
            case 3 if chunks:
                del chunks[i]
            case 4 if chunks:
                chunks += [chunks[i]] * random.choice((1, 2, 60, 130))
            case 5:
                body = random.randbytes(random.randrange(30))
                chunks.insert(max(i, 0), (random.choice((b"XFIH", b"MTrk", b"\0\0\0\0")), len(body), body))
            case _:
                random.shuffle(chunks)
    whole = b"MThd" + struct.pack(">IHHH", random.choice((6, 6, 6, 0, 10)), *header)
    whole += b"".join(name + struct.pack(">I", length) + body for name, length, body in chunks)
    before = random.choice(
        (b"", b"", b"", random.randbytes(128), b"RIFF" + struct.pack("<I", len(whole)) + b"RMIDdata")
    )
    return before + whole


def _chunks(data: bytes) -> list[tuple[bytes, int, bytes]]:
    """Return (name, length to write, body) of each chunk."""
    chunks, at = [], 14
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : end]
        chunks.append((data[at : at + 4], len(body), body))
        at = end
    return chunks


def mutate_events(random: Random, data: bytes) -> bytes:
    """Keep the file valid but make its events nonsense: endless, moved and repeated notes, absurd tempos and meters."""
    try:
        midi = read_midi(data).midi
    except (DamagedMidi, InputError):
        return mutate_bytes(random, data)
    for _ in range(random.choice((1, 5, 50))):
        track = random.choice(midi.tracks or [midi.add_track()])
        _mutate_event(random, track)
    return midi_bytes(midi)


def _mutate_event(random: Random, track: mido.MidiTrack) -> None:
    at = random.randrange(len(track) + 1)
    match random.randrange(7):
        case 0:
            del track[at : at + random.choice((1, 1, 10, 200))]
        case 1:
            track[at:at] = track[at : at + random.choice((1, 4, 100))]
        case 2:
            track[at : at + 40] = random.sample(track[at : at + 40], len(track[at : at + 40]))
        case 3 if at < len(track):
            track[at] = track[at].copy(time=random.choice(DELTAS))
        case 4:
            tempo = random.choice((1, 1000, 5_000_000, 0xFFFFFF, random.randrange(1, 0xFFFFFF)))
            track.insert(at, mido.MetaMessage("set_tempo", tempo=tempo))
        case 5:
            upper, lower = random.randrange(256), 2 ** random.choice((0, 1, 2, 3, 8, 40))
            track.insert(at, mido.MetaMessage("time_signature", numerator=upper, denominator=lower))
        case _:
            status = random.randrange(0x80, 0xF0)
            values = [random.randrange(128) for _ in range(1 if 0xC0 <= status < 0xE0 else 2)]
            track.insert(at, mido.Message.from_bytes([status, *values]))
