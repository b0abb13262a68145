"""Stems: each channel of a tune as a sound of its own, which add up to the mix; and its intro and loop.

Rendering is left to `generator.sound.playback`, loudness to `generator.sound.loudness`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.protocol.names import SOUNDS
from generator.sound.fade import SHORTEST_FADE, fade_seconds
from generator.sound.fluidsynth_audio import SAMPLE_RATE, fit_length, to_int16, write_samples
from generator.sound.loudness import gain
from generator.sound.playback import PLAYERS
from models.music.score import CHANNELS, FRAMES_PER_SECOND, Note, Score

SAMPLES_A_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND


def render_stems(score: Score, sound: str = SOUNDS[0]) -> NDArray[np.int16]:
    """Return the sounds of the channels, played once, at their levels in the mix; shape (channels, samples).

    Their sum is the mix, which has the loudness of every tune, or less if a channel alone would exceed full scale
    (pulses of 25 and 75 % on one pitch are each other's negative). sound: what plays them. Raise FaultError if a
    program fails.
    """
    length, fade = score.frames * SAMPLES_A_FRAME, fade_seconds(score)

    sounds = np.zeros((len(CHANNELS), length), np.float32)  # 16-bit samples lose nothing in it

    def play(channel: int) -> None:
        if score.channels[channel]:
            sounds[channel] = fit_length(PLAYERS[sound](score, (channel,)), length, SAMPLE_RATE, fade)

    with ThreadPoolExecutor(max_workers=2) as pool:  # each uses one core
        list(pool.map(play, range(len(CHANNELS))))
    peak = float(max(sounds.max(initial=0), -sounds.min(initial=0)))
    factor = gain(sounds.sum(axis=0, dtype=np.float64), SAMPLE_RATE)
    level = min(factor, 1 / peak) if peak else factor
    return np.array([to_int16(row, level) for row in sounds])


def write_stems(score: Score, folder: Path, sound: str = SOUNDS[0]) -> list[Path]:
    """Write p1.wav, p2.wav, tr.wav, no.wav and mix.wav, and for a tune that loops also intro.wav and loop.wav.

    The stems and the mix are equally long, and the mix is exactly their sum. sound: what plays them. Return the files.
    Raise FaultError if a program fails, and OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    channels = render_stems(score, sound)
    parts = {spec.name: samples for spec, samples in zip(CHANNELS, channels, strict=True)}
    parts |= {"mix": channels.sum(axis=0, dtype=np.int16), **render_loop(score, sound)}
    files = [folder / f"{name}.wav" for name in parts]
    for file, samples in zip(files, parts.values(), strict=True):
        write_samples(samples, SAMPLE_RATE, file)
    return files


def render_loop(score: Score, sound: str = SOUNDS[0]) -> dict[str, NDArray[np.int16]]:
    """Return what a game plays once (`intro`, unless the loop starts at once) and what it then repeats (`loop`).

    The loop is recorded the second time it plays, so that it starts with what rings on from its own end. The result is
    empty for a tune without a loop point. sound: what plays it. Raise FaultError if a program fails.
    """
    if score.loop is None:
        return {}
    twice = play_loop_twice(score)
    played = fit_length(PLAYERS[sound](twice), twice.frames * SAMPLES_A_FRAME, SAMPLE_RATE, 0)
    whole = to_int16(played, gain(played, SAMPLE_RATE))
    start, end = score.loop * SAMPLES_A_FRAME, score.frames * SAMPLES_A_FRAME
    intro = {"intro": to_int16(fit_length(whole / 32_767, start, SAMPLE_RATE, SHORTEST_FADE))} if start else {}
    return {**intro, "loop": whole[end:]}


def loop_tags(score: Score) -> dict[str, str]:
    """Return the tags that game engines read in OGG files, in samples; none for a tune without a loop point."""
    if score.loop is None:
        return {}
    start, length = score.loop * SAMPLES_A_FRAME, (score.frames - score.loop) * SAMPLES_A_FRAME
    return {"LOOPSTART": str(start), "LOOPLENGTH": str(length)}


def play_loop_twice(score: Score) -> Score:
    """Return the score with the looped part played twice."""
    loop = score.frames if score.loop is None else score.loop
    later = score.frames - loop

    def again(note: Note) -> Note:
        return replace(note, start=note.start + later, end=note.end + later)

    channels = tuple((*notes, *(again(n) for n in notes if n.start >= loop)) for notes in score.channels)
    return replace(score, channels=channels, frames=score.frames + later, loop=None)
