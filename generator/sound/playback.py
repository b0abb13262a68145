"""Renders a score with either sound, the soundfont or the chip, and writes the sound file that is posted.

The soundfont is played by `generator.sound.fluidsynth_audio`, the chip by `generator.apu`. Loudness and ending are the
same for both.
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
from generator.sound.fade import fade_seconds
from generator.sound.fluidsynth_audio import SAMPLE_RATE, read_mono, render_wav, write_sound
from generator.sound.loudness import Samples
from models.music.midi import midi_bytes, to_midi
from models.music.score import CHANNELS, Score

ALL = tuple(range(len(CHANNELS)))


def play_soundfont(score: Score, channels: Collection[int] = ALL) -> Samples:
    """Render some channels of a score with FluidSynth, with silence after the end. Raise RenderError if it fails."""
    notes_to_play = tuple(notes if i in channels else () for i, notes in enumerate(score.channels))
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "tune.mid", Path(folder) / "tune.wav"
        midi.write_bytes(midi_bytes(to_midi(replace(score, channels=notes_to_play))))
        render_wav(midi, wav, score.seconds)
        samples, _ = read_mono(wav)
    return samples


def play_chip(score: Score, channels: Collection[int] = ALL) -> Samples:
    """Render some channels of a score as an NSF with Game Music Emu, at 60 frames a second.

    All channels play, and the others are muted: the phase of a waveform and the noise depend on when registers are
    written, and otherwise the channels would not add up to the mix. Raise GmeError or NsfError if it fails.
    """
    return play_nsf(to_nsf(score, SCORE_TICK), score.seconds, SAMPLE_RATE, channels=tuple(channels))


class Player(Protocol):
    """Renders a score once, from its first frame: mono at `SAMPLE_RATE`."""

    def __call__(self, score: Score, channels: Collection[int] = ALL) -> Samples:
        """Render some channels. Raise FaultError if a program fails."""


PLAYERS: dict[str, Player] = dict(zip(SOUNDS, (play_soundfont, play_chip), strict=True))
"""Players by the names in `SOUNDS`."""


def write_score(score: Score, out: Path, sound: str = SOUNDS[0], tags: Mapping[str, str] | None = None) -> None:
    """Write a score, played once, as a sound file in the format of its suffix. Raise FaultError if a program fails."""
    write_sound(PLAYERS[sound](score), SAMPLE_RATE, out, seconds=score.seconds, fade=fade_seconds(score), tags=tags)
