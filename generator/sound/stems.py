"""The channels of a tune as sounds of their own that add up to the mix, and its intro and loop apart.

Playing is left to `generator.sound.playback`, the one loudness to `generator.sound.loudness`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.protocol.names import SOUNDS
from generator.sound.fade import CUT, fade_of
from generator.sound.fluidsynth_audio import SAMPLE_RATE, fit, to_int16, write_samples
from generator.sound.loudness import Samples, gain
from generator.sound.playback import PLAYERS
from models.music.score import CHANNELS, FRAMES_PER_SECOND, Note, Score

SAMPLES_A_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND


def stems(score: Score, sound: str = SOUNDS[0]) -> NDArray[np.int16]:
    """The channels' sounds, played once, at the levels that they have in the mix; shape (channels, samples).

    Their sum is the mix, which has the loudness of every tune; less where a channel alone would go beyond full scale
    (pulses of 25 and 75 % of one pitch are each other's negative). sound: what plays them. Raises faults.
    """
    length, fade = score.frames * SAMPLES_A_FRAME, fade_of(score)

    def alone(channel: int) -> Samples:
        if not score.channels[channel]:
            return np.zeros(length)
        return fit(PLAYERS[sound](score, (channel,)), length, SAMPLE_RATE, fade)

    with ThreadPoolExecutor(max_workers=2) as pool:  # each uses one core
        found = np.array(list(pool.map(alone, range(len(CHANNELS)))))
    highest = float(np.abs(found).max(initial=0))
    wanted = gain(found.sum(axis=0), SAMPLE_RATE)
    return to_int16(found * (min(wanted, 1 / highest) if highest else wanted))


def write_stems(score: Score, folder: Path, sound: str = SOUNDS[0]) -> list[Path]:
    """Write p1.wav, p2.wav, tr.wav, no.wav and mix.wav, their sum to the bit, all equally long; of a tune that loops
    intro.wav and loop.wav, too. Says which. sound: what plays them.

    Raises faults, and OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    channels = stems(score, sound)
    parts = {spec.name: samples for spec, samples in zip(CHANNELS, channels, strict=True)}
    parts |= {"mix": channels.sum(axis=0, dtype=np.int16), **loop_parts(score, sound)}
    files = [folder / f"{name}.wav" for name in parts]
    for file, samples in zip(files, parts.values(), strict=True):
        write_samples(samples, SAMPLE_RATE, file)
    return files


def loop_parts(score: Score, sound: str = SOUNDS[0]) -> dict[str, NDArray[np.int16]]:
    """What a game plays once (`intro`, where the loop does not begin at once) and what it plays over and over (`loop`).

    The loop is taken from its second time: it begins with what rings on from its own end. Empty for a tune without a
    loop point. sound: what plays it. Raises faults.
    """
    if score.loop is None:
        return {}
    twice = played_on(score)
    played = fit(PLAYERS[sound](twice), twice.frames * SAMPLES_A_FRAME, SAMPLE_RATE, 0)
    whole = to_int16(played * gain(played, SAMPLE_RATE))
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
