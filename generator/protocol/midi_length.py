"""Estimates how long a MIDI file plays, from its bytes alone and in one pass, before anybody works on it.

Damage ends its track. The exact length, and whether the file can be used at all, is found by `generator.importing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from generator.protocol.uploads import UPLOAD_LIMITS

DEFAULT_TEMPO = 500_000
"""Microseconds a beat until a file says otherwise."""
TEMPO, META, SYSEX, ESCAPE = 0x51, 0xFF, 0xF0, 0xF7
ONE_DATA_BYTE = (0xC0, 0xD0)
"""The channel messages with one byte of data; the others have two."""


@dataclass(frozen=True, slots=True)
class MidiLength:
    """The length of a file in seconds, and its first tempo in beats a minute."""

    seconds: float
    bpm: float


def midi_length(data: bytes) -> MidiLength | None:
    """Return the estimated length of a MIDI file, or None if the bytes hold no header."""
    at = data.find(b"MThd")
    if at < 0 or len(data) < at + 14:
        return None
    division = int.from_bytes(data[at + 12 : at + 14], "big")
    tempos: dict[int, int] = {}
    last = 0
    left = UPLOAD_LIMITS["events"].most
    begin = data.find(b"MTrk", at + 14)
    while begin >= 0 and left > 0:
        size = int.from_bytes(data[begin + 4 : begin + 8], "big")
        for tick, tempo in _events(data[begin + 8 : begin + 8 + size]):
            left -= 1
            last = max(last, tick)
            if tempo:
                tempos[tick] = tempo
            if left == 0:
                break
        begin = data.find(b"MTrk", begin + 8 + size)
    if division & 0x8000:  # ticks divide seconds
        return MidiLength(last / max(1, (256 - (division >> 8)) * (division & 0xFF)), 6e7 / DEFAULT_TEMPO)
    changes = [*sorted(({0: DEFAULT_TEMPO} | tempos).items()), (last, 0)]
    spans = ((max(0, min(end, last) - tick), tempo) for (tick, tempo), (end, _) in pairwise(changes))
    seconds = sum(ticks * tempo for ticks, tempo in spans) / max(1, division) / 1e6
    first = tempos[min(tempos)] if tempos else DEFAULT_TEMPO
    return MidiLength(seconds, 6e7 / first)


def _events(track: bytes) -> Iterator[tuple[int, int]]:
    """Yield the tick of each event of a track, and its tempo or 0, up to its end or to the first damage."""
    at = tick = running = 0
    try:
        while at < len(track):
            delta, at = _number(track, at)
            tick += delta
            status = track[at]
            if status >= 0x80:
                at += 1
            else:
                status = running
            tempo = 0
            if status in (META, SYSEX, ESCAPE):
                kind = track[at] if status == META else 0
                length, at = _number(track, at + (status == META))
                if kind == TEMPO and length == 3:
                    tempo = int.from_bytes(track[at : at + 3], "big")
                at += length
            elif status < 0x80:
                return
            else:
                running = status
                at += 1 if status & 0xF0 in ONE_DATA_BYTE else 2
            yield tick, tempo
    except IndexError:
        return


def _number(track: bytes, at: int) -> tuple[int, int]:
    """Return (a number of variable length, the index after it). Raise IndexError at the end of the track."""
    number = 0
    for _ in range(4):
        byte = track[at]
        at += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, at
