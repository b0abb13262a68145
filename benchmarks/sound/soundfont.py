"""How exact the soundfont is, measured on scales that FluidSynth plays, and how fast sound and video are made.

    python -m benchmarks.sound.soundfont [TUNE.mid] [--octaves]

Prints the tables of docs/sound.md. A MIDI file is timed as well. `--octaves` measures one note of each octave, and
every fifth volume and noise period, in place of all.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generator.apu.tuning import CPU_CLOCK, frequency
from generator.pictures.scope_film import write_scope_film
from generator.sound.fluidsynth_audio import SAMPLE_RATE, read_wav, render_tune, render_wav
from generator.sound.waveforms import NOISE_CYCLES
from models.music.midi import midi_bytes, read_score, to_midi
from models.music.score import CHANNELS, NO, P1, TR, Note, Score

STEP, SOUNDING = 60, 54
"""Frames from one note to the next, and how long each sounds."""
PAD = 8
"""Factor by which sounds are padded with zeros for a finer spectrum."""
SPEED_SECONDS = 120

Samples = NDArray[np.float64]


def played(channel: int, notes: list[tuple[int, int, int]]) -> list[Samples]:
    """Return the sound of each (pitch, volume, duty), played one per second, without its onset and its end."""
    line = tuple(
        Note(i * STEP, i * STEP + SOUNDING, pitch, ((0, volume),), ((0, duty),))
        for i, (pitch, volume, duty) in enumerate(notes)
    )
    score = Score(tuple(line if i == channel else () for i in range(len(CHANNELS))), len(notes) * STEP)
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        midi.write_bytes(midi_bytes(to_midi(score)))
        render_wav(midi, wav)
        sound = read_wav(wav)[0].mean(axis=1) / 32_768
    return [sound[i * SAMPLE_RATE + 4_410 : i * SAMPLE_RATE + 37_485] for i in range(len(notes))]


def power(sound: Samples) -> tuple[Samples, Samples]:
    """Return frequencies in Hz and the power at each, with a Blackman window."""
    spectrum: Samples = np.abs(np.fft.rfft(sound * np.blackman(len(sound)), PAD * len(sound))) ** 2
    return np.arange(len(spectrum)) * SAMPLE_RATE / (PAD * len(sound)), spectrum


def cents(sound: Samples, expected: float) -> float:
    """Return how far the first partial is from the expected frequency, in cents."""
    hertz, spectrum = power(sound)
    near = np.flatnonzero(np.abs(hertz - expected) < expected / 24)
    peak = near[spectrum[near].argmax()]
    a, b, c = np.log(spectrum[peak - 1 : peak + 2])
    measured = (peak + 0.5 * (a - c) / (a - 2 * b + c)) * hertz[1]
    return float(1200 * np.log2(measured / expected))


def between(sound: Samples, pitch: float) -> float:
    """Return the power outside of all partials (aliases, clicks in a loop), in dB below the whole."""
    hertz, spectrum = power(sound)
    away = np.abs(hertz / pitch - np.round(hertz / pitch)) * pitch > 12
    return float(10 * np.log10(spectrum[away].sum() / spectrum.sum()))


def print_pitches(step: int = 1) -> None:
    """Print tuning and purity of every `step`th note of the pulses and the triangle."""
    print("| waveform | notes | cents off, median | worst | between the partials, worst |")
    print("| --- | --- | --- | --- | --- |")
    voices = [(f"pulse {name} %", P1, duty) for duty, name in enumerate(("12.5", "25", "50", "75"))]
    for name, channel, duty in [*voices, ("triangle", TR, 0)]:
        spec = CHANNELS[channel]
        keys = range(spec.lowest, spec.highest + 1, step)
        sounds = played(channel, [(key, 15, duty) for key in keys])
        off = np.abs([cents(sound, frequency(key)) for key, sound in zip(keys, sounds, strict=True)])
        worst = max(between(sound, frequency(key)) for key, sound in zip(keys, sounds, strict=True))
        print(f"| {name} | {keys[0]} to {keys[-1]} | {np.median(off):.2f} | {off.max():.2f} | {worst:.0f} dB |")


def print_volumes(step: int = 1) -> None:
    """Print the level of every `step`th volume beside the DAC's, which is proportional."""
    print("\n| volume | pulse, dB | noise, dB | wanted, dB |\n| --- | --- | --- | --- |")
    steps = range(15, 0, -step)
    pulse = [sound.std() for sound in played(P1, [(69, volume, 2) for volume in steps])]
    noise = [sound.std() for sound in played(NO, [(12, volume, 0) for volume in steps])]
    for i, volume in enumerate(steps):
        levels = [20 * np.log10(x) for x in (pulse[i] / pulse[0], noise[i] / noise[0], volume / 15)]
        print(f"| {volume} | " + " | ".join(f"{x:.2f}" for x in levels) + " |")


