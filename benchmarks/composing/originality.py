"""What unrelated songs share by chance, whether copies are found, what the index costs: the basis of the threshold.

    python -m benchmarks.composing.originality CORPUS … [--index FILE] [--tunes DIR] [--count N] [--seed S]

A CORPUS is a folder made by `chiptune corpus`. The index is made from the training parts of all; the validation part of
the first holds the songs that share notes with it only by chance. Without --index one is made, which takes minutes.
Passages of training songs, one of each kind per song, are then disguised: in another key, at another tempo, later, on
the other pulse, inside a song of the validation part. --tunes also measures a folder of MIDI files, such as the one
that `chiptune quality` leaves.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice
from math import ceil
from pathlib import Path
from random import Random

import numpy as np
from tqdm import tqdm

from generator.composing.originality import MAX_SHARED_NOTES, Index, longest_shared_run
from models.music.score import CHANNELS, FRAMES_PER_SECOND, P1, P2, TR, Note, Score
from models.music.songs import (
    TRAIN_FILE,
    VALID_FILE,
    Song,
    midi_files,
    read_lines,
    read_midi_file,
    read_songs,
    song_from_json,
)
from models.tokens.codec import row_clock

RELATED = (
    "doubledragon3sacredstones",
    "guerrillawar",
    "kungfu",
    "loderunner",
    "nintendoworldchampionships1990",
    "pacman",
    "supermariobros2",
    "supermariobros3",
    "toujinmakyoudenheraclesnoeikou",
    "vsninjajajamarukun",
    "yoshiscookie",
    "zeldanodensetsu",
)
"""Games of NES-MDB's validation part whose series has other games in its training part or in VGMusic. Some of their
songs are the same music."""

EXCERPT = 32 * FRAMES_PER_SECOND
TUNE = 30 * FRAMES_PER_SECOND
LIMITS = (12, 16, 18, 20, 22, 24, 28)
ENOUGH = MAX_SHARED_NOTES + 4
"""Notes that a passage must share with its own song, before it is disguised, to be long enough to be found."""
LONGEST = 16
"""Bars of the longest passage. Shorter songs are not drawn."""
TEMPO, LATEST = 0.06, 10 * FRAMES_PER_SECOND
"""The largest change of tempo of a disguised passage, and the latest frame on which it begins."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS")
    parser.add_argument("--index", type=Path, help="a file of chiptune originality")
    parser.add_argument("--tunes", type=Path, help="a folder of tunes, with tracks p1, p2, tr and no")
    parser.add_argument("--count", type=int, default=400, help="training songs from which passages are taken")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    trains = [corpus / TRAIN_FILE for corpus in options.corpora]
    index = (
        Index.load(options.index) if options.index else Index.build(tqdm(chain.from_iterable(map(read_songs, trains))))
    )
    valid = list(tqdm(read_songs(options.corpora[0] / VALID_FILE), desc="valid"))
    tunes = [read_midi_file(path) for path in midi_files(options.tunes)] if options.tunes else []
    print_chance(valid, tunes, index)
    for train in trains:
        songs = drawn(train, options.count, Random(options.seed))
        print(f"\nOf {train}:")
        print_copies(songs, [song.score for song in valid], index, options.seed)
    print_cost([song.score for song in valid], index)


# --- chance ----------------------------------------------------------------------------------------------------


def print_chance(valid: Sequence[Song], tunes: Sequence[Score], index: Index) -> None:
    """Print two tables of songs that are not in the index: their longest shared runs, and the share over a limit."""
    unrelated = [song.score for song in valid if song.game not in RELATED]
    sides = {
        "songs, all": [song.score for song in valid],
        "songs, unrelated": unrelated,
        "excerpts of 32 s, unrelated": [excerpt for score in unrelated for excerpt in excerpts(score, EXCERPT)],
    }
    if tunes:
        sides["tunes"] = list(tunes)
    longest = {name: measured(scores, index, name) for name, scores in sides.items()}
    print("\n| longest run, notes | how many | median | 90 % | 95 % | 99 % | longest |\n| --- |" + " --- |" * 6)
    for name, runs in longest.items():
        cells = [*np.percentile(runs, (50, 90, 95, 99), method="inverted_cdf"), runs.max()]
        print(f"| {name} | {len(runs)} | {' | '.join(map(str, cells))} |")
    print(f"\n| share over a limit of | {' | '.join(map(str, LIMITS))} |\n| --- |" + " --- |" * len(LIMITS))
    for name, runs in longest.items():
        print(f"| {name} | {' | '.join(f'{np.mean(runs > limit):.2%}' for limit in LIMITS)} |")


