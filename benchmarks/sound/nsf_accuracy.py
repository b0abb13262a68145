"""How exactly NSF files play their scores: notes are read back in two ways that do not know the score.

    python -m benchmarks.sound.nsf_accuracy FOLDER_OF_MIDI_FILES … [--songs N]

By ear: Game Music Emu plays one channel at a time, and onsets and pitches are read from the samples (`pitch_onsets`,
`noise_onsets`). By program: a 6502 emulator of another project runs the file, and notes are read from its writes to the
chip (`nsf_player`). Every note of the score must have an onset of its own, with its pitch and within one frame. Some of
those without are joined to a note of a single frame that already sounds the same, so that there is nothing to hear.
Onsets that belong to no note are counted too. The last lines show what the console can play at all: its nearest pitches
and the levels of its volumes.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.sound.noise_onsets import listen_to_noise
from benchmarks.sound.nsf_player import read_notes, run
from benchmarks.sound.pitch_onsets import RATE, Array, Heard, listen_to_pulse, listen_to_triangle
from generator.apu.gme import play_nsf
from generator.apu.nsf import SCORE_TICK, to_nsf
from generator.apu.retrigger import is_hidden_repeat, separate_repeats
from generator.apu.tuning import CPU_CLOCK, PULSE_DIVIDER, TRIANGLE_DIVIDER, frequency, period_register
from models.music.midi import read_score
from models.music.score import CHANNEL_NAMES, CHANNELS, FRAMES_PER_SECOND, NO, P1, TR, Note, Score

TOLERANCE = 1.0
"""Frames."""
SLACK = 0.1
"""Frames between the write of a register and the first edge that shows it."""
LONGEST = 60 * FRAMES_PER_SECOND
"""Frames of a tune that are compared."""
STEADY_RATE = 192_000
"""Samples per second for single long notes."""
LISTENERS = (listen_to_pulse, listen_to_pulse, listen_to_triangle, listen_to_noise)

Counts = dict[str, Counter[str]]
"""For each channel the number of notes, of those heard, joined and missed, and of onsets that belong to no note."""


def compare(score: Score, played: bytes | None = None) -> Counts:
    """Count the notes of a score that are heard in an NSF. played: the NSF; the score's own if left out."""
    nsf = played or to_nsf(score, SCORE_TICK)
    seconds = min(score.frames, LONGEST) / FRAMES_PER_SECOND + 0.1
    stems = (play_nsf(nsf, seconds, RATE, channels=(channel,), bass=0.0) for channel in range(len(CHANNELS)))
    heard = (listener(stem) for listener, stem in zip(LISTENERS, stems, strict=True))
    return _count(score, heard, SLACK)


def compare_writes(score: Score, played: bytes | None = None) -> Counts:
    """Count the notes of a score that are read from what the NSF's program writes to the chip."""
    writes = run(played or to_nsf(score, SCORE_TICK), min(score.frames, LONGEST))
    return _count(score, (read_notes(writes, channel) for channel in range(len(CHANNELS))), 0.0)


def _count(score: Score, heard: Iterable[list[Heard]], slack: float) -> Counts:
    """Count notes and onsets. Each onset stands for at most one note."""
    counts = {}
    sounding = separate_repeats(score).channels
    for channel, onsets in enumerate(heard):
        notes = [note for note in score.channels[channel] if note.end <= LONGEST]
        joined = {i + 1 for i, pair in enumerate(pairwise(sounding[channel])) if is_hidden_repeat(*pair)}
        count: Counter[str] = Counter(notes=len(notes))
        free = [onset for onset in onsets if onset.onset < min(score.frames, LONGEST)]
        for i, note in enumerate(notes):
            if hit := _hit(note, free, TOLERANCE + slack):
                free.remove(hit)
            count["heard" if hit else "joined" if i in joined else "missed"] += 1
        count["besides"] = len(free)
        counts[CHANNEL_NAMES[channel]] = count
    return counts


def _hit(note: Note, onsets: list[Heard], reach: float) -> Heard | None:
    """Return the first onset with the note's pitch within `reach` frames of its start."""
    low = bisect_left(onsets, note.start - reach, key=lambda onset: onset.onset)
    high = bisect_right(onsets, note.start + reach, key=lambda onset: onset.onset)
    return next((onset for onset in onsets[low:high] if onset.pitch == note.pitch), None)


def heard_share(counts: Counts) -> float:
    """Return the share of all notes that is heard."""
    total = sum(counts.values(), Counter())
    return total["heard"] / max(1, total["notes"])


