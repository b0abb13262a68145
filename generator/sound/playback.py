"""A score as sound by either way, the soundfont or the sound chip, and as the file that is posted.

FluidSynth is `generator.sound.fluidsynth_audio`'s and the chip `generator.apu`'s; loudness and ending are the same for both.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from generator.apu.gme import play_nsf
from generator.apu.nsf import SCORE_TICK, to_nsf
from generator.protocol.names import SOUNDS
from generator.sound.fade import fade_of
from generator.sound.fluidsynth_audio import SAMPLE_RATE, read_wav, render, to_mono, write_sound
from generator.sound.loudness import Samples
from models.music.midi import midi_bytes, to_midi
from models.music.score import CHANNELS, Score

ALL = tuple(range(len(CHANNELS)))


def by_soundfont(score: Score, heard: Collection[int] = ALL) -> Samples:
    """The score's channels that are to be heard through FluidSynth, with silence after the end. Raises RenderError."""
    channels = tuple(notes if i in heard else () for i, notes in enumerate(score.channels))
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "tune.mid", Path(folder) / "tune.wav"
        midi.write_bytes(midi_bytes(to_midi(replace(score, channels=channels))))
        render(midi, wav, score.seconds)
        samples, _ = read_wav(wav)
    return to_mono(samples)


def by_chip(score: Score, heard: Collection[int] = ALL) -> Samples:
    """The score as an NSF through Game Music Emu, 60 frames a second. Raises GmeError and NsfError.

    Channels that are not to be heard play all the same: a waveform's phase, and noise, depend on when registers are
    written, and would not add up to the whole.
    """
    return play_nsf(to_nsf(score, SCORE_TICK), score.seconds, SAMPLE_RATE, channels=tuple(heard))


class Player(Protocol):
    """What plays a score once, from its first frame on: mono at `SAMPLE_RATE`."""

    def __call__(self, score: Score, heard: Collection[int] = ALL) -> Samples:
        """Play the channels that are to be heard; raises faults."""


PLAYERS: dict[str, Player] = dict(zip(SOUNDS, (by_soundfont, by_chip), strict=True))
"""By the names of `SOUNDS`."""


def write_score(score: Score, out: Path, sound: str = SOUNDS[0], tags: Mapping[str, str] | None = None) -> None:
    """Write a score, played once, as a sound file in the form of its suffix. Raises faults."""
    write_sound(PLAYERS[sound](score), SAMPLE_RATE, out, seconds=score.seconds, fade=fade_of(score), tags=tags)
