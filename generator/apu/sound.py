"""A score as a sound file by the exact path: what Game Music Emu plays of it, as loud and as long as any other tune.

The sound of the soundfont, which plays any MIDI file, is `generator.audio`'s, and so is what makes a file of samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from generator.apu.gme import play
from generator.apu.nsf import SCORE_TICK, to_nsf
from generator.audio import SAMPLE_RATE, level_gain, write_samples, write_sound
from models.score import CHANNEL_NAMES, Score


def render_score(score: Score, out: Path) -> None:
    """The sound of a score, played once at 60 frames a second, as a file in the form of its suffix.

    Raises RenderError, GmeError and NsfError.
    """
    samples = play(to_nsf(score, SCORE_TICK), score.seconds, SAMPLE_RATE)
    write_sound(samples, SAMPLE_RATE, out, score.seconds)


def write_stems(score: Score, folder: Path) -> list[Path]:
    """Each channel's sound as a WAV file in the folder, all with the gain that the whole tune gets, or less
    where one alone would go beyond full scale; the files.

    Raises GmeError and NsfError.
    """
    nsf = to_nsf(score, SCORE_TICK)
    gain = level_gain(play(nsf, score.seconds, SAMPLE_RATE), SAMPLE_RATE)
    stems = [play(nsf, score.seconds, SAMPLE_RATE, channels=(channel,)) for channel in range(len(CHANNEL_NAMES))]
    gain = min(gain, 1 / max(1e-6, *(float(np.abs(stem).max(initial=0)) for stem in stems)))
    files = [folder / f"{name}.wav" for name in CHANNEL_NAMES]
    for stem, file in zip(stems, files, strict=True):
        write_samples(gain * stem, SAMPLE_RATE, file)
    return files
