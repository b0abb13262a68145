"""The spectra of the same notes, played by the soundfont and by the imitated sound chip, side by side in one picture.

    python -m benchmarks.sound.spectra --out docs/spectra.png

Each waveform plays one long note: A3 (220 Hz) on the four pulses and the triangle, one period of the noise in both
modes. `benchmarks.sound.soundfont` and `benchmarks.sound.nsf_accuracy` print levels and tuning as figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib import pyplot as plt

from generator.sound.fluidsynth_audio import SAMPLE_RATE
from generator.sound.playback import PLAYERS
from models.music.score import NO, P1, TR, Note, Score

Array = npt.NDArray[np.float64]

FRAMES = 120
A3 = 57
SHOWN_HZ = (100, 16_000)
FLOOR_DB = -90
WAVEFORMS = (
    *((f"pulse {duty}", P1, Note(0, FRAMES, A3, ((0, 15),), ((0, i),))) for i, duty in enumerate(("12.5 %", "25 %"))),
    *((f"pulse {duty}", P1, Note(0, FRAMES, A3, ((0, 15),), ((0, i),))) for i, duty in enumerate(("50 %", "75 %"), 2)),
    ("triangle", TR, Note(0, FRAMES, A3)),
    ("noise, long", NO, Note(0, FRAMES, 11, ((0, 15),), ((0, 0),))),
    ("noise, short", NO, Note(0, FRAMES, 11, ((0, 15),), ((0, 1),))),
)


def spectrum(samples: Array) -> tuple[Array, Array]:
    """Return (Hz, dB below the strongest) of a sound's middle second, with a Hann window."""
    middle = samples[SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2].astype(float)
    power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) ** 2
    decibels = 10 * np.log10(power / power.max() + 10 ** (FLOOR_DB / 10))
    return np.asarray(np.fft.rfftfreq(len(middle), 1 / SAMPLE_RATE), dtype=float), np.asarray(decibels, dtype=float)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    mpl.use("Agg")
    figure, rows = plt.subplots(len(WAVEFORMS), 2, figsize=(11, 15), sharex=True, sharey=True)
    for row, (name, channel, note) in zip(rows, WAVEFORMS, strict=True):
        channels = tuple((note,) if i == channel else () for i in range(4))
        for axes, (sound, player) in zip(row, PLAYERS.items(), strict=True):
            hertz, decibels = spectrum(np.asarray(player(Score(channels, FRAMES)), dtype=float))
            axes.plot(hertz, decibels, linewidth=0.5, color="#1f6fb2" if sound == "soundfont" else "#c0392b")
            axes.set_title(f"{name}: {sound}", fontsize=9, loc="left")
            axes.set_xlim(*SHOWN_HZ)
            axes.set_ylim(FLOOR_DB, 3)
            axes.set_xscale("log")
            axes.grid(alpha=0.3)
        row[0].set_ylabel("dB", fontsize=8)
    for axes in rows[-1]:
        axes.set_xlabel("Hz", fontsize=8)
    figure.tight_layout()
    figure.savefig(options.out, dpi=100)


if __name__ == "__main__":
    main()