def excerpts(score: Score, frames: int) -> list[Score]:
    """Split a score into pieces of `frames` frames. Less than half a piece is dropped; a short score is one piece."""
    starts = range(0, max(1, score.frames - frames // 2), frames)
    return [piece(score, start, min(score.frames, start + frames)) for start in starts]


def measured(scores: Iterable[Score], index: Index, what: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the longest shared run of each score, in notes. Shape: [scores]."""
    return np.array([longest_shared_run(score, index) for score in tqdm(scores, desc=what)], dtype=np.int64)


# --- copies ----------------------------------------------------------------------------------------------------


def print_copies(songs: Sequence[Song], hosts: Sequence[Score], index: Index, seed: int) -> None:
    """Print a table: disguised passages of training songs, and how many of them are found."""
    print(f"\n| passages | drawn | found | with {ENOUGH} notes or more | found |\n| --- | --- | --- | --- | --- |")
    for bars, channels, what in (
        (8, (P1, P2, TR), "8 bars, three channels, alone"),
        (16, (P1, P2, TR), "16 bars, three channels, alone"),
        (8, (P1,), "8 bars of pulse 1, as pulse 2 of another song"),
        (16, (P1,), "16 bars of pulse 1, as pulse 2 of another song"),
        (16, (TR,), "16 bars of the triangle, in another song"),
    ):
        random = Random(seed)
        owns, runs = [], []
        for song in tqdm(songs, desc=what):
            bare = passage(song, bars, channels, random)
            owns.append(longest_shared_run(bare, Index.build([song])))
            copy = disguised(bare, random)
            if len(channels) == 1:
                copy = planted(copy, channels[0], random.choice(hosts))
            runs.append(longest_shared_run(copy, index))
        enough = np.array(owns) >= ENOUGH
        over = np.array(runs) > MAX_SHARED_NOTES
        print(f"| {what} | {len(over)} | {over.mean():.1%} | {enough.sum()} | {_share(over[enough])} |", flush=True)


def _share(over: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    """Return the share of true values as text, or a dash if there are none."""
    return f"{over.mean():.1%}" if len(over) else "-"


def drawn(train: Path, count: int, random: Random) -> list[Song]:
    """Draw songs that are at least as long as the longest passage."""
    lines = list(read_lines(train))
    random.shuffle(lines)
    long = (song for song in map(song_from_json, lines) if song.score.frames >= bar_frames(song) * LONGEST)
    return list(tqdm(islice(long, count), total=count, desc="train"))


def bar_frames(song: Song) -> int:
    """Return the frames of four beats of a song's row clock, rounded up."""
    clock = song.clock or row_clock(song.score)
    return ceil(4 * clock.beat_frames)


def passage(song: Song, bars: int, channels: Sequence[int], random: Random) -> Score:
    """Return some bars of some channels of a song, beginning on a random frame."""
    frames = bar_frames(song) * bars
    start = random.randint(0, song.score.frames - frames)
    return piece(song.score, start, start + frames, channels)


def piece(score: Score, start: int, end: int, channels: Sequence[int] = (P1, P2, TR)) -> Score:
    """Return the notes that begin in frames [start, end) on some channels, without volume and duty."""
    lines: list[tuple[Note, ...]] = [()] * len(CHANNELS)
    for channel in channels:
        notes = [note for note in score.channels[channel] if start <= note.start < end]
        lines[channel] = tuple(Note(n.start - start, min(n.end, end) - start, n.pitch) for n in notes)
    return Score(tuple(lines), end - start)


def disguised(score: Score, random: Random) -> Score:
    """Return a passage in another key, at another tempo and later. Notes that round to no frames are dropped."""
    tempo, late = 1 + random.uniform(-TEMPO, TEMPO), random.randrange(LATEST)
    up = random.choice([up for up in range(-11, 12) if up and _playable(score, up)] or [0])
    lines = [
        tuple(
            Note(late + round(note.start * tempo), late + round(note.end * tempo), note.pitch + up)
            for note in notes
            if round(note.end * tempo) > round(note.start * tempo)
        )
        for notes in score.channels
    ]
    return Score(tuple(lines), late + round(score.frames * tempo))


def _playable(score: Score, up: int) -> bool:
    return all(CHANNELS[c].lowest <= note.pitch + up <= CHANNELS[c].highest for c, note in score.notes())


def planted(copy: Score, channel: int, host: Score) -> Score:
    """Return a song in which a passage replaces the notes of its channel; one of pulse 1 replaces those of pulse 2."""
    notes = copy.channels[channel]
    to = P2 if channel == P1 else channel
    start, end = (notes[0].start, notes[-1].end) if notes else (0, 0)
    before = [replace(note, end=min(note.end, start)) for note in bare_notes(host, to) if note.start < start]
    after = [note for note in bare_notes(host, to) if note.start >= end]
    lines = list(host.channels)
    lines[to] = (*before, *notes, *after)
    return Score(tuple(lines), max(host.frames, copy.frames))


def bare_notes(score: Score, channel: int) -> list[Note]:
    """Return a channel's notes without volume and duty."""
    return [Note(note.start, note.end, note.pitch) for note in score.channels[channel]]


# --- cost ------------------------------------------------------------------------------------------------------


def print_cost(scores: Sequence[Score], index: Index) -> None:
    """Print the index's size, and the processor time of tunes of 30 s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.npz"
        index.save(path)
        size = path.stat().st_size
    took = []
    for tune in (piece(score, 0, TUNE) for score in scores if score.frames >= TUNE):
        began = time.process_time()
        longest_shared_run(tune, index)
        took.append(1000 * (time.process_time() - began))
    print(f"\n{len(index.hashes):,} phrases of {len(np.unique(index.songs)):,} songs, {size / 1e6:.2f} MB;")
    if took:
        print(f"{len(took)} tunes of 30 s: median {np.median(took):.1f} ms, longest {max(took):.1f} ms")


if __name__ == "__main__":
    main()
