"""How often the beat finder finds the tempo and the bars that a file states, from the onsets of its arrangement alone.

    python -m benchmarks.importing.beats FOLDER [--files N] [--seed N] [--fit]
    python -m benchmarks.importing.beats SONG.mid --picture OUT.png

Draws MIDI files that state one tempo and keep to it. Half of the games are for tuning, half are held out. A tempo is
right within 4 %, as in Gouyon and others (2006); half, double and other multiples are wrong. `--fit` finds the weights
of `models.music.beats` on the tuning half. `--picture` draws a song with the grid that is found in it.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from benchmarks.importing.conditional_logit import Choice, fit
from generator.arranging.arrange import reductions
from generator.importing.importer import import_midi
from generator.pictures.tune_picture import write_tune_picture
from generator.protocol.errors import InputError
from models.music.beats import (
    BAR_WEIGHTS,
    BEAT_MULTIPLES,
    BEAT_WEIGHTS,
    bar_candidates,
    bar_features,
    beat_features,
    find_grid,
)
from models.music.grid import find_clock, tempo_bpm
from models.music.onsets import Onsets
from models.music.score import FRAMES_PER_SECOND, Grid, Note, Score

Array = npt.NDArray[np.float64]

WITHIN = 0.04
"""The share of the stated tempo by which a right one may be off."""
NEAR = 1 / 4
"""The share of a beat by which a right bar line may be off."""
RATIOS = {"right": 1.0, "half": 1 / 2, "double": 2.0, "2/3": 2 / 3, "3/2": 3 / 2, "3/4": 3 / 4, "4/3": 4 / 3}
"""Names for the found tempo as a multiple of the stated one."""
SHOWN_SECONDS = 24
"""Seconds of a song in its picture; more would leave no room between the lines of the beats."""


@dataclass(frozen=True, slots=True)
class Song:
    """A song that states its grid. score: its arrangement, without a grid. tuning: whether its game is for tuning."""

    score: Score
    stated: Grid
    tuning: bool


def songs(folder: Path, count: int, seed: int) -> Iterator[Song]:
    """Yield the first `count` files, in the order that the seed draws, that state a grid and are not NES-MDB's."""
    files = sorted(folder.rglob("*.mid"))
    random.Random(seed).shuffle(files)
    with tqdm(total=count, unit="song") as progress:
        for file in files:
            if progress.n == count:
                return
            song = _song(file, file.parent.relative_to(folder).as_posix())
            if song:
                progress.update()
                yield song


def _song(file: Path, game: str) -> Song | None:
    try:
        imported = import_midi(file.read_bytes())
    except InputError:
        return None
    if imported.grid is None or imported.score is not None:
        return None
    scores = reductions(imported, 1, 0)
    if not scores:
        return None
    tuning = hashlib.sha256(game.encode()).digest()[0] % 2 == 0
    return Song(replace(scores[0], grid=None), imported.grid, tuning)


# --- the finders --------------------------------------------------------------------------------------------------

Finder = Callable[[Score], Grid]


def intervals(score: Score) -> Grid:
    """Return the most common time between two onsets up to four seconds apart, doubled or halved into 90 to 180 BPM."""
    between = np.arange(21, 241)
    beat = float(between[int(np.argmax(_autocorrelation(score)[between]))])
    while beat > 40:
        beat /= 2
    return Grid.from_beat(round(16 * beat))


def pulse_salience(score: Score) -> Grid:
    """Return the peak of autocorrelation times Parncutt's (1994) pulse salience: 0.6 s, 0.2 decades wide."""
    lags = np.arange(10, 121)
    salience = np.exp(-0.5 * (np.log10(lags / FRAMES_PER_SECOND / 0.6) / 0.2) ** 2)
    return Grid.from_beat(16 * int(lags[int(np.argmax(_autocorrelation(score)[lags] * salience))]))


def _autocorrelation(score: Score) -> Array:
    """Return the autocorrelation of the onsets, each widened by a frame on both sides: [frames], at least 241."""
    onsets = np.zeros(max(score.frames + 2, 242))
    for _, note in score.notes():
        onsets[note.start : note.start + 3] += (0.5, 1, 0.5)
    power = np.abs(np.fft.rfft(onsets, 2 * len(onsets))) ** 2
    return np.fft.irfft(power)[: len(onsets)]


