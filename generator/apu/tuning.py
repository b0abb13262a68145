"""The pitches of the NES sound chip (2A03, NTSC): the CPU clock and the period registers derived from it.

Facts: NESdev wiki, "APU Pulse" and "APU Triangle".
"""

from __future__ import annotations

from models.music.score import TR

CPU_CLOCK = 1_789_773
"""CPU cycles a second of the NTSC console."""
LAST_PERIOD = 0x7FF
PULSE_DIVIDER, TRIANGLE_DIVIDER = 16, 32
"""CPU cycles of one whole waveform, for each count of the period register."""


def frequency(key: float) -> float:
    """Return the frequency of a MIDI note in Hz, in equal temperament with A4 = 440 Hz."""
    return float(440.0 * 2 ** ((key - 69) / 12))


def period_register(channel: int, pitch: int) -> int:
    """Return the value of a pulse's or the triangle's period register that comes nearest to a MIDI note.

    The frequency is CPU clock / (divider · (period + 1)). The lowest notes of a score's channels give 2033, the highest
    25 (pulse) and 12 (triangle). A pulse is muted below 8.
    """
    divider = TRIANGLE_DIVIDER if channel == TR else PULSE_DIVIDER
    return min(LAST_PERIOD, round(CPU_CLOCK / (divider * frequency(pitch))) - 1)
