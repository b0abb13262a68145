"""An NSF's own program run by another's 6502 (py65), and its writes to the sound chip read as notes.

Nothing here knows how the file was made: it is the header, the banks and the chip's registers as the console has them.
Facts: NESdev wiki, "NSF", "APU". Sound is left to libgme; what the writes alone cannot tell is said in `read_notes`.
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
"""A write here shows a bank at $8000, $9000 and so on to $F000."""
CHIP = range(0x4000, 0x4018)
HEADER = 0x80
BACK = 0xFFF0
"""Where a routine of the file returns to: it is then done."""
MOST_STEPS = 10_000
"""Instructions of one call; a program that makes more hangs."""

Written = tuple[int, int, int]
"""(frame, register from 0 for $4000, value)."""


class ProgramHangs(RuntimeError):
    """A routine of the file did not return."""


def run(nsf: bytes, frames: int) -> list[Written]:
    """All writes to the sound chip in the first so many frames, in order. Raises ProgramHangs."""
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
    """Let a routine run until it returns."""
    cpu.stPushWord(BACK - 1)
    cpu.pc = address
    for _ in range(MOST_STEPS):
        if cpu.pc == BACK:
            return
        cpu.step()
    raise ProgramHangs(f"the routine at ${address:04X} does not return")


def read_notes(writes: list[Written], channel: int) -> list[Heard]:
    """The notes of a channel: where it sounds after silence or at another pitch, a pulse's phase is begun anew, or the
    noise is louder than before.

    The writes tell nothing of a strike on the triangle or the noise that leaves pitch and volume as they are.
    """
    values = dict.fromkeys(range(len(CHIP)), 0)
    first = 4 * channel
    found: list[Heard] = []
    pitch, volume = 0, 0
    for frame, made in groupby(writes, key=itemgetter(0)):
        written = [(register, value) for _, register, value in made]
        values.update(written)
        struck = channel < TR and first + 3 in dict(written)
        now, loud = _sounding([values[first + i] for i in range(4)], channel)
        louder = channel == NO and loud > volume
        if loud and (not volume or struck or louder or now != pitch):
            found.append(Heard(frame, now))
        pitch, volume = now, loud
    return found


def _sounding(registers: list[int], channel: int) -> tuple[int, int]:
    """Pitch and volume that the four registers of a channel set; the triangle is on, 15, or off, 0."""
    control, _, low, high = registers
    if channel == NO:
        return 16 - (low & 0x0F), control & 0x0F
    cycles = (32 if channel == TR else 16) * ((high & 7) << 8 | low) + (32 if channel == TR else 16)
    pitch = round(69 + 12 * np.log2(CPU_CLOCK / cycles / 440))
    return pitch, (15 if control & 0x7F else 0) if channel == TR else control & 0x0F
