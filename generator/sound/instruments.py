"""What the soundfont plays for each General MIDI program and drum key: waveforms of the 2A03 with envelopes.

These are data tables. `generator.sound.zones` turns them into zones of the soundfont, `generator.sound.waveforms` makes
the waveforms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.music.midi import NOISE_KIT


@dataclass(frozen=True, slots=True)
class Shape:
    """A volume envelope. attack, decay, release: seconds over the whole range of 100 dB. sustain: dB below the peak."""

    attack: float = 0.001
    decay: float = 0.001
    sustain: float = 0.0
    release: float = 0.010


HELD = Shape()
SWELL = Shape(attack=0.08, release=0.15)
ACCENT = Shape(decay=1.2, sustain=8)
PIANO = Shape(decay=7, sustain=100, release=0.25)
PLUCK = Shape(decay=4, sustain=100, release=0.15)
MUTED = Shape(decay=0.8, sustain=100, release=0.1)
BELL = Shape(decay=6, sustain=100, release=3)
HIT = Shape(decay=1.2, sustain=100, release=1.2)
RISING = Shape(attack=1.5, release=0.2)

P12, P25, P50, P75, TRIANGLE = "pulse 12.5%", "pulse 25%", "pulse 50%", "pulse 75%", "triangle"
NOISE, METAL = "noise long", "noise short"

PROGRAMS: tuple[tuple[int, str, Shape], ...] = (
    (0, P25, PIANO),  # acoustic pianos
    (4, P50, PIANO),  # electric pianos
    (6, P12, PLUCK),  # harpsichord, clavinet
    (8, P50, BELL),  # celesta, glockenspiel, music box, vibraphone
    (12, TRIANGLE, HIT),  # marimba
    (13, P50, MUTED),  # xylophone
    (14, P50, BELL),  # tubular bells
    (15, P25, PLUCK),  # dulcimer
    (16, P50, HELD),  # organs
    (20, P25, HELD),  # reed organ, accordion, harmonica, bandoneon
    (24, P50, PLUCK),  # nylon guitar
    (25, P25, PLUCK),  # steel and jazz guitar
    (27, P12, PLUCK),  # clean guitar
    (28, P25, MUTED),  # muted guitar
    (29, P25, HELD),  # overdriven, distorted guitar
    (31, P12, PLUCK),  # guitar harmonics
    (32, TRIANGLE, HELD),  # basses
    (36, P25, PLUCK),  # slap basses
    (38, TRIANGLE, HELD),  # synth bass 1: the triangle channel of our own files
    (39, P50, HELD),  # synth bass 2
    (40, P25, HELD),  # violin, viola, cello, contrabass
    (44, P25, SWELL),  # tremolo strings
    (45, P25, MUTED),  # pizzicato
    (46, P50, PLUCK),  # harp
    (47, TRIANGLE, HIT),  # timpani
    (48, P25, SWELL),  # string ensembles
    (50, P50, SWELL),  # synth strings
    (52, P50, SWELL),  # choir, voices
    (55, P12, MUTED),  # orchestra hit
    (56, P25, ACCENT),  # brass
    (59, P12, ACCENT),  # muted trumpet
    (60, P50, ACCENT),  # horn
    (61, P25, ACCENT),  # brass section, synth brass
    (64, P25, HELD),  # saxophones
    (68, P12, HELD),  # oboe, English horn
    (70, P25, HELD),  # bassoon
    (71, P50, HELD),  # clarinet
    (72, TRIANGLE, HELD),  # piccolo, flute, recorder, pan flute, bottle, shakuhachi, whistle, ocarina
    (80, P50, HELD),  # leads 80 to 83: the four duties of our own files
    (81, P25, HELD),
    (82, P12, HELD),
    (83, P75, HELD),
    (84, P25, HELD),  # further leads
    (87, P50, HELD),  # bass and lead
    (88, P50, SWELL),  # pads
    (90, P25, SWELL),
    (92, TRIANGLE, SWELL),
    (93, P12, SWELL),
    (94, P50, SWELL),
    (96, P12, BELL),  # effects: rain
    (97, P25, SWELL),
    (98, P50, BELL),  # crystal
    (99, P25, SWELL),
    (104, P12, PLUCK),  # sitar, banjo, shamisen
    (107, P25, PLUCK),  # koto
    (108, TRIANGLE, HIT),  # kalimba
    (109, P12, HELD),  # bagpipe, fiddle, shanai
    (112, P50, BELL),  # tinkle bell
    (113, P50, MUTED),  # agogo
    (114, TRIANGLE, PLUCK),  # steel drums
    (115, P25, MUTED),  # woodblock
    (116, TRIANGLE, HIT),  # taiko, melodic tom, synth drum
    (119, NOISE, RISING),  # reverse cymbal
    (120, METAL, MUTED),  # fret noise
    (121, NOISE, MUTED),  # breath
    (122, NOISE, RISING),  # seashore
    (123, P50, MUTED),  # bird
    (124, P25, HELD),  # telephone
    (125, METAL, HELD),  # helicopter
    (126, NOISE, SWELL),  # applause
    (127, NOISE, HIT),  # gunshot
)
"""First General MIDI program (0 to 127) of a run that ends before the next row, with its waveform and envelope."""


@dataclass(frozen=True, slots=True)
class Drum:
    """A drum sound of noise: mode, period register (0 high to 15 low), seconds of decay to -100 dB, and dB of
    attenuation.

    thump: MIDI note of a triangle that falls to it from an octave above, as in NES drums. choke: drums with the same
    number cut each other off.
    """

    mode: str
    register: int
    decay: float
    down: float = 0.0
    thump: int | None = None
    choke: int = 0


_STICK, _SHAKER, _LATIN = Drum(NOISE, 4, 0.2), Drum(NOISE, 0, 0.3), Drum(NOISE, 9, 0.4, 10, thump=58)

DRUMS: dict[int, Drum] = {
    27: Drum(METAL, 3, 0.2),
    28: Drum(NOISE, 5, 0.3),
    29: Drum(NOISE, 3, 0.4, choke=7),
    30: Drum(NOISE, 4, 0.4, choke=7),
    31: _STICK,
    32: Drum(METAL, 5, 0.15),
    33: Drum(METAL, 4, 0.15),
    34: Drum(METAL, 2, 1.2),
    35: Drum(NOISE, 15, 0.6, 6, thump=31),  # bass drums
    36: Drum(NOISE, 14, 0.5, 5, thump=34),
    37: Drum(NOISE, 5, 0.25),  # side stick
    38: Drum(NOISE, 7, 1.0),  # snares
    39: Drum(NOISE, 5, 0.7),  # clap
    40: Drum(NOISE, 6, 0.8),
    41: Drum(NOISE, 12, 0.8, 6, thump=40),  # toms
    42: Drum(NOISE, 1, 0.3, choke=1),  # hi-hats
    43: Drum(NOISE, 12, 0.8, 6, thump=43),
    44: Drum(NOISE, 2, 0.25, choke=1),
    45: Drum(NOISE, 11, 0.8, 6, thump=46),
    46: Drum(NOISE, 1, 1.5, choke=1),
    47: Drum(NOISE, 11, 0.7, 6, thump=49),
    48: Drum(NOISE, 10, 0.7, 6, thump=52),
    49: Drum(NOISE, 3, 4.5),  # cymbals
    50: Drum(NOISE, 10, 0.6, 6, thump=55),
    51: Drum(NOISE, 0, 2.5),
    52: Drum(NOISE, 4, 3.5),
    53: Drum(METAL, 1, 1.5),
    54: Drum(NOISE, 0, 0.7),  # tambourine
    55: Drum(NOISE, 2, 2.0),
    56: Drum(METAL, 3, 0.7),  # cowbell
    57: Drum(NOISE, 2, 4.5),
    58: Drum(METAL, 8, 1.5),  # vibraslap
    59: Drum(NOISE, 1, 2.5),
    **dict.fromkeys(range(60, 67), _LATIN),  # bongos, congas, timbales
    67: Drum(METAL, 2, 0.6),  # agogos
    68: Drum(METAL, 3, 0.6),
    69: _SHAKER,  # cabasa, maracas
    70: _SHAKER,
    71: Drum(METAL, 1, 0.4, 6),  # whistles
    72: Drum(METAL, 1, 1.2, 6),
    73: Drum(NOISE, 3, 0.3),  # guiros
    74: Drum(NOISE, 3, 0.8),
    75: Drum(METAL, 2, 0.2),  # claves, woodblocks
    76: Drum(METAL, 3, 0.2),
    77: Drum(METAL, 4, 0.25),
    78: Drum(METAL, 5, 0.3, choke=2),  # cuicas
    79: Drum(METAL, 4, 0.5, choke=2),
    80: Drum(METAL, 0, 0.3, choke=3),  # triangles
    81: Drum(METAL, 0, 1.8, choke=3),
    82: _SHAKER,
    83: Drum(METAL, 0, 1.0),
    84: Drum(METAL, 0, 3.0),
    85: _STICK,
    86: Drum(NOISE, 13, 0.4, 6, thump=40),  # surdos
    87: Drum(NOISE, 13, 1.0, 6, thump=40),
}
"""The General MIDI percussion map with the neighbouring keys of Roland's GS, keys 27 to 87."""

KITS = {0: "drums", NOISE_KIT: "2A03 noise"}
"""Programs of bank 128. Players use kit 0 for all others."""


def program_runs() -> Iterator[tuple[int, str, Shape]]:
    """Yield (program, waveform, envelope) of all 128 General MIDI programs."""
    ends = [first for first, _, _ in PROGRAMS[1:]] + [128]
    for (first, wave, shape), end in zip(PROGRAMS, ends, strict=True):
        for program in range(first, end):
            yield program, wave, shape
