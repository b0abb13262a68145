"""The NES soundfont: an SF2 file made of the 2A03's own waveforms, built when it is first needed.

Writes the RIFF form of the SoundFont 2.04 specification (Creative, 2006; sections in brackets).
`generator.sound.instruments` says what each program plays, `generator.sound.waveforms` makes the samples,
`generator.sound.fluidsynth_audio` plays the file. `python -m generator.sound.soundfont OUT.sf2` writes the file with
its licence beside it.

The soundfont contains only what the formulas give. It is in the public domain (CC0), whatever the licence of the code.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.apu import tuning
from generator.protocol.errors import FaultError
from generator.sound.instruments import KITS, program_runs
from generator.sound.waveforms import Loop, noise_loops, pitched_loops
from generator.sound.zones import Generator, Modulator, Zone, drum_zones, duty_zones, melodic_zones, noise_kit_zones
from models.cache import cache_folder, write_atomically
from models.music.midi import NOISE_KEYS, NOISE_KIT, PULSE_BANK, PULSE_PROGRAMS

LEAD = 8
"""Samples before and after each loop that repeat it, because interpolation reaches beyond the loop's ends [7.10]."""

GAP = 46
"""Zeros after each sample [6.1]."""

DRUM_BANK = 128

LICENCE = "CC0 1.0 Universal: https://creativecommons.org/publicdomain/zero/1.0/"
LICENCE_FILE = "SPDX-FileCopyrightText: NONE\nSPDX-License-Identifier: CC0-1.0\n"
"""The content of NAME.license beside NAME, as the REUSE specification (3.3) defines it."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """Zones under a name of at most 19 letters; the first zone is the global one [7.6]."""

    name: str
    zones: Sequence[Zone]


@dataclass(frozen=True, slots=True)
class Preset:
    """A program of a bank, and the index of the instrument that it plays [7.2]."""

    name: str
    bank: int
    program: int
    instrument: int


def soundfont_path() -> Path:
    """Return the soundfont in the user's cache folder; build it if it is not there.

    Its name has a digest of the code that makes it, so that a stale file is never played. Raise FaultError if the
    folder cannot be written.
    """
    path = cache_folder() / f"nes-{_digest()}.sf2"
    if not path.is_file():
        try:
            build(path)
        except OSError as error:
            raise FaultError(f"the soundfont could not be written; point XDG_CACHE_HOME elsewhere: {error}") from error
    return path


def build(path: Path) -> None:
    """Write the soundfont. Readers of `path` see the old file or the new one, never a part."""
    write_atomically(path, soundfont_bytes())


def soundfont_bytes() -> bytes:
    """Return the whole file; the bytes are the same each time."""
    loops = [*pitched_loops(), *noise_loops()]
    instruments, presets = _instruments()
    info = [
        _chunk(b"ifil", struct.pack("<HH", 2, 4)),
        _chunk(b"isng", _text("EMU8000")),
        _chunk(b"INAM", _text("NES 2A03")),
        _chunk(b"ICOP", _text(LICENCE)),
        _chunk(b"ICMT", _text("Pulses, triangle and noise of the NES sound chip for General MIDI")),
    ]
    samples, headers = _samples(loops)
    body = [
        _list(b"INFO", info),
        _list(b"sdta", [_chunk(b"smpl", samples)]),
        _list(b"pdta", _hydra(loops, instruments, presets, headers)),
    ]
    return _chunk(b"RIFF", b"sfbk" + b"".join(body))


def _instruments() -> tuple[list[Instrument], list[Preset]]:
    """Return all instruments, one for each combination of waveform and envelope, and the presets that play them."""
    index: dict[object, int] = {}
    instruments: list[Instrument] = []
    presets: list[Preset] = []
    for program, wave, shape in program_runs():
        if (wave, shape) not in index:
            index[wave, shape] = len(instruments)
            instruments.append(Instrument(f"{wave} {len(instruments)}", melodic_zones(wave, shape)))
        presets.append(Preset(wave, 0, program, index[wave, shape]))
    presets += [Preset("pulse by duty", PULSE_BANK, program, len(instruments)) for program in PULSE_PROGRAMS]
    instruments.append(Instrument("pulse by duty", duty_zones()))
    for program, name in KITS.items():
        presets.append(Preset(name, DRUM_BANK, program, len(instruments)))
        instruments.append(Instrument(name, noise_kit_zones() if program == NOISE_KIT else drum_zones()))
    return instruments, presets


def _samples(loops: Iterable[Loop]) -> tuple[bytes, bytes]:
    """Return the data of the `smpl` chunk [6.1] and the sample headers [7.10]."""
    data: list[bytes] = []
    headers: list[bytes] = []
    start = 0
    for loop in loops:
        length = len(loop.data)
        around = np.concatenate((loop.data[-LEAD:], loop.data, loop.data[:LEAD], np.zeros(GAP, np.int16)))
        data.append(around.astype("<i2").tobytes())
        end = start + LEAD + length + LEAD
        positions = (start, end, start + LEAD, start + LEAD + length)
        key = 60 if loop.key is None else loop.key
        headers.append(struct.pack("<20s5IBbHH", _name(loop.name), *positions, loop.rate, key, 0, 0, 1))
        start = end + GAP
    headers.append(struct.pack("<20s5IBbHH", _name("EOS"), *(0,) * 9))
    return b"".join(data), b"".join(headers)


def _hydra(
    loops: Sequence[Loop], instruments: Sequence[Instrument], presets: Sequence[Preset], headers: bytes
) -> list[bytes]:
    """Return the nine chunks that map presets to samples [7.1]. Each list ends with a terminal record."""
    ids = {loop.name: i for i, loop in enumerate(loops)}
    phdr, pbag, pgen = [], [], []
    for i, preset in enumerate(sorted(presets, key=lambda p: (p.bank, p.program))):
        phdr.append(struct.pack("<20sHHHIII", _name(preset.name), preset.program, preset.bank, i, 0, 0, 0))
        pbag.append(struct.pack("<HH", i, 0))
        pgen.append(struct.pack("<HH", Generator.INSTRUMENT, preset.instrument))
    phdr.append(struct.pack("<20sHHHIII", _name("EOP"), 0, 0, len(presets), 0, 0, 0))
    pbag.append(struct.pack("<HH", len(pgen), 0))
    inst: list[bytes] = []
    ibag: list[bytes] = []
    imod: list[bytes] = []
    igen: list[bytes] = []
    for instrument in instruments:
        inst.append(struct.pack("<20sH", _name(instrument.name), len(ibag)))
        for zone in instrument.zones:
            ibag.append(struct.pack("<HH", len(igen), len(imod)))
            igen += _generators(zone, ids)
            imod += [_modulator(modulator) for modulator in zone.modulators]
    inst.append(struct.pack("<20sH", _name("EOI"), len(ibag)))
    ibag.append(struct.pack("<HH", len(igen), len(imod)))
    chunks = {b"phdr": phdr, b"pbag": pbag, b"pmod": [bytes(10)], b"pgen": [*pgen, bytes(4)], b"inst": inst}
    chunks |= {b"ibag": ibag, b"imod": [*imod, bytes(10)], b"igen": [*igen, bytes(4)], b"shdr": [headers]}
    return [_chunk(name, b"".join(records)) for name, records in chunks.items()]


def _generators(zone: Zone, ids: dict[str, int]) -> list[bytes]:
    """Return a zone's generators: the key range first, the sample last [8.1.2]. The global zone has neither."""
    middle = [struct.pack("<Hh", generator, amount) for generator, amount in zone.generators]
    if zone.sample is None:
        return middle
    keys = struct.pack("<HBB", Generator.KEY_RANGE, *zone.keys)
    return [keys, *middle, struct.pack("<HH", Generator.SAMPLE, ids[zone.sample])]


