"""Runs the program in an NSF file on a 6502 emulator (py65) and reads its writes to the sound chip as notes.

Nothing here knows how the file was made: only the header, the banks and the chip's registers as the console has them.
Sources: NESdev wiki, "NSF", "APU". Sound is left to libgme. `read_notes` says what the writes alone cannot show.
"""

from __future__ import annotations

import struct
from itertools import groupby
from operator import itemgetter

import numpy as np
from py65.devices.mpu6502 import MPU
from py65.memory import ObservableMemory

from benchmarks.sound.pitch_onsets import Heard
from generator.apu.tuning import CPU_CLOCK
from models.music.score import NO, TR

BANK = 0x1000
WINDOWS = range(0x5FF8, 0x6000)
"""A write here maps a bank to $8000, $9000 and so on to $F000."""
CHIP = range(0x4000, 0x4018)
HEADER = 0x80
BACK = 0xFFF0
"""The address to which a routine of the file returns when it is done."""
MOST_STEPS = 10_000
"""Most instructions of one call. A program that needs more hangs."""

Written = tuple[int, int, int]
"""(frame, register from 0 for $4000, value)."""


class ProgramHangs(RuntimeError):
    """A routine of the file did not return."""


def run(nsf: bytes, frames: int) -> list[Written]:
    """Return all writes to the sound chip in the first `frames` frames, in order. Raise ProgramHangs."""
    load, init, play = struct.unpack_from("<HHH", nsf, 8)
    banks, data = nsf[0x70:0x78], bytes(load % BANK) + nsf[HEADER:]
    memory = ObservableMemory()
    writes: list[Written] = []
    frame = 0

    def show(address: int, bank: int) -> None:
        at = 0x8000 + (address - WINDOWS.start) * BANK
        memory[at : at + BANK] = data[bank * BANK : (bank + 1) * BANK].ljust(BANK, b"\0")

    memory.subscribe_to_write(WINDOWS, show)
    memory.subscribe_to_write(CHIP, lambda address, value: writes.append((frame, address - CHIP.start, value)))
    for window, bank in zip(WINDOWS, banks, strict=True):
        show(window, bank)
    cpu = MPU(memory)
    _call(cpu, init)
    for now in range(frames):
        frame = now
        _call(cpu, play)
    return writes


def _call(cpu: MPU, address: int) -> None:
    """Run a routine until it returns."""
    cpu.stPushWord(BACK - 1)
    cpu.pc = address
    for _ in range(MOST_STEPS):
        if cpu.pc == BACK:
            return
        cpu.step()
    raise ProgramHangs(f"the routine at ${address:04X} does not return")


def read_notes(writes: list[Written], channel: int) -> list[Heard]:
    """Return the notes of a channel.

    A note begins after silence, with another pitch, when the phase of a pulse restarts, or when the noise gets louder.
    The writes cannot show a note of the triangle or the noise that repeats the pitch and volume before it.
    """
    values = dict.fromkeys(range(len(CHIP)), 0)
    first = 4 * channel
    notes: list[Heard] = []
    pitch, volume = 0, 0
    for frame, group in groupby(writes, key=itemgetter(0)):
        written = [(register, value) for _, register, value in group]
        values.update(written)
        struck = channel < TR and first + 3 in dict(written)
        now, loud = _sounding([values[first + i] for i in range(4)], channel)
        louder = channel == NO and loud > volume
        if loud and (not volume or struck or louder or now != pitch):
            notes.append(Heard(frame, now))
        pitch, volume = now, loud
    return notes


def _sounding(registers: list[int], channel: int) -> tuple[int, int]:
    """Return the pitch and volume that the four registers of a channel set. The triangle is on (15) or off (0)."""
    control, _, low, high = registers
    if channel == NO:
        return 16 - (low & 0x0F), control & 0x0F
    cycles = (32 if channel == TR else 16) * ((high & 7) << 8 | low) + (32 if channel == TR else 16)
    pitch = round(69 + 12 * np.log2(CPU_CLOCK / cycles / 440))
    return pitch, (15 if control & 0x7F else 0) if channel == TR else control & 0x0F
