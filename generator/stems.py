"""The channels of a tune as sounds of their own that add up to the mix, and its intro and loop apart.

Playing is left to `generator.audio`, the one loudness to `generator.loudness`.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.audio import SAMPLE_RATE, fit, read_wav, render, to_int16, write_sound
from generator.ending import CUT, fade_of
from generator.loudness import Samples, gain
from models.midi import midi_bytes, to_midi
from models.score import CHANNELS, FRAMES_PER_SECOND, Note, Score

SAMPLES_A_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND


def stems(score: Score) -> NDArray[np.int16]:
    """The channels' sounds, played once, at the levels that they have in the mix; shape (channels, samples).

    Their sum is the mix, which has the loudness of every tune. Raises RenderError.
    """
    length, fade = score.frames * SAMPLES_A_FRAME, fade_of(score)

    def alone(channel: int) -> Samples:
        notes = score.channels[channel]
        if not notes:
            return np.zeros(length)
        channels = tuple(notes if channel == i else () for i in range(len(CHANNELS)))
        return fit(_played(replace(score, channels=channels)), length, SAMPLE_RATE, fade)

    with ThreadPoolExecutor(max_workers=2) as pool:  # FluidSynth uses one core
        found = np.array(list(pool.map(alone, range(len(CHANNELS)))))
    return to_int16(found * gain(found.sum(axis=0), SAMPLE_RATE))


def write_stems(score: Score, folder: Path) -> None:
    """Write p1.wav, p2.wav, tr.wav, no.wav and mix.wav, their sum to the bit; of a tune that loops, its parts too.

    All are equally long. Raises RenderError, and OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sounds = stems(score)
    for spec, sound in zip(CHANNELS, sounds, strict=True):
        write_sound(sound, SAMPLE_RATE, folder / f"{spec.name}.wav")
    write_sound(sounds.sum(axis=0, dtype=np.int16), SAMPLE_RATE, folder / "mix.wav")
    for name, sound in loop_parts(score).items():
        write_sound(sound, SAMPLE_RATE, folder / f"{name}.wav")


def loop_parts(score: Score) -> dict[str, NDArray[np.int16]]:
    """What a game plays once (`intro`, where the loop does not begin at once) and what it plays over and over (`loop`).

    The loop is taken from its second time: it begins with what rings on from its own end. Empty for a tune without a
    loop point. Raises RenderError.
    """
    if score.loop is None:
        return {}
    twice = played_on(score)
    sound = fit(_played(twice), twice.frames * SAMPLES_A_FRAME, SAMPLE_RATE, 0)
    whole = to_int16(sound * gain(sound, SAMPLE_RATE))
    start, end = score.loop * SAMPLES_A_FRAME, score.frames * SAMPLES_A_FRAME
    intro = {"intro": to_int16(fit(whole / 32_767, start, SAMPLE_RATE, CUT))} if start else {}
    return {**intro, "loop": whole[end:]}


def loop_tags(score: Score) -> dict[str, str]:
    """The tags that game engines read in OGG files, in samples; none for a tune without a loop point."""
    if score.loop is None:
        return {}
    start, length = score.loop * SAMPLES_A_FRAME, (score.frames - score.loop) * SAMPLES_A_FRAME
    return {"LOOPSTART": str(start), "LOOPLENGTH": str(length)}


def played_on(score: Score) -> Score:
    """The score with what it loops played twice."""
    loop = score.frames if score.loop is None else score.loop
    later = score.frames - loop

    def again(note: Note) -> Note:
        return replace(note, start=note.start + later, end=note.end + later)

    channels = tuple((*notes, *(again(n) for n in notes if n.start >= loop)) for notes in score.channels)
    return replace(score, channels=channels, frames=score.frames + later, loop=None)


def _played(score: Score) -> Samples:
    """The score through FluidSynth, mono."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "tune.mid", Path(folder) / "tune.wav"
        midi.write_bytes(midi_bytes(to_midi(score)))
        render(midi, wav, score.seconds)
        samples, _ = read_wav(wav)
    mono: Samples = samples.mean(axis=1) / 32_768
    return mono