def _modulator(modulator: Modulator) -> bytes:
    """Return a modulator without a transform [7.4]."""
    return struct.pack("<HHhHH", modulator.source, modulator.destination, modulator.amount, modulator.amount_source, 0)


def _chunk(name: bytes, data: bytes) -> bytes:
    """Return a RIFF chunk, padded to an even length [3.1]."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _list(name: bytes, chunks: Iterable[bytes]) -> bytes:
    """Return a RIFF list of chunks."""
    return _chunk(b"LIST", name + b"".join(chunks))


def _text(text: str) -> bytes:
    """Return a string of the INFO list, ended by one or two zeros to make its length even [5]."""
    return text.encode("ascii") + bytes(2 - len(text) % 2)


def _name(text: str) -> bytes:
    """Return the name of a record; `struct` fills it with zeros to 20 bytes."""
    return text.encode("ascii")[:19]


def _digest() -> str:
    """Return a digest of what the file is made from: the source of the modules, and the noise channel's drum keys."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in ("soundfont", "zones", "instruments", "waveforms")]
    sources = [file.read_bytes() for file in (*files, Path(tuning.__file__))]
    return hashlib.sha256(b"".join(sources) + repr(NOISE_KEYS).encode()).hexdigest()[:16]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m generator.sound.soundfont OUT.sf2")
    build(Path(sys.argv[1]))
    Path(f"{sys.argv[1]}.license").write_text(LICENCE_FILE, encoding="ascii")