def print_pitches() -> None:
    """Print how far heard notes are from the pitch of their period, and each octave from equal temperament."""
    for channel, divider in ((P1, PULSE_DIVIDER), (TR, TRIANGLE_DIVIDER)):
        spec = CHANNELS[channel]
        keys = np.arange(spec.lowest, spec.highest + 1)
        duty = ((0, min(2, spec.duties[1])),)
        notes = tuple(Note(60 * i, 60 * i + 60, int(key), duty=duty) for i, key in enumerate(keys))
        score = Score(tuple(notes if c == channel else () for c in range(4)), 60 * len(keys))
        sound = play_nsf(to_nsf(score, SCORE_TICK), score.seconds, STEADY_RATE, channels=(channel,), bass=0.0)
        heard = np.array(
            [_frequency(part[STEADY_RATE // 10 : -STEADY_RATE // 10]) for part in sound.reshape(len(keys), STEADY_RATE)]
        )
        cents = 1200 * np.log2(heard / [frequency(int(key)) for key in keys])
        periods = CPU_CLOCK / divider / np.array([period_register(channel, int(key)) + 1 for key in keys])
        print(f"{spec.name}: at most {np.abs(1200 * np.log2(heard / periods)).max():.2f} cents from the nearest period")
        for low in range(0, len(keys), 12):
            octave = cents[low : low + 12]
            print(f"  {keys[low]}-{keys[low] + len(octave) - 1}: {octave.min():+.1f} to {octave.max():+.1f} cents")


def _frequency(samples: Array) -> float:
    """Return the frequency of a steady waveform in Hz, by the times at which it rises through its middle."""
    level = samples - (samples.max() + samples.min()) / 2
    at = np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
    times = at - level[at] / (level[at + 1] - level[at])
    return float((len(times) - 1) * STEADY_RATE / (times[-1] - times[0]))


def print_levels() -> None:
    """Print the level of each volume of the pulse and the noise, as a share of the loudest."""
    for channel in (P1, NO):
        notes = tuple(Note(30 * i, 30 * i + 30, 12, ((0, 15 - i),)) for i in range(15))
        notes = notes if channel == NO else tuple(Note(n.start, n.end, 69, n.volume, ((0, 2),)) for n in notes)
        score = Score(tuple(notes if c == channel else () for c in range(4)), 450)
        sound = play_nsf(to_nsf(score, SCORE_TICK), score.seconds, STEADY_RATE, channels=(channel,), bass=0.0)
        parts = sound.reshape(15, -1)[:, STEADY_RATE // 20 : -STEADY_RATE // 20]
        levels = np.percentile(parts, 95, axis=1) - np.percentile(parts, 5, axis=1)
        print(f"{CHANNEL_NAMES[channel]} volumes 15 to 1: {' '.join(f'{level / levels[0]:.3f}' for level in levels)}")


def print_noise() -> None:
    """Print which noise period is heard for each period, in both modes."""
    for mode in (0, 1):
        notes = tuple(Note(10 * i, 10 * i + 10, 16 - i, duty=((0, mode),)) for i in range(16))
        score = Score(((), (), (), notes), 160)
        sound = play_nsf(to_nsf(score, SCORE_TICK), score.seconds + 0.1, RATE, channels=(NO,), bass=0.0)
        heard = {round(note.onset / 10): note.pitch for note in reversed(listen_to_noise(sound)) if note.onset % 10 < 2}
        print(f"no mode {mode}:", " ".join(f"{16 - i}→{heard.get(i, '-')}" for i in range(16)))


def _print_counts(title: str, songs: dict[str, Counts]) -> None:
    total = {name: sum((counts[name] for counts in songs.values()), Counter[str]()) for name in CHANNEL_NAMES}
    print(f"{title}: {heard_share(total):.2%} of {sum(count['notes'] for count in total.values())} notes")
    for name, count in total.items():
        print(f"  {name}: {dict(count)}, {heard_share({name: count}):.2%}")
    least = sorted((heard_share(counts), name) for name, counts in songs.items())[:5]
    print("  least:", ", ".join(f"{share:.1%} {name}" for share, name in least))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the counts of each folder, then what the console can play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--songs", type=int, default=50, help="files of each folder, spread evenly")
    options = parser.parse_args(arguments)
    for folder in options.folders:
        files = sorted(folder.glob("*.mid"))
        files = files[:: max(1, len(files) // options.songs)][: options.songs]
        scores = {file.stem: read_score(file) for file in files}
        for way, count in (("by ear", compare), ("by program", compare_writes)):
            _print_counts(
                f"{folder}, {len(files)} songs, {way}", {name: count(score) for name, score in scores.items()}
            )
    print_pitches()
    print_levels()
    print_noise()


if __name__ == "__main__":
    main()
