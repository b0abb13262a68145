"""A score as what a program on the console would write to the sound chip (2A03, NTSC), frame by frame.

One list of writes for each frame of the score, 60 a second; the console's own frames come 60.0988 times a second, so
that it plays a tune 0.16 % faster, 12 frames in two minutes. How the writes are kept in a file and who plays them is
left to `nsf` and `vgm`; `strikes` knows how notes on one pitch are told apart. Facts: NESdev wiki, "APU", "APU Pulse",
"APU Triangle", "APU Noise", "APU Frame Counter".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.apu.retrigger import parted
from generator.apu.tuning import period
from models.music.score import CHANNEL_NAMES, NO, TR, Change, Note, Score

Write = tuple[int, int]
"""(register, value): the register counted from $4000, 0x00 to 0x17."""

PULSE_CONTROL, PULSE_SWEEP, PULSE_LOW, PULSE_HIGH = 0x00, 0x01, 0x02, 0x03
"""Registers of pulse 1; those of pulse 2 lie `PULSE_2` higher."""
PULSE_2 = 0x04
TRIANGLE_LINEAR, TRIANGLE_LOW, TRIANGLE_HIGH = 0x08, 0x0A, 0x0B
NOISE_CONTROL, NOISE_PERIOD, NOISE_LENGTH = 0x0C, 0x0E, 0x0F
STATUS, FRAME_COUNTER = 0x15, 0x17

CONSTANT = 0x30
"""Of a control register: the length counter halted, and a volume of our own instead of the chip's envelope."""
SWEEP_OFF = 0x08
"""Off, with negate: without it the sweep unit mutes pulse notes below 110 Hz though it does nothing."""
LENGTH = 0xF8
"""Of a high register: the longest length counter. It is halted, but a channel is silent where it was never loaded."""
LINEAR_ON, LINEAR_OFF = 0xFF, 0x80
"""The triangle's linear counter held at 127 or at 0. At 0 the waveform stops where it is: no step, no click."""
FIVE_STEPS = 0xC0
"""To the frame counter: it never interrupts, and clocks the linear counter at once instead of within 1/240 s."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Writes for each frame of a score, in the order in which they are made, and `end` for the frame after the last.

    loop: the frame that playing returns to; then `end` is empty, and `back` brings the chip into the state in which
    the writes of that frame expect it.
    """

    frames: tuple[tuple[Write, ...], ...]
    end: tuple[Write, ...]
    loop: int | None = None
    back: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    """What a channel does in one frame: its registers with their values, and whether a note is struck on it."""

    registers: tuple[Write, ...]
    struck: bool = False


OPENING: tuple[Write, ...] = (
    (STATUS, 0x0F),
    (FRAME_COUNTER, FIVE_STEPS),
    (PULSE_CONTROL, CONSTANT),
    (PULSE_SWEEP, SWEEP_OFF),
    (PULSE_LOW, 0),
    (PULSE_HIGH, LENGTH),
    (PULSE_2 + PULSE_CONTROL, CONSTANT),
    (PULSE_2 + PULSE_SWEEP, SWEEP_OFF),
    (PULSE_2 + PULSE_LOW, 0),
    (PULSE_2 + PULSE_HIGH, LENGTH),
    (TRIANGLE_LINEAR, LINEAR_OFF),
    (TRIANGLE_LOW, 0),
    (TRIANGLE_HIGH, LENGTH),
    (NOISE_CONTROL, CONSTANT),
    (NOISE_PERIOD, 0),
    (NOISE_LENGTH, LENGTH),
)
"""All channels on, loaded and silent: what every stream begins with."""

RESTART = {PULSE_HIGH, PULSE_2 + PULSE_HIGH}
"""A write here begins the waveform anew, which is heard: it is made for its value or to strike a note, no more."""


def stream(score: Score) -> Stream:
    """The register writes of a score."""
    score = parted(score)
    lines = [list(_states(channel, score)) for channel in range(len(CHANNEL_NAMES))]
    now = dict(OPENING)
    frames: list[tuple[Write, ...]] = []
    before_loop: dict[int, int] = {}
    for frame in range(score.frames + 1):
        if frame == score.loop:
            before_loop = dict(now)
        if frame == score.frames and score.loop is not None:
            break
        writes = [write for line in lines for write in _changed(line[frame], now)]
        now.update(writes)
        frames.append((*(OPENING if frame == 0 else ()), *_clocked(writes)))
    if score.loop is None:
        return Stream(tuple(frames[:-1]), frames[-1])
    again = {register for register, _ in frames[score.loop]}
    back = [(r, value) for r, value in before_loop.items() if now[r] != value and r not in again]
    return Stream(tuple(frames), (), score.loop, tuple(_clocked(back)))


def by_frame(changes: tuple[Change, ...], length: int) -> list[int]:
    """Volume or duty for each frame of a note."""
    values = dict(changes)
    found, value = [], changes[0][1]
    for frame in range(length):
        value = values.get(frame, value)
        found.append(value)
    return found


def _changed(state: _State, now: dict[int, int]) -> list[Write]:
    """The writes that bring a channel from the chip's present state into this one."""
    return [
        (register, value)
        for register, value in state.registers
        if now[register] != value or (state.struck and register in RESTART)
    ]


def _clocked(writes: list[Write]) -> list[Write]:
    """The writes, with a clock for the triangle's counter where it was set."""
    return [*writes, (FRAME_COUNTER, FIVE_STEPS)] if any(r == TRIANGLE_LINEAR for r, _ in writes) else writes


def _states(channel: int, score: Score) -> Iterator[_State]:
    """The channel's state in each frame of the score, and silence in the frame after it.

    A pulse is struck, which restarts its waveform, where a note follows a rest or repeats its pitch; to another pitch
    it goes on, so that arpeggios do not crackle.
    """
    at, duty = 0, 0
    before: Note | None = None
    for note in score.channels[channel]:
        for _ in range(at, note.start):
            yield _State(_rest(channel, duty))
        struck = before is None or before.end < note.start or before.pitch == note.pitch
        volumes, duties = by_frame(note.volume, note.length), by_frame(note.duty, note.length)
        for i, (volume, duty) in enumerate(zip(volumes, duties, strict=True)):
            yield _State(_sounding(channel, note.pitch, volume, duty), struck and i == 0)
        at, before = note.end, note
    for _ in range(at, score.frames + 1):
        yield _State(_rest(channel, duty))


def _sounding(channel: int, pitch: int, volume: int, duty: int) -> tuple[Write, ...]:
    """The registers of a channel that plays."""
    if channel == NO:
        return (NOISE_CONTROL, CONSTANT | volume), (NOISE_PERIOD, duty << 7 | 16 - pitch)
    low, high = period(channel, pitch) & 0xFF, LENGTH | period(channel, pitch) >> 8
    if channel == TR:
        return (TRIANGLE_LOW, low), (TRIANGLE_HIGH, high), (TRIANGLE_LINEAR, LINEAR_ON)
    first = channel * PULSE_2
    control = duty << 6 | CONSTANT | volume
    return (first + PULSE_CONTROL, control), (first + PULSE_LOW, low), (first + PULSE_HIGH, high)


def _rest(channel: int, duty: int) -> tuple[Write, ...]:
    """The register that silences a channel, its duty kept."""
    if channel == TR:
        return ((TRIANGLE_LINEAR, LINEAR_OFF),)
    if channel == NO:
        return ((NOISE_CONTROL, CONSTANT),)
    return ((channel * PULSE_2 + PULSE_CONTROL, duty << 6 | CONSTANT),)
