"""Plays NSF files with Game Music Emu (libgme), which emulates the console's sound chip, in this process.

Debian's ffmpeg brings the library along for its own `libgme` format. That format is not used: it drops silence at a
tune's beginning, ends a tune after six seconds of silence, and cannot mute channels.

Facts: gme.h of Game Music Emu 0.6.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache

import numpy as np
from numpy.typing import NDArray

from generator.protocol.errors import FaultError

LIBRARY = "libgme.so.0"
VOICES = 5
"""Pulse 1, pulse 2, triangle, noise and samples."""
TREBLE, BASS = -1.0, 80.0
"""libgme's own values for the console: treble in dB, and the frequency in Hz below which the sound falls off."""
TICK_AT = 0x6E
"""Where an NSF's header has the microseconds between two calls of its player."""
BLOCK = 65_536
"""Samples rendered at once."""

Samples = NDArray[np.float64]
"""Mono, full scale 1, shape (samples,)."""


class GmeError(FaultError):
    """libgme is missing or rejects a file."""


class _Equalizer(ctypes.Structure):
    """gme_equalizer_t: treble in dB (0 is flat), and the frequency in Hz below which the sound falls off."""

    _fields_ = (("treble", ctypes.c_double), ("bass", ctypes.c_double), ("spare", ctypes.c_double * 8))


def play_nsf(
    nsf: bytes, seconds: float, rate: int, *, channels: tuple[int, ...] = (0, 1, 2, 3), bass: float = BASS
) -> Samples:
    """Return the first `seconds` of an NSF as samples, starting with the first call of its player.

    rate: samples a second. channels: the voices that are not muted. bass: the frequency in Hz below which the sound
    falls off; 0 keeps everything. Raise GmeError if libgme is missing or fails.
    """
    library = _library()
    emulator = ctypes.c_void_p()
    _check(library.gme_open_data(nsf, len(nsf), ctypes.byref(emulator), rate))
    try:
        library.gme_ignore_silence(emulator, 1)
        library.gme_set_equalizer(emulator, ctypes.byref(_Equalizer(TREBLE, bass)))
        library.gme_mute_voices(emulator, sum(1 << voice for voice in range(VOICES) if voice not in channels))
        _check(library.gme_start_track(emulator, 0))
        (tick,) = struct.unpack_from("<H", nsf, TICK_AT)
        first = 2 * round(tick * rate / 1_000_000)  # libgme waits one frame before the first call
        count = first + 2 * round(seconds * rate)
        samples = np.zeros(-(-count // BLOCK) * BLOCK, dtype=np.int16)
        for at in range(0, count, BLOCK):
            pointer = samples[at:].ctypes.data_as(ctypes.POINTER(ctypes.c_short))
            _check(library.gme_play(emulator, BLOCK, pointer))
    finally:
        library.gme_delete(emulator)
    return samples[first:count:2] / 32_768  # the console is mono: left and right are the same


def _check(error: bytes | None) -> None:
    """Raise GmeError with libgme's message, if there is one."""
    if error:
        raise GmeError(f"libgme: {error.decode(errors='replace')}")


@cache
def _library() -> ctypes.CDLL:
    """Load the library and declare its functions. Raise GmeError if it is not installed."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise GmeError("libgme is not installed: it comes with ffmpeg on Debian (else: apt install libgme0)") from error
    emulator, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("gme_open_data", text, (ctypes.c_char_p, ctypes.c_long, ctypes.POINTER(emulator), ctypes.c_int)),
        ("gme_ignore_silence", None, (emulator, ctypes.c_int)),
        ("gme_set_equalizer", None, (emulator, ctypes.POINTER(_Equalizer))),
        ("gme_mute_voices", None, (emulator, ctypes.c_int)),
        ("gme_start_track", text, (emulator, ctypes.c_int)),
        ("gme_play", text, (emulator, ctypes.c_int, ctypes.POINTER(ctypes.c_short))),
        ("gme_delete", None, (emulator,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
