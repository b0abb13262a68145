"""How often the beat finder finds the tempo and the bars that a file states, from the onsets of its arrangement alone.

`python -m benchmarks.importing.beats FOLDER` takes a fixed choice of the MIDI files in a folder that state one tempo and keep to
it. Half of the games are for tuning, half are held out. A tempo is right within 4 %, as Gouyon and others (2006) count
it; half, double and other multiples are wrong. `--fit` finds the weights of `models.music.beats` anew on the tuning half.
`python -m benchmarks.importing.beats SONG.mid --picture OUT.png` draws a song with the grid that is found in it.
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
"""Of the stated tempo: what still counts as right."""
NEAR = 1 / 4
"""Of a beat: how far from a stated bar line a found one may be."""
RATIOS = {"right": 1.0, "half": 1 / 2, "double": 2.0, "2/3": 2 / 3, "3/2": 3 / 2, "3/4": 3 / 4, "4/3": 4 / 3}
"""The found tempo as a multiple of the stated one."""
SHOWN_SECONDS = 24
"""Of a song in its picture: as many as leave room for the lines of the beats."""


@dataclass(frozen=True, slots=True)
class Song:
    """A song whose grid is known. score: its arrangement, without a grid. tuning: whether its game is of that half."""

    score: Score
    stated: Grid
    tuning: bool


def songs(folder: Path, count: int, seed: int) -> Iterator[Song]:
    """The first `count` files, in an order of the seed's, that state a grid and are not the console's own."""
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
    """The commonest time between two onsets up to four seconds apart, doubled or halved into 90 to 180 BPM."""
    between = np.arange(21, 241)
    beat = float(between[int(np.argmax(_autocorrelation(score)[between]))])
    while beat > 40:
        beat /= 2
    return Grid.from_beat(round(16 * beat))


def pulse_salience(score: Score) -> Grid:
    """The autocorrelation of the onsets times Parncutt's (1994) salience of a pulse: 0.6 s, 0.2 decades wide."""
    lags = np.arange(10, 121)
    salience = np.exp(-0.5 * (np.log10(lags / FRAMES_PER_SECOND / 0.6) / 0.2) ** 2)
    return Grid.from_beat(16 * int(lags[int(np.argmax(_autocorrelation(score)[lags] * salience))]))


def _autocorrelation(score: Score) -> Array:
    """Of the onsets, each smeared over a frame to both sides [frames, at least 241]."""
    onsets = np.zeros(max(score.frames + 2, 242))
    for _, note in score.notes():
        onsets[note.start : note.start + 3] += (0.5, 1, 0.5)
    power = np.abs(np.fft.rfft(onsets, 2 * len(onsets))) ** 2
    return np.fft.irfft(power)[: len(onsets)]


def row_clock(score: Score) -> Grid:
    """The beat of the row clock, in one octave, and bars of four from the first beat: what tokens count on."""
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
    """Which of `RATIOS` the found tempo is, or "other"."""
    times = stated.beat_frames / found.beat_frames
    return next((name for name, ratio in RATIOS.items() if abs(times / ratio - 1) <= WITHIN), "other")


def same_octave(found: Grid, stated: Grid) -> bool:
    """Whether the tempos are the same or doubled or halved, once or more often."""
    octaves = np.log2(found.beat_frames / stated.beat_frames)
    return bool(abs(2 ** (octaves - np.round(octaves)) - 1) <= WITHIN)


def same_bars(found: Grid, stated: Grid, frames: int) -> bool:
    """Whether tempo and meter are right and the found bar line nearest the song's middle is near a stated one."""
    if ratio_of(found, stated) != "right" or found.beats_a_bar != stated.beats_a_bar:
        return False
    bar = found.beat_frames * found.beats_a_bar
    line = found.start + round((frames / 2 - found.start) / bar) * bar
    stated_bar = stated.beat_frames * stated.beats_a_bar
    away = (line - stated.start + stated_bar / 2) % stated_bar - stated_bar / 2
    return bool(abs(away) <= NEAR * stated.beat_frames)


def report(chosen: Sequence[Song]) -> None:
    """Print the table of some songs: shares, and the bars of those that state three or four beats."""
    print(f"{'':38}" + "".join(f"{name:>8}" for name in (*RATIOS, "other", "octave", "bars", "ms")))
    for name, finder in FINDERS.items():
        began = time.process_time()
        found = [finder(song.score) for song in chosen]
        _print_row(name, chosen, found, 1000 * (time.process_time() - began) / len(chosen))
        if name == OURS:
            plain = [
                replace(grid, start=min(note.start for _, note in song.score.notes()), beats_a_bar=4)
                for grid, song in zip(found, chosen, strict=True)
            ]
            _print_row("  its tempo, 4/4 from the first onset", chosen, plain, 0.0)
            report_meters(chosen, found)


