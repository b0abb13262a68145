"""The colours of piano rolls and oscilloscopes."""

from __future__ import annotations

from generator.protocol.canvas import BLUE, GRID, ORANGE, Colour

CHANNEL_COLOURS: tuple[Colour, ...] = (ORANGE, BLUE, (30, 205, 150), (214, 160, 205))
"""Pulse 1, pulse 2, triangle, noise."""
WHITE_KEYS: Colour = (28, 30, 48)
BLACK_KEYS: Colour = (22, 24, 39)
BEAT_LINE: Colour = (41, 44, 68)
OCTAVE_LINE: Colour = GRID
BAR_LINE: Colour = (78, 83, 122)
LOOP: Colour = (240, 228, 66)