def row_clock(score: Score) -> Grid:
    """Return the beat of the row clock, in one octave, with bars of four from the first beat, as the tokens have it."""
    return find_clock(score).to_grid()


OURS = "models.music.beats"
FINDERS: dict[str, Finder] = {
    "intervals between onsets, 90-180 BPM": intervals,
    "autocorrelation x pulse salience": pulse_salience,
    "row clock, 90-180 BPM": row_clock,
    OURS: find_grid,
}


# --- what is counted ----------------------------------------------------------------------------------------------


def ratio_of(found: Grid, stated: Grid) -> str:
    """Return the name in `RATIOS` of the found tempo, or "other"."""
    times = stated.beat_frames / found.beat_frames
    return next((name for name, ratio in RATIOS.items() if abs(times / ratio - 1) <= WITHIN), "other")


def same_octave(found: Grid, stated: Grid) -> bool:
    """Return whether the tempos are equal after doubling or halving any number of times."""
    octaves = np.log2(found.beat_frames / stated.beat_frames)
    return bool(abs(2 ** (octaves - np.round(octaves)) - 1) <= WITHIN)


def same_bars(found: Grid, stated: Grid, frames: int) -> bool:
    """Return whether tempo and meter are right, and the bar line nearest to the song's middle is near a stated one."""
    if ratio_of(found, stated) != "right" or found.meter != stated.meter:
        return False
    bar = found.bar_frames
    line = found.start + round((frames / 2 - found.start) / bar) * bar
    stated_bar = stated.bar_frames
    away = (line - stated.start + stated_bar / 2) % stated_bar - stated_bar / 2
    return bool(abs(away) <= NEAR * stated.beat_frames)


def report(chosen: Sequence[Song]) -> None:
    """Print the table of some songs. Bars are counted for songs that state three or four beats per bar."""
    print(f"{'':38}" + "".join(f"{name:>8}" for name in (*RATIOS, "other", "octave", "bars", "ms")))
    for name, finder in FINDERS.items():
        began = time.process_time()
        found = [finder(song.score) for song in chosen]
        _print_row(name, chosen, found, 1000 * (time.process_time() - began) / len(chosen))
        if name == OURS:
            plain = [
                replace(grid, start=min(note.start for _, note in song.score.notes()), upper=4, lower=4)
                for grid, song in zip(found, chosen, strict=True)
            ]
            _print_row("  its tempo, 4/4 from the first onset", chosen, plain, 0.0)
            report_meters(chosen, found)


def _print_row(name: str, chosen: Sequence[Song], found: Sequence[Grid], spent: float) -> None:
    pairs = list(zip(found, chosen, strict=True))
    ratios = Counter(ratio_of(grid, song.stated) for grid, song in pairs)
    octave = sum(same_octave(grid, song.stated) for grid, song in pairs)
    barred = [
        same_bars(grid, song.stated, song.score.frames) for grid, song in pairs if song.stated.meter in ((3, 4), (4, 4))
    ]
    shares = [ratios[ratio] / len(pairs) for ratio in (*RATIOS, "other")]
    shares += [octave / len(pairs), sum(barred) / max(1, len(barred))]
    print(f"{name:38}" + "".join(f"{share:8.1%}" for share in shares) + f"{spent:8.0f}")


def report_meters(chosen: Sequence[Song], found: Sequence[Grid]) -> None:
    """Print which meters are found for which stated ones, and how many bars are right, if the tempo is right."""
    pairs = [(grid, song) for grid, song in zip(found, chosen, strict=True) if ratio_of(grid, song.stated) == "right"]
    meters = Counter((song.stated.meter, grid.meter) for grid, song in pairs)
    meters_text = ", ".join(f"{stated} and {ours}: {count}" for (stated, ours), count in sorted(meters.items()))
    print(f"beats per bar stated and found, if the tempo is right: {meters_text}")
    bars_right = sum(same_bars(grid, song.stated, song.score.frames) for grid, song in pairs)
    print(f"bars right if the tempo is: {bars_right} of {len(pairs)}")


