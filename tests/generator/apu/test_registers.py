"""Register writes: what the chip is told, frame by frame, and what it would do with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.apu.registers import OPENING, PHASE_RESET, RegisterStream, register_stream
from generator.apu.tuning import CPU_CLOCK, frequency, period_register
from models.music.score import CHANNELS, NO, P1, TR, Note, Score
from tests.music import random_score, scale


def one(channel: int, *notes: Note, frames: int = 60) -> Score:
    return Score(tuple(notes if i == channel else () for i in range(4)), frames)


def registers(made: RegisterStream, until: int) -> dict[int, int]:
    """The values of all registers after some frames."""
    return {register: value for frame in made.frames[:until] for register, value in frame}


def test_every_pitch_has_the_nearest_period() -> None:
    for channel, divider in ((P1, 16), (TR, 32)):
        for key in range(CHANNELS[channel].lowest, CHANNELS[channel].highest + 1):
            found = period_register(channel, key)
            assert 8 <= found <= 0x7FF
            away = [abs(CPU_CLOCK / divider / frequency(key) - 1 - other) for other in (found - 1, found, found + 1)]
            assert away[1] == min(away)
    assert (period_register(P1, 69), period_register(TR, 57)) == (253, 253)


def test_the_first_frame_switches_channels_on_and_the_sweep_off() -> None:
    made = register_stream(one(P1, Note(0, 10, 69)))
    assert made.frames[0][: len(OPENING)] == OPENING
    assert {(0x01, 0x08), (0x05, 0x08), (0x15, 0x0F)} <= set(made.frames[0])


def test_a_pulse_sets_volume_and_duty_and_resets_its_phase_once() -> None:
    made = register_stream(one(P1, Note(5, 20, 69, ((0, 12), (3, 7)), ((0, 2), (4, 1)))))
    assert made.frames[5] == ((0x00, 0xBC), (0x02, 253), (0x03, 0xF8))
    assert made.frames[8] == ((0x00, 0xB7),)
    assert made.frames[9] == ((0x00, 0x77),)
    assert made.frames[20] == ((0x00, 0x70),)
    assert sum(len(frame) for frame in made.frames[21:]) == 0


def test_an_arpeggio_does_not_reset_the_phase() -> None:
    notes = tuple(Note(i, i + 1, (69, 71)[i % 2]) for i in range(20))
    made = register_stream(one(P1, *notes))
    assert [frame for frame in range(1, 20) if any(r in PHASE_RESET for r, _ in made.frames[frame])] == []
    repeated = register_stream(one(P1, Note(0, 5, 69, ((0, 3),)), Note(5, 9, 69, ((0, 9),))))
    assert (0x03, 0xF8) in repeated.frames[5]


def test_the_triangle_stops_by_its_counter_and_at_once() -> None:
    made = register_stream(one(TR, Note(3, 9, 57)))
    assert made.frames[3] == ((0x0A, 253), (0x08, 0xFF), (0x17, 0xC0))
    assert made.frames[9] == ((0x08, 0x80), (0x17, 0xC0))


def test_noise_has_period_and_mode() -> None:
    made = register_stream(one(NO, Note(2, 4, 16, ((0, 9),), ((0, 1),)), Note(4, 8, 1, ((0, 9),))))
    assert made.frames[2] == ((0x0C, 0x39), (0x0E, 0x80))
    assert made.frames[4] == ((0x0E, 0x0F),)
    assert made.frames[8] == ((0x0C, 0x30),)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_written_twice_and_all_is_silent_at_the_end(seed: int) -> None:
    made = register_stream(replace(random_score(seed), loop=None))
    values = dict(OPENING)
    for frame in (*made.frames[1:], made.end):
        for register, value in frame:
            assert 0 <= value <= 0xFF
            assert register in PHASE_RESET or register == 0x17 or values[register] != value
            values[register] = value
    final = {**registers(made, len(made.frames)), **dict(made.end)}
    assert [final[r] & 0x0F for r in (0x00, 0x04, 0x0C)] == [0, 0, 0]
    assert final[0x08] == 0x80


@pytest.mark.parametrize("loop", [0, 1, 40, 95, 239])
def test_a_loop_restores_the_chips_state(loop: int) -> None:
    made = register_stream(replace(scale(), loop=loop))
    assert made.loop == loop
    first = registers(made, loop + 1)
    again = {**registers(made, len(made.frames)), **dict(made.back), **dict(made.frames[loop])}
    assert again == first