def _print_row(name: str, chosen: Sequence[Song], found: Sequence[Grid], spent: float) -> None:
    pairs = list(zip(found, chosen, strict=True))
    ratios = Counter(ratio_of(grid, song.stated) for grid, song in pairs)
    octave = sum(same_octave(grid, song.stated) for grid, song in pairs)
    barred = [
        same_bars(grid, song.stated, song.score.frames) for grid, song in pairs if song.stated.beats_a_bar in (3, 4)
    ]
    shares = [ratios[ratio] / len(pairs) for ratio in (*RATIOS, "other")]
    shares += [octave / len(pairs), sum(barred) / max(1, len(barred))]
    print(f"{name:38}" + "".join(f"{share:8.1%}" for share in shares) + f"{spent:8.0f}")


def report_meters(chosen: Sequence[Song], found: Sequence[Grid]) -> None:
    """Print which meters were found for which stated ones, where the tempo was right, and the bars there."""
    pairs = [(grid, song) for grid, song in zip(found, chosen, strict=True) if ratio_of(grid, song.stated) == "right"]
    meters = Counter((song.stated.beats_a_bar, grid.beats_a_bar) for grid, song in pairs)
    said = ", ".join(f"{stated} and {ours}: {count}" for (stated, ours), count in sorted(meters.items()))
    print(f"beats a bar stated and found, where the tempo is right: {said}")
    bars_right = sum(same_bars(grid, song.stated, song.score.frames) for grid, song in pairs)
    print(f"bars right where the tempo is: {bars_right} of {len(pairs)}")


def report_fit(chosen: Sequence[Song]) -> None:
    """Print the weights that suit some songs best; bars are fitted with the right tempo."""
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
        print(f"weights that {len(choices)} songs suggest")
        for name, weight in zip(names, fit(choices), strict=True):
            print(f"  {name}: {weight:.2f}")


def _away(meter: int, start: float, beat: float, song: Song) -> float:
    """Frames from a candidate's bar line in the middle of the song to a stated one; infinite with another meter."""
    if meter != song.stated.beats_a_bar:
        return float("inf")
    bar = song.stated.beat_frames * meter
    line = start + round((song.score.frames / 2 - start) / (meter * beat)) * meter * beat
    return float(abs((line - song.stated.start + bar / 2) % bar - bar / 2))


# --- the picture --------------------------------------------------------------------------------------------------


def picture(file: Path, out: Path) -> None:
    """Draw the beginning of a song's arrangement on the grid that is found in all of it. Raises InputError."""
    imported = import_midi(file.read_bytes())
    score = replace(reductions(imported, 1, 0)[0], grid=None, loop=None)
    grid = find_grid(score)
    said = f"found: {grid.bpm:.1f} BPM in {grid.beats_a_bar}"
    if imported.grid:
        said += f", stated: {imported.grid.bpm:.1f} in {imported.grid.beats_a_bar}"
    shown = _beginning(score, SHOWN_SECONDS * FRAMES_PER_SECOND)
    write_tune_picture(replace(shown, grid=grid), out, file.stem, said)


def _beginning(score: Score, frames: int) -> Score:
    """The first frames of a score, the notes that go on cut."""
    lines = (tuple(_cut(note, frames) for note in line if note.start < frames) for line in score.channels)
    return Score(tuple(lines), min(score.frames, frames))


def _cut(note: Note, end: int) -> Note:
    room = min(note.end, end) - note.start
    volume = tuple(change for change in note.volume if change[0] < room)
    return Note(note.start, note.start + room, note.pitch, volume, tuple(c for c in note.duty if c[0] < room))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="MIDI files, in folders by game; one file for a picture")
    parser.add_argument("--files", type=int, default=900, help="songs with a stated tempo, of both halves")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of files")
    parser.add_argument("--fit", action="store_true", help="print the weights that the tuning half suggests")
    parser.add_argument("--picture", type=Path, metavar="OUT")
    asked = parser.parse_args()
    if asked.picture:
        picture(asked.source, asked.picture)
        return
    chosen = list(songs(asked.source, asked.files, asked.seed))
    halves = [[song for song in chosen if song.tuning is tuning] for tuning in (True, False)]
    if asked.fit:
        report_fit(halves[0])
    for title, half in zip(("tuning", "held out"), halves, strict=True):
        if half:
            print(f"\n{title}: {len(half)} songs, stated {_tempos(half)}")
            report(half)


def _tempos(chosen: Sequence[Song]) -> str:
    bpm = np.percentile([tempo_bpm(song.stated.beat_frames) for song in chosen], (0, 5, 50, 95, 100))
    least, low, middle, high, most = (round(one) for one in bpm)
    return f"{least} to {most} BPM, the middle {middle}, nine in ten from {low} to {high}"


if __name__ == "__main__":
    main()
