"""Music for tests, made in code: small scores, random valid scores, songs with a known beat, and raw MIDI bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from models.music.grid import ROWS, RowClock
from models.music.score import CHANNELS, NO, P1, P2, TR, Change, ChannelSpec, Grid, Note, Score

BEAT_OF_30 = Grid((7, 8))
"""120 BPM."""


def scale(frames: int = 240, grid: Grid | None = BEAT_OF_30, title: str = "Scale") -> Score:
    """Return a tune for any test: C major up and down on pulse 1, harmony, a bass on the triangle, and noise beats."""
    step = 15
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    melody = tuple(
        Note(at, min(at + 12, frames), pitches[at // step % 8], ((0, 12), (4, 8)), ((0, 2),))
        for at in range(0, frames - 4, step)
    )
    beats = range(0, frames, 30)
    harmony = tuple(Note(at, min(at + 30, frames), 60 + at // 30 % 2 * 4, ((0, 6),), ((0, 1),)) for at in beats)
    bass = tuple(Note(at, min(at + 25, frames), 36 + at // 30 % 2 * 7) for at in beats)
    drums = tuple(Note(at, min(at + 6, frames), 4 + at // step % 2 * 8) for at in range(0, frames, step))
    return Score((melody, harmony, bass, drums), frames, grid, title)


def random_score(seed: int, *, grid: bool = True) -> Score:
    """Return a random valid score with short and long notes, with and without gaps, and changing volume and duty."""
    random = Random(seed)
    frames = random.randrange(60, 900)
    channels = tuple(tuple(_random_line(random, spec, frames)) for spec in CHANNELS)
    return Score(
        channels,
        frames,
        random_grid(random) if grid else None,
        random.choice(("", "Tune", "Größe – ドラゴン", "a=b groove=1")),
        random.choice((None, 0, random.randrange(frames))),
    )


def random_grid(random: Random) -> Grid:
    """Return a random grid like those of trackers, whose bars begin before, at or after the first frame."""
    groove = tuple(random.randrange(4, 12) for _ in range(random.choice((1, 2, 2, 3, 4, 5))))
    return Grid(groove, random.randrange(-60, 60), random.choice((3, 4)), random.choice((3, 4, 4, 6)))


def _random_line(random: Random, spec: ChannelSpec, frames: int) -> Iterable[Note]:
    at = random.randrange(40)
    while True:
        length = random.choice((1, 2, 5, 8, 15, 30, 90))
        if at + length > frames:
            return
        fixed = spec is CHANNELS[TR]
        volume: tuple[Change, ...] = ((0, 15),) if fixed else _random_changes(random, length, 1, 15)
        duty = _random_changes(random, length, *spec.duties)
        yield Note(at, at + length, random.randint(spec.lowest, spec.highest), volume, duty)
        at += length + random.choice((0, 0, 1, 3, 10, 40))


def _random_changes(random: Random, length: int, low: int, high: int) -> tuple[Change, ...]:
    """Return random changes of a value, each to a different one. Only the first may not be 0."""
    changes = [(0, random.randint(low, high))]
    while random.random() < 0.6 and changes[-1][0] + 1 < length:
        value = random.randint(min(low, 0), high)
        if value != changes[-1][1]:
            changes.append((random.randrange(changes[-1][0] + 1, length), value))
    return tuple(changes)


def bare(score: Score) -> tuple[tuple[Note, ...], ...]:
    """Return the notes without volume and duty, which tokens do not store."""
    return tuple(tuple(Note(note.start, note.end, note.pitch) for note in notes) for notes in score.channels)


def song_on(clock: RowClock, beats: int, seed: int = 0) -> Score:
    """Return a song on the rows of a clock: bass on beats, drums on half beats, melody on any row."""
    random = Random(seed)
    frames = clock.row(beats * ROWS)
    lines: list[list[Note]] = [[], [], [], []]
    for i in range(ROWS if clock.lead else 0, beats * ROWS):
        start, end = clock.row(i), clock.row(i + 1)
        if i % ROWS == 0:
            lines[TR].append(Note(start, min(frames, clock.row(i + 3)), 40 + i // ROWS % 5))
        if i % 2 == 0:
            lines[NO].append(Note(start, end, 4 if i % ROWS == 0 else 12))
        if random.random() < 0.5:
            lines[P1].append(Note(start, end, 60 + random.randrange(12)))
        if i % ROWS == 2:
            lines[P2].append(Note(start, end, 60))
    return Score(tuple(map(tuple, lines)), frames)


def loop_of(score: Score, times: int) -> Score:
    """Return a score repeated several times, without its grid."""
    rounds = [moved(score, i * score.frames) for i in range(times)]
    channels = tuple(tuple(n for part in rounds for n in part.channels[c]) for c in range(len(CHANNELS)))
    return Score(channels, times * score.frames)


def moved(score: Score, frames: int) -> Score:
    """Return a score that begins some frames later."""
    channels = tuple(
        tuple(replace(note, start=note.start + frames, end=note.end + frames) for note in notes)
        for notes in score.channels
    )
    return replace(score, channels=channels, frames=score.frames + frames)


def smf(*tracks: bytes, form: int = 1, division: int = 480, declared: int | None = None) -> bytes:
    """Return a standard MIDI file with tracks of raw bytes."""
    header = struct.pack(">4sIHHH", b"MThd", 6, form, len(tracks) if declared is None else declared, division & 0xFFFF)
    return header + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


def events(text: str) -> bytes:
    """Return annotated hex as bytes. Whatever follows a # on its line is a comment."""
    return bytes.fromhex(" ".join(line.split("#")[0] for line in text.splitlines()))


def twinkle() -> bytes:
    """Return a General MIDI file at 120 BPM with tracks for a melody, chords, a bass and drums."""
    quarter = 480

    def line(channel: int, program: int, notes: Iterable[tuple[int, ...]]) -> bytes:
        track = bytes((0, 0xC0 | channel, program))
        for chord in notes:
            for pitch in chord:
                track += bytes((0, 0x90 | channel, pitch, 100))
            for i, pitch in enumerate(chord):
                track += _number(0 if i else quarter) + bytes((0x80 | channel, pitch, 0))
        return track + b"\x00\xff\x2f\x00"

    melody = [(72,), (72,), (79,), (79,), (81,), (81,), (79,), (77,), (77,), (76,), (76,), (74,), (74,), (72,)]
    chords = [(60, 64, 67), (60, 65, 69), (60, 64, 67), (59, 62, 67)] * 3 + [(60, 64, 67)] * 2
    bass = [(36,), (43,), (36,), (43,), (41,), (36,), (36,), (43,), (41,), (36,), (43,), (43,), (36,), (36,)]
    drums = [(36, 42), (38, 42)] * 7
    return smf(line(0, 0, melody), line(1, 48, chords), line(2, 33, bass), line(9, 0, drums))


def _number(value: int) -> bytes:
    """Return a variable-length number of one or two bytes."""
    return bytes((0x80 | value >> 7, value & 0x7F)) if value > 127 else bytes((value,))
