"""What General MIDI's programs, banks and drum keys say about an instrument: drums, bass, or anything else.

Nothing is decided here for a whole part: see `generator.importing.drum_parts`.
"""

from __future__ import annotations

DRUM_CHANNEL = 9
"""General MIDI's, counted from 0."""
DRUM_BANKS = frozenset({120, 126, 127})
"""Values of CC 0 that select drums on any channel: General MIDI 2's, and XG's two."""
MELODY_BANK = 121
"""The value of CC 0 that selects a melodic instrument, also on channel 10 (General MIDI 2)."""
UNPITCHED = {
    115: 76, 116: 41, 117: 45, 118: 38, 119: 49, 120: 37, 121: 44, 122: 55, 125: 41, 126: 55, 127: 38,
}  # fmt: skip
"""Programs of pitched channels that sound like drums or noise, and the drum keys that replace them."""
DRUM_KITS = frozenset({0, 8, 16, 24, 25, 26, 32, 40, 48, 56})
"""The programs of the drum kits of GS, XG and General MIDI 2. Program 0 is also what is played if none is set."""
DRUM_KEYS = range(27, 88)
"""The drum keys of GS and XG."""
KICKS, SNARES, CYMBALS = frozenset({35, 36}), frozenset({38, 40}), frozenset({42, 44, 46, 49, 51, 57, 59})
BASSES = range(32, 40)


def role_of(program: int) -> str:
    """Return what a program is for: `noise`, `bass` or `pitched`. A part is split where this changes."""
    return "noise" if program in UNPITCHED else "bass" if program in BASSES else "pitched"
