"""Scores as MIDI files with four named tracks, read and written in two formats (`models.music.midi_formats`).

Other MIDI files are not read here: `generator.importing` turns them into scores.
"""

from models.music.midi_formats import (
    CC_BANK,
    CC_DUTY,
    CC_VOLUME,
    NESMDB_TICKS_A_BEAT,
    NOISE_KEYS,
    NOISE_KIT,
    NOISE_PERIODS,
    PULSE_BANK,
    PULSE_PROGRAMS,
    TRIANGLE_PROGRAM,
    MidiFormatError,
    from_control,
    to_control,
)
from models.music.midi_reading import from_midi, is_score, read_score
from models.music.midi_writing import midi_bytes, to_midi, to_nesmdb

__all__ = [
    "CC_BANK",
    "CC_DUTY",
    "CC_VOLUME",
    "NESMDB_TICKS_A_BEAT",
    "NOISE_KEYS",
    "NOISE_KIT",
    "NOISE_PERIODS",
    "PULSE_BANK",
    "PULSE_PROGRAMS",
    "TRIANGLE_PROGRAM",
    "MidiFormatError",
    "from_control",
    "from_midi",
    "is_score",
    "midi_bytes",
    "read_score",
    "to_control",
    "to_midi",
    "to_nesmdb",
]
