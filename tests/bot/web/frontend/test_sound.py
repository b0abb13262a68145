"""The page's sound against the exact path of the server: one score, played by both, measured in the same way.

The page's samples come from its worklet in Chromium, the server's from Game Music Emu, which plays an NSF. Each channel
is measured alone, because Game Music Emu adds the channels up, and the page has the console's non-linear mixer.
"""

from __future__ import annotations

import base64
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from generator.apu.tuning import CPU_CLOCK, PULSE_DIVIDER, TRIANGLE_DIVIDER, period_register
from generator.sound.fluidsynth_audio import SAMPLE_RATE
from generator.sound.playback import play_chip
from models.music.score import FRAMES_PER_SECOND, NO, P1, P2, TR, Note, Score
from tests.bot.web.frontend.conftest import Player

PAGE_RATE = 48_000
LENGTH, GAP = 40, 10
"""Frames of a note, and of the rest after it."""
PITCHES = (33, 45, 57, 64, 76, 84)
HARMONICS = 5
AUDIBLE = 0.01
"""Harmonics weaker than this, as a share of the first, are not compared: a pulse of 50 % has no even ones."""
DECIBELS, CENTS, ONSET_SECONDS = 1.0, 5.0, 0.020

Samples = NDArray[np.float64]


def score_of(channel: int, pitches: tuple[int, ...], duties: tuple[int, ...] = (0,)) -> Score:
    """Return a score that plays pitches on one channel, with rests between them and the duties in turn."""
    notes = tuple(
        Note(i * (LENGTH + GAP) + GAP, (i + 1) * (LENGTH + GAP), pitch, ((0, 15),), ((0, duties[i % len(duties)]),))
        for i, pitch in enumerate(pitches)
    )
    frames = len(pitches) * (LENGTH + GAP) + GAP
    return Score(tuple(notes if i == channel else () for i in range(4)), frames, None, "Scale")


def play_page(player: Player, score: Score) -> Samples:
    """Return what the page plays, as WAV would hold it."""
    player.load(score)
    script = """samples().then(samples => {
      const bytes = new Uint8Array(samples.buffer);
      let text = "";
      for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
      return btoa(text);
    })"""
    return np.frombuffer(base64.b64decode(player.call(script)), np.float32).astype(np.float64)


def part_of(samples: Samples, rate: int, note: Note) -> Samples:
    """Return the middle of a note, which has no attack and no end."""
    start, end = (frame / FRAMES_PER_SECOND for frame in (note.start + 10, note.end - 2))
    return samples[round(start * rate) : round(end * rate)]


def harmonics(part: Samples, rate: int, expected: float) -> tuple[float, Samples]:
    """Return the fundamental in Hz, found near the expected one, and the amplitudes of the first harmonics."""
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), size))
    step = rate / size
    near = slice(int(expected * 0.97 / step), int(expected * 1.03 / step) + 2)
    peak = near.start + int(np.argmax(spectrum[near]))
    frequency = peak * step
    amplitudes = []
    for number in range(1, HARMONICS + 1):
        middle = number * peak
        reach = max(2, round(3 / step))
        amplitudes.append(spectrum[middle - reach : middle + reach + 1].max() / len(part))
    return frequency, np.array(amplitudes)


def onsets(samples: Samples, rate: int, score: Score, channel: int) -> list[float]:
    """Return when each note begins to sound, in seconds: the first moment louder than a tenth of the loudest."""
    loud = np.abs(samples - np.median(samples)) > 0.1 * np.abs(samples).max()
    found = []
    for note in score.channels[channel]:
        begin = round((note.start - GAP / 2) / FRAMES_PER_SECOND * rate)
        found.append((begin + int(np.argmax(loud[begin:]))) / rate)
    return found


@pytest.mark.parametrize(("channel", "duties"), [(P1, (0, 1)), (P2, (2, 3)), (TR, (0,))])
def test_pitches_spectra_and_onsets_are_those_of_the_server(
    player: Player, channel: int, duties: tuple[int, ...]
) -> None:
    score = score_of(channel, PITCHES, duties)
    page, server = play_page(player, score), play_chip(score)
    gains = []
    for note in score.channels[channel]:
        divider = TRIANGLE_DIVIDER if channel == TR else PULSE_DIVIDER
        frequency = CPU_CLOCK / (divider * (period_register(channel, note.pitch) + 1))
        ours, mine = harmonics(part_of(page, PAGE_RATE, note), PAGE_RATE, frequency)
        theirs, yours = harmonics(part_of(server, SAMPLE_RATE, note), SAMPLE_RATE, frequency)
        assert abs(1200 * np.log2(ours / theirs)) < CENTS
        heard = yours > AUDIBLE * yours[0]
        gains.append(20 * np.log10(mine[heard] / yours[heard]))
    every = np.concatenate(gains)
    assert np.ptp(every) / 2 < DECIBELS, [np.round(gain - np.mean(every), 2) for gain in gains]
    apart = np.subtract(onsets(page, PAGE_RATE, score, channel), onsets(server, SAMPLE_RATE, score, channel))
    assert np.abs(apart).max() < ONSET_SECONDS


def test_the_long_noise_has_the_server_s_spectrum(player: Player) -> None:
    score = score_of(NO, (4, 8, 11, 13))
    page, server = play_page(player, score), play_chip(score)
    edges = np.geomspace(150, 12_000, 8)
    gains = []
    for note in score.channels[NO]:
        powers = []
        for samples, rate in ((page, PAGE_RATE), (server, SAMPLE_RATE)):
            part = part_of(samples, rate, note)
            power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2 / len(part) / rate
            at = np.fft.rfftfreq(len(part), 1 / rate)
            powers.append([power[(at >= low) & (at < high)].mean() for low, high in pairwise(edges)])
        gains.append(10 * np.log10(np.array(powers[0]) / powers[1]))
    apart = np.abs(np.array(gains) - np.median(gains))
    assert np.median(apart) < DECIBELS, np.round(apart, 2)
    assert apart.max() < 4 * DECIBELS, np.round(apart, 2)  # noise is random, and half a second of it is measured


def test_the_short_noise_repeats_as_the_server_s_does(player: Player) -> None:
    """It has one of many sequences of 93 steps, which one depends on chance: so the spectra may differ."""
    score = score_of(NO, (10, 12, 13), (1,))
    page, server = play_page(player, score), play_chip(score)
    for note, cycles in zip(score.channels[NO], (128, 64, 32), strict=True):
        for samples, rate in ((page, PAGE_RATE), (server, SAMPLE_RATE)):
            part = part_of(samples, rate, note)
            spectrum = np.abs(np.fft.rfft(part - part.mean(), 2 * len(part))) ** 2
            alike = np.fft.irfft(spectrum)
            lag = round(93 * cycles / CPU_CLOCK * rate)
            assert alike[lag - 1 : lag + 2].max() > 0.6 * alike[0]  # the lag is a whole number of samples


def test_volumes_and_mixing_are_the_chip_s(player: Player) -> None:
    """The mixer is not linear: two pulses together are quieter than the sum of both."""
    levels = {}
    for name, channels in {"one": (P1,), "two": (P1, P2)}.items():
        note = Note(10, 60, 57, ((0, 15),), ((0, 2),))
        score = Score(tuple((note,) if i in channels else () for i in range(4)), 70)
        levels[name] = np.ptp(part_of(play_page(player, score), PAGE_RATE, note))

    def pulse(level: int) -> float:
        return 95.88 / (8128 / level + 100)

    # Two pulses that begin together go up and down together.
    assert levels["two"] / levels["one"] == pytest.approx(pulse(30) / pulse(15), rel=0.02)