def report_fit(chosen: Sequence[Song]) -> None:
    """Print the weights that fit some songs best. Bars are fitted with the right tempo."""
    beats: list[Choice] = []
    barred: list[Choice] = []
    for song in chosen:
        clock, heard = find_clock(song.score), Onsets(song.score)
        ratio = song.stated.beat_frames / clock.beat_frames
        right = int(np.argmin([abs(multiple / ratio - 1) for multiple in BEAT_MULTIPLES]))
        beat = BEAT_MULTIPLES[right] * clock.beat_frames
        if abs(BEAT_MULTIPLES[right] / ratio - 1) > WITHIN:
            continue
        beats.append(
            Choice(np.array([beat_features(heard, clock.beat_frames * each) for each in BEAT_MULTIPLES]), right)
        )
        candidates = bar_candidates(clock, beat)
        away = [_away(meter, start, beat, song) for meter, start in candidates]
        if min(away) <= NEAR * beat:
            barred.append(Choice(bar_features(heard, beat, candidates), int(np.argmin(away))))
    for names, choices in ((BEAT_WEIGHTS, beats), (BAR_WEIGHTS, barred)):
        print(f"weights that fit {len(choices)} songs")
        for name, weight in zip(names, fit(choices), strict=True):
            print(f"  {name}: {weight:.2f}")


def _away(meter: int, start: float, beat: float, song: Song) -> float:
    """Return the frames from a candidate's bar line in mid-song to a stated one; infinite for another meter."""
    if (meter, 4) != song.stated.meter:
        return float("inf")
    bar = song.stated.beat_frames * meter
    line = start + round((song.score.frames / 2 - start) / (meter * beat)) * meter * beat
    return float(abs((line - song.stated.start + bar / 2) % bar - bar / 2))


# --- the picture --------------------------------------------------------------------------------------------------


def picture(file: Path, out: Path) -> None:
    """Draw the beginning of a song's arrangement on the grid that is found in all of it. Raise InputError."""
    imported = import_midi(file.read_bytes())
    score = replace(reductions(imported, 1, 0)[0], grid=None, loop=None)
    grid = find_grid(score)
    caption = f"found: {grid.bpm:.1f} BPM in {grid.upper}/{grid.lower}"
    if imported.grid:
        caption += f", stated: {imported.grid.bpm:.1f} in {imported.grid.upper}/{imported.grid.lower}"
    shown = _beginning(score, SHOWN_SECONDS * FRAMES_PER_SECOND)
    write_tune_picture(replace(shown, grid=grid), out, file.stem, caption)


def _beginning(score: Score, frames: int) -> Score:
    """Return the first frames of a score; notes that last longer are cut."""
    lines = (tuple(_cut(note, frames) for note in line if note.start < frames) for line in score.channels)
    return Score(tuple(lines), min(score.frames, frames))


def _cut(note: Note, end: int) -> Note:
    room = min(note.end, end) - note.start
    volume = tuple(change for change in note.volume if change[0] < room)
    return Note(note.start, note.start + room, note.pitch, volume, tuple(c for c in note.duty if c[0] < room))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="MIDI files in a folder per game, or one file for a picture")
    parser.add_argument("--files", type=int, default=900, help="songs of both halves together")
    parser.add_argument("--seed", type=int, default=0, help="draws the files")
    parser.add_argument("--fit", action="store_true", help="print the weights that fit the tuning half")
    parser.add_argument("--picture", type=Path, metavar="OUT")
    options = parser.parse_args(arguments)
    if options.picture:
        picture(options.source, options.picture)
        return
    chosen = list(songs(options.source, options.files, options.seed))
    halves = [[song for song in chosen if song.tuning is tuning] for tuning in (True, False)]
    if options.fit:
        report_fit(halves[0])
    for title, half in zip(("tuning", "held out"), halves, strict=True):
        if half:
            print(f"\n{title}: {len(half)} songs, stated {_tempos(half)}")
            report(half)


def _tempos(chosen: Sequence[Song]) -> str:
    bpm = np.percentile([tempo_bpm(song.stated.beat_frames) for song in chosen], (0, 5, 50, 95, 100))
    least, low, middle, high, most = (round(value) for value in bpm)
    return f"{least} to {most} BPM, median {middle}, nine in ten from {low} to {high}"


if __name__ == "__main__":
    main()
