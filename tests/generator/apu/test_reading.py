"""Notes read back from what is exported, by ear and from the program's writes: short, fast, struck again, or wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.sound.nsf_accuracy import Counts, compare, compare_writes
from benchmarks.sound.nsf_player import ProgramHangs, run
from generator.apu.nsf import SCORE_TICK, to_nsf
from models.music.score import NO, P1, P2, TR, Note, Score

Way = Callable[..., Counts]
both_ways = pytest.mark.parametrize("way", [compare, compare_writes])
PITCHED = (P1, P2, TR)


def on(channels: tuple[int, ...], *notes: Note, frames: int = 120) -> Score:
    """The same notes on these channels."""
    return Score(tuple(notes if channel in channels else () for channel in range(4)), frames)


def total(counts: Counts, what: str) -> int:
    return sum(count[what] for count in counts.values())


def nsf(code: bytes) -> bytes:
    """A file without banks whose `init` returns at once, and whose `play` is this code."""
    header = struct.pack("<5sBBBHHH", b"NESM\x1a", 1, 1, 1, 0x8000, 0x8000, 0x8001)
    banks = bytes(range(8))
    return header.ljust(0x70, b"\0") + banks + bytes(8) + b"\x60" + code


@both_ways
def test_notes_of_one_frame_are_read(way: Way) -> None:
    counts = way(on(PITCHED, *(Note(4 * i, 4 * i + 1, 50 + 3 * i % 40) for i in range(30))))
    assert total(counts, "heard") == total(counts, "notes") == 90
    assert total(counts, "besides") == 0


@both_ways
@pytest.mark.parametrize("chord", [(60, 64, 67), (72, 73), (45, 57, 52, 49), (96, 103)])
def test_arpeggios_of_a_note_a_frame_are_read(way: Way, chord: tuple[int, ...]) -> None:
    counts = way(on(PITCHED, *(Note(i, i + 1, chord[i % len(chord)]) for i in range(60))))
    assert total(counts, "heard") == total(counts, "notes") == 180


@both_ways
@pytest.mark.parametrize("channel", range(4))
def test_retriggered_notes_are_read(way: Way, channel: int) -> None:
    pitch = 9 if channel == NO else 60
    lengths = (5, 1, 4, 2, 2, 1, 6)
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    notes = (Note(at, at + n, pitch) for at, n in zip(starts, lengths, strict=True))
    counts = way(on((channel,), *notes))
    assert total(counts, "heard") == total(counts, "notes") == 7
    assert total(counts, "besides") == 0


@both_ways
@pytest.mark.parametrize("channel", [TR, NO])
def test_hidden_repeats_are_not_counted_as_missed(way: Way, channel: int) -> None:
    pitch = 9 if channel == NO else 60
    counts = way(on((channel,), Note(8, 9, pitch), Note(9, 10, pitch), Note(10, 20, pitch + 4)))
    assert [total(counts, what) for what in ("heard", "joined", "missed")] == [2, 1, 0]


@both_ways
def test_louder_repeats_are_read(way: Way) -> None:
    louder = on((P1, P2), *(Note(7 * i, 7 * i + 7, 60 + i // 9, ((0, 12), (3, 5))) for i in range(17)))
    assert total(way(louder), "heard") == 34


@both_ways
@pytest.mark.parametrize("mode", [0, 1])
def test_noise_is_read_at_all_periods(way: Way, mode: int) -> None:
    counts = way(on((NO,), *(Note(6 * i, 6 * i + 4, 16 - i, duty=((0, mode),)) for i in range(16))))
    assert total(counts, "heard") == 16


@both_ways
@pytest.mark.parametrize(("frames", "steps"), [(2, 0), (0, 1)])
def test_late_or_detuned_notes_are_missed(way: Way, frames: int, steps: int) -> None:
    score = on((*PITCHED,), *(Note(8 * i, 8 * i + 5, 55 + i) for i in range(10)))
    moved = replace(
        score,
        channels=tuple(
            tuple(replace(n, start=n.start + frames, end=n.end + frames, pitch=n.pitch + steps) for n in notes)
            for notes in score.channels
        ),
    )
    counts = way(score, to_nsf(moved, SCORE_TICK))
    assert (total(counts, "heard"), total(counts, "missed"), total(counts, "besides")) == (0, 30, 30)


def test_writes_are_logged_by_frame() -> None:
    program = bytes.fromhex("A9 3F 8D 00 40 EE 00 02 AD 00 02 8D 02 40 60")  # lda #$3F, sta $4000, inc, sta $4002, rts
    assert run(nsf(program), 2) == [(0, 0, 0x3F), (0, 2, 1), (1, 0, 0x3F), (1, 2, 2)]


def test_a_program_that_hangs_is_reported() -> None:
    with pytest.raises(ProgramHangs, match=r"\$8001"):
        run(nsf(bytes.fromhex("4C 01 80")), 1)