def print_noises(step: int = 1) -> None:
    """Print the spectrum of every `step`th period. A held step of noise has its first zero at the rate of the steps."""
    print("\n| period | steps a second | long: power under half of that | short: repeats at | wanted |")
    print("| --- | --- | --- | --- | --- |")
    registers = range(0, 16, step)
    long, short = (played(NO, [(16 - i, 15, mode) for i in registers]) for mode in (0, 1))
    for sound, repeated, register in zip(long, short, registers, strict=True):
        rate = CPU_CLOCK / NOISE_CYCLES[register]
        hertz, spectrum = power(sound)
        share = spectrum[hertz < rate / 2].sum() / spectrum.sum()
        tone = rate / 93
        repeats = f"{tone * 2 ** (cents(repeated, tone) / 1200):.2f} Hz" if tone < SAMPLE_RATE / 2 else "-"
        print(f"| {register} | {rate:,.0f} | {100 * share:.0f} % | {repeats} | {tone:.2f} Hz |")


def print_speed(score: Score, seconds: float = SPEED_SECONDS) -> None:
    """Print how fast sound and video are made. seconds: the music, the score repeated as often as needed."""
    copies = max(1, round(seconds / score.seconds))
    channels = tuple(
        tuple(
            Note(n.start + i * score.frames, n.end + i * score.frames, n.pitch, n.volume, n.duty)
            for i in range(copies)
            for n in notes
        )
        for notes in score.channels
    )
    longer = Score(channels, copies * score.frames, score.grid)
    print(f"\n{longer.seconds:.0f} s of music:\n\n| | wall clock | times real time | processor | the same by it |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        midi, wav, ogg, mp4 = (Path(folder) / f"tune.{suffix}" for suffix in ("mid", "wav", "ogg", "mp4"))
        midi.write_bytes(midi_bytes(to_midi(longer)))
        render_tune(midi, ogg, 2.0)  # builds the soundfont and loads the meter
        _timed("WAV, FluidSynth alone", lambda: render_wav(midi, wav), longer.seconds)
        _timed("OGG", lambda: render_tune(midi, ogg, longer.seconds), longer.seconds)
        _timed("MP4", lambda: write_scope_film(longer, "Speed", mp4), longer.seconds)
        print(f"\nThe OGG has {ogg.stat().st_size / 1e6:.1f} MB, the MP4 {mp4.stat().st_size / 1e6:.1f} MB.")


def _timed(name: str, work: Callable[[], None], seconds: float) -> None:
    """Time some work and print a row of the table."""
    before, began = _processor(), time.perf_counter()
    work()
    wall, processor = time.perf_counter() - began, _processor() - before
    print(f"| {name} | {wall:.1f} s | {seconds / wall:.1f} | {processor:.1f} s | ", end="")
    print(f"{seconds / processor:.1f} on one core, {2 * seconds / processor:.1f} on two |")


def _processor() -> float:
    """Return seconds of processor time, child processes included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tune", type=Path, nargs="?", help="a MIDI file to time")
    parser.add_argument("--octaves", action="store_true", help="measure few notes, volumes and periods")
    parser.add_argument("--seconds", type=float, default=SPEED_SECONDS, help="of music to time")
    options = parser.parse_args(arguments)
    print_pitches(12 if options.octaves else 1)
    print_volumes(5 if options.octaves else 1)
    print_noises(5 if options.octaves else 1)
    if options.tune:
        print_speed(read_score(options.tune), options.seconds)


if __name__ == "__main__":
    main()
