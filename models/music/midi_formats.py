"""What the two MIDI formats of a score have in common: tracks, programs, controllers, drum keys and units of volume.

The tune format, which we post: the tune's real tempo and meter, whole ticks a frame, General MIDI programs, noise on
channel 10. The NES-MDB format: 44,100 ticks a second, CC 11 and velocity as raw volumes 0-15, noise as notes 1-16.
"""

from __future__ import annotations

import math

from models.errors import MusicError
from models.music.score import FRAMES_PER_SECOND

NESMDB_TICKS_A_BEAT = 22_050
NESMDB_TICKS_A_FRAME = 44_100 // FRAMES_PER_SECOND
TICKS_A_FRAME = 16
"""Of the tune format, or the nearest number that gives a beat whole ticks. A beat of n/16 frames is then n ticks."""

CC_BANK, CC_VOLUME, CC_DUTY = 0, 11, 12
PULSE_PROGRAMS = (82, 81, 80, 83)
"""General MIDI programs for the pulse duties 12.5, 25, 50 and 75 %. Our soundfont plays the same pulses on them."""
PULSE_BANK = 1
"""The soundfont's bank in which each of these programs follows CC 12. Other players fall back on bank 0."""
TRIANGLE_PROGRAM = 38
NOISE_KIT = 25
"""The soundfont's drum kit that plays the noise channel unchanged. Other players fall back on their standard kit."""
NESMDB_PROGRAMS = (80, 81, 38, 121)
NOISE_KEYS = dict(zip(range(1, 17), (35, 36, 41, 43, 45, 47, 48, 50, 38, 40, 39, 37, 49, 46, 42, 44), strict=True))
"""Noise period (1 low to 16 high) to General MIDI drum key: from the bass drum over toms and snares to hi-hats."""
NOISE_PERIODS = {key: period for period, key in NOISE_KEYS.items()}
MIDI_CHANNELS = (0, 1, 2, 9)


class MidiFormatError(MusicError):
    """A MIDI file in neither of the two formats."""


def to_control(volume: int, full: int) -> int:
    """Return a volume 0-15 as a velocity or CC 11 relative to `full`. SF2 players square the value (SF 2.01, 8.4)."""
    return round(127 * math.sqrt(volume / full)) if full else 0


def from_control(value: int, full: int) -> int:
    """Return the volume of a velocity or CC 11: the inverse of `to_control`."""
    return round(full * (value / 127) ** 2)
