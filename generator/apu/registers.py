"""A score as writes to the registers of the sound chip (2A03, NTSC), frame by frame.

There is one list of writes for each of the score's frames, 60 a second. The console has 60.0988 frames a second and so
plays a tune 0.16 % faster: 12 frames in two minutes. File formats are left to `nsf` and `exporting.vgm`, repeated notes
to `retrigger`.

Facts: NESdev wiki, "APU", "APU Pulse", "APU Triangle", "APU Noise", "APU Frame Counter".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.apu.retrigger import separate_repeats
from generator.apu.tuning import period_register
from models.music.score import CHANNEL_NAMES, NO, TR, Change, Note, Score

Write = tuple[int, int]
"""(register, value). The register counts from $4000: 0x00 to 0x17."""

PULSE_CONTROL, PULSE_SWEEP, PULSE_LOW, PULSE_HIGH = 0x00, 0x01, 0x02, 0x03
"""Registers of pulse 1. Those of pulse 2 are `PULSE_2` higher."""
PULSE_2 = 0x04
TRIANGLE_LINEAR, TRIANGLE_LOW, TRIANGLE_HIGH = 0x08, 0x0A, 0x0B
NOISE_CONTROL, NOISE_PERIOD, NOISE_LENGTH = 0x0C, 0x0E, 0x0F
STATUS, FRAME_COUNTER = 0x15, 0x17

CONSTANT = 0x30
"""In a control register: the length counter is halted, and the volume is ours instead of the chip's envelope."""
SWEEP_OFF = 0x08
"""Sweep off, but with negate: without it the sweep unit mutes pulse notes below 110 Hz even when it is off."""
LENGTH = 0xF8
"""In a high register: the longest length counter. It is halted, but a channel stays silent until it has been loaded."""
LINEAR_ON, LINEAR_OFF = 0xFF, 0x80
"""The triangle's linear counter at 127 or at 0. At 0 the waveform stops where it is, so there is no step and no
click."""
FIVE_STEPS = 0xC0
"""For the frame counter: no interrupts, and the linear counter is clocked at once instead of within 1/240 s."""


@dataclass(frozen=True, slots=True)
class RegisterStream:
    """The register writes of a score.

    frames: the writes of each frame, in order. end: the writes of the frame after the last. loop: the frame to return
    to. If there is one, `end` is empty, and `back` restores the state that the chip had when that frame was first
    played.
    """

    frames: tuple[tuple[Write, ...], ...]
    end: tuple[Write, ...]
    loop: int | None = None
    back: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class _ChannelState:
    """A channel in one frame: its registers with their values, and whether a note starts that resets the phase."""

    registers: tuple[Write, ...]
    retriggered: bool = False


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
"""What every stream starts with: all channels on, loaded and silent."""

PHASE_RESET = {PULSE_HIGH, PULSE_2 + PULSE_HIGH}
"""A write to these registers resets the waveform's phase, which is audible. They are only written if their value
changes or a note is retriggered."""


def register_stream(score: Score) -> RegisterStream:
    """Return the register writes of a score."""
    score = separate_repeats(score)
    states = [list(_channel_states(channel, score)) for channel in range(len(CHANNEL_NAMES))]
    registers = dict(OPENING)
    frames: list[tuple[Write, ...]] = []
    before_loop: dict[int, int] = {}
    for frame in range(score.frames + 1):
        if frame == score.loop:
            before_loop = dict(registers)
        if frame == score.frames and score.loop is not None:
            break
        writes = [write for channel in states for write in _changed_registers(channel[frame], registers)]
        registers.update(writes)
        frames.append((*(OPENING if frame == 0 else ()), *_with_triangle_clock(writes)))
    if score.loop is None:
        return RegisterStream(tuple(frames[:-1]), frames[-1])
    rewritten = {register for register, _ in frames[score.loop]}
    back = [(r, value) for r, value in before_loop.items() if registers[r] != value and r not in rewritten]
    return RegisterStream(tuple(frames), (), score.loop, tuple(_with_triangle_clock(back)))


def frame_values(changes: tuple[Change, ...], length: int) -> list[int]:
    """Return the volume or duty in each frame of a note."""
    changed = dict(changes)
    values, value = [], changes[0][1]
    for frame in range(length):
        value = changed.get(frame, value)
        values.append(value)
    return values


def _changed_registers(state: _ChannelState, registers: dict[int, int]) -> list[Write]:
    """Return the writes that bring a channel from the chip's current registers into a state."""
    return [
        (register, value)
        for register, value in state.registers
        if registers[register] != value or (state.retriggered and register in PHASE_RESET)
    ]


def _with_triangle_clock(writes: list[Write]) -> list[Write]:
    """Add a write that clocks the triangle's linear counter, if the counter was set."""
    return [*writes, (FRAME_COUNTER, FIVE_STEPS)] if any(r == TRIANGLE_LINEAR for r, _ in writes) else writes


def _channel_states(channel: int, score: Score) -> Iterator[_ChannelState]:
    """Yield a channel's state in each frame of the score, and silence for the frame after it.

    A pulse is retriggered if a note follows a rest or repeats its pitch. If only the pitch changes it is not, so that
    arpeggios do not crackle.
    """
    at, duty = 0, 0
    before: Note | None = None
    for note in score.channels[channel]:
        for _ in range(at, note.start):
            yield _ChannelState(_silence(channel, duty))
        retriggered = before is None or before.end < note.start or before.pitch == note.pitch
        volumes, duties = frame_values(note.volume, note.length), frame_values(note.duty, note.length)
        for i, (volume, duty) in enumerate(zip(volumes, duties, strict=True)):
            yield _ChannelState(_playing(channel, note.pitch, volume, duty), retriggered and i == 0)
        at, before = note.end, note
    for _ in range(at, score.frames + 1):
        yield _ChannelState(_silence(channel, duty))


def _playing(channel: int, pitch: int, volume: int, duty: int) -> tuple[Write, ...]:
    """Return the register values of a channel that plays."""
    if channel == NO:
        return (NOISE_CONTROL, CONSTANT | volume), (NOISE_PERIOD, duty << 7 | 16 - pitch)
    low, high = period_register(channel, pitch) & 0xFF, LENGTH | period_register(channel, pitch) >> 8
    if channel == TR:
        return (TRIANGLE_LOW, low), (TRIANGLE_HIGH, high), (TRIANGLE_LINEAR, LINEAR_ON)
    first = channel * PULSE_2
    control = duty << 6 | CONSTANT | volume
    return (first + PULSE_CONTROL, control), (first + PULSE_LOW, low), (first + PULSE_HIGH, high)


def _silence(channel: int, duty: int) -> tuple[Write, ...]:
    """Return the register value that silences a channel and keeps its duty."""
    if channel == TR:
        return ((TRIANGLE_LINEAR, LINEAR_OFF),)
    if channel == NO:
        return ((NOISE_CONTROL, CONSTANT),)
    return ((channel * PULSE_2 + PULSE_CONTROL, duty << 6 | CONSTANT),)
