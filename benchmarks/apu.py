"""How truly NSFs sound: tunes and songs exported, played by Game Music Emu channel by channel, and listened to.

    python -m benchmarks.apu FOLDER_OF_MIDI_FILES … [--songs N]

A note counts as heard where an onset with its pitch is read from the samples within one frame of it. One too short for
that (less than three periods of its pitch, or ten edges of noise) is left out and counted, and so is one that is joined
to a note of a single frame that already sounds the same. The last lines are what the console can play at all: its
nearest pitches, and the levels of its volumes.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.listening import NOISE_RATE, RATE, Array, listen
from generator.apu.gme import play
from generator.apu.nsf import SCORE_TICK, to_nsf
from generator.apu.registers import PULSE_DIVIDER, TRIANGLE_DIVIDER, parted, period, sound_as_one
from generator.waveforms import CPU_CLOCK, NOISE_CYCLES, frequency
from models.midi import read_score
from models.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND, NO, P1, TR, Note, Score

TOLERANCE = 1.0
"""Frames."""
SLACK = 0.1
"""Frames between a register's write and the first edge that shows it, beside the waveform's own period."""
LONGEST = 60.0
"""Seconds of a tune that are listened to."""
PERIODS, EDGES = 3, 10
"""Fewer periods of its waveform, or fewer edges of noise, do not tell a note's pitch."""


def compare(score: Score, played: bytes | None = None) -> dict[str, Counter[str]]:
    """For each channel how many notes there are, are too short to have a pitch, are joined, heard, and missed.

    played: the NSF that is listened to, the score's own if left out.
    """
    nsf = played or to_nsf(score, SCORE_TICK)
    found = {}
    for channel, name in enumerate(CHANNEL_NAMES):
        rate = NOISE_RATE if channel == NO else RATE
        seconds = min(score.seconds, LONGEST)
        heard = listen(channel, play(nsf, seconds + 0.1, rate, channels=(channel,), bass=0.0))
        onsets = [note.onset for note in heard]
        count: Counter[str] = Counter()
        before: Note | None = None
        for note in parted(score).channels[channel]:
            if note.end > LONGEST * FRAMES_PER_SECOND:
                break
            count["notes"] += 1
            joined = before is not None and sound_as_one(before, note)
            before = note
            if joined or _too_short(channel, note):
                count["joined" if joined else "short"] += 1
                continue
            reach = TOLERANCE + SLACK
            low, high = bisect_left(onsets, note.start - reach), bisect_left(onsets, note.start + reach)
            hit = any(note.pitch == heard[i].pitch for i in range(low, high))
            count["heard" if hit else "missed"] += 1
        found[name] = count
    return found


def _too_short(channel: int, note: Note) -> bool:
    seconds = note.length / FRAMES_PER_SECOND
    if channel == NO:
        return seconds * CPU_CLOCK / NOISE_CYCLES[16 - note.pitch] / 2 < EDGES
    return seconds * frequency(note.pitch) < PERIODS


def heard_share(counts: dict[str, Counter[str]]) -> float:
    """Of the notes that are long enough, the share that is heard."""
    total = sum(counts.values(), Counter())
    return total["heard"] / max(1, total["heard"] + total["missed"])


def print_pitches() -> None:
    """Print how far notes in the sound are from their period's pitch, and each octave's from equal temperament."""
    for channel, divider in ((P1, PULSE_DIVIDER), (TR, TRIANGLE_DIVIDER)):
        spec = CHANNELS[channel]
        keys = np.arange(spec.lowest, spec.highest + 1)
        duty = ((0, min(2, spec.duties[1])),)
        notes = tuple(Note(60 * i, 60 * i + 60, int(key), duty=duty) for i, key in enumerate(keys))
        score = Score(tuple(notes if c == channel else () for c in range(4)), 60 * len(keys))
        sound = play(to_nsf(score, SCORE_TICK), score.seconds, RATE, channels=(channel,), bass=0.0)
        heard = np.array([_frequency(part[RATE // 10 : -RATE // 10]) for part in sound.reshape(len(keys), RATE)])
        cents = 1200 * np.log2(heard / [frequency(int(key)) for key in keys])
        periods = CPU_CLOCK / divider / np.array([period(channel, int(key)) + 1 for key in keys])
        print(f"{spec.name}: at most {np.abs(1200 * np.log2(heard / periods)).max():.2f} cents from the nearest period")
        for low in range(0, len(keys), 12):
            octave = cents[low : low + 12]
            print(f"  {keys[low]}-{keys[low] + len(octave) - 1}: {octave.min():+.1f} to {octave.max():+.1f} cents")


def _frequency(samples: Array) -> float:
    """Hz of a steady waveform, by the times at which it rises through its middle."""
    level = samples - (samples.max() + samples.min()) / 2
    at = np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
    times = at - level[at] / (level[at + 1] - level[at])
    return float((len(times) - 1) * RATE / (times[-1] - times[0]))


def print_levels() -> None:
    """Print the level of each volume of the pulse and the noise, of the loudest's."""
    for channel in (P1, NO):
        notes = tuple(Note(30 * i, 30 * i + 30, 12, ((0, 15 - i),)) for i in range(15))
        notes = notes if channel == NO else tuple(Note(n.start, n.end, 69, n.volume, ((0, 2),)) for n in notes)
        score = Score(tuple(notes if c == channel else () for c in range(4)), 450)
        sound = play(to_nsf(score, SCORE_TICK), score.seconds, RATE, channels=(channel,), bass=0.0)
        parts = sound.reshape(15, -1)[:, RATE // 20 : -RATE // 20]
        levels = np.percentile(parts, 95, axis=1) - np.percentile(parts, 5, axis=1)
        print(f"{CHANNEL_NAMES[channel]} volumes 15 to 1: {' '.join(f'{level / levels[0]:.3f}' for level in levels)}")


def print_noise() -> None:
    """Print which noise period is heard for each, in both modes."""
    for mode in (0, 1):
        notes = tuple(Note(10 * i, 10 * i + 10, 16 - i, duty=((0, mode),)) for i in range(16))
        score = Score(((), (), (), notes), 160)
        sound = play(to_nsf(score, SCORE_TICK), score.seconds + 0.1, NOISE_RATE, channels=(NO,), bass=0.0)
        heard = {round(note.onset / 10): note.pitch for note in reversed(listen(NO, sound)) if note.onset % 10 < 2}
        print(f"no mode {mode}:", " ".join(f"{16 - i}→{heard.get(i, '-')}" for i in range(16)))


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--songs", type=int, default=50, help="of each folder, spread evenly")
    given = parser.parse_args()
    for folder in given.folders:
        files = sorted(folder.glob("*.mid"))
        files = files[:: max(1, len(files) // given.songs)][: given.songs]
        total: dict[str, Counter[str]] = {name: Counter() for name in CHANNEL_NAMES}
        worst = []
        for file in files:
            counts = compare(read_score(file))
            worst.append((heard_share(counts), file.stem))
            for name, count in counts.items():
                total[name] += count
        print(f"{folder}: {len(files)} songs, {heard_share(total):.2%} of the notes heard")
        for name, count in total.items():
            print(f"  {name}: {dict(count)}, {heard_share({name: count}):.2%}")
        print("  least:", ", ".join(f"{share:.1%} {name}" for share, name in sorted(worst)[:5]))
    print_pitches()
    print_levels()
    print_noise()


if __name__ == "__main__":
    main()
