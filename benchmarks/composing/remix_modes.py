"""Each remix mode over real songs: what is kept is kept to the note, what is written is legal, in key, and joins.

    python -m benchmarks.composing.remix_modes CORPUS [--songs N]

CORPUS is a folder of `chiptune corpus`; songs of its valid part that last 20 s to 60 s are taken, spread evenly. Each
mode is run as people get it, with bars and channels drawn by the song's number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from generator.analysis.keys import find_key
from generator.composing.compose import Tune
from generator.composing.remix import bars_of, remix_score
from generator.protocol.modes import REMIX_MODES
from generator.protocol.requests import Request
from models.inference.new_tune import Composer
from models.inference.remix import share_on_scale
from models.music.grid import find_clock
from models.music.score import CHANNEL_NAMES, CHANNELS, Note, Score
from models.music.songs import VALID_FILE, Song, read_songs
from models.parallel import in_parallel
from models.tokens.prompts import ALL_CHANNELS
from models.weights import DEFAULT_MODEL_FOLDER

SECONDS = (20, 60)
WRITTEN = [name for name, mode in REMIX_MODES.items() if mode.uses_model]


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one song. lost: kept notes that are not in the output as they were; cut: those that are shorter.

    illegal: notes that begin before the one before them ends, or outside their channel's range. written: notes that the
    source had not. in_key, source_in_key: shares of pitched notes on the scale of the source's key. again: whether the
    same seed wrote the same. seconds: one rewriting, without sound.
    """

    lost: int
    illegal: int
    written: int
    in_key: float
    source_in_key: float
    cut: int
    again: bool
    seconds: float


def request_for(mode: str, score: Score, number: int) -> Request:
    """A request with bars and channels drawn by the song's number."""
    random = np.random.default_rng(number)
    playing = [i for i in ALL_CHANNELS if score.channels[i]]
    count = bars_of(score).count
    fields: dict[str, object] = {"mode": mode, "upload": "0" * 64, "seed": number}
    if mode == "continue":
        fields |= {"from_bar": int(random.integers(count // 2 + 1, count + 1)) + 1, "bars": 4}
    elif mode == "accompany":
        keep = random.choice(playing, size=int(random.integers(1, min(3, len(playing)) + 1)), replace=False)
        fields["keep"] = tuple(CHANNEL_NAMES[i] for i in sorted(keep))
    elif mode == "infill":
        first = int(random.integers(2, max(3, count - 4)))
        fields["span"] = (first, min(count, first + 3))
    else:
        fields["strength"] = 0.4
    return Request(**fields)  # type: ignore[arg-type]


def case(numbered: tuple[int, Song], mode: str) -> Case:
    """One song in one mode."""
    number, song = numbered
    clock = song.clock or find_clock(song.score)
    score = Score(song.score.channels, song.score.frames, clock.to_grid())
    tune = Tune(score, song.name, find_key(score)[0])
    request = request_for(mode, score, number)
    began = time.perf_counter()
    made = remix_score(_composer(), request, tune, lambda _: None).score
    seconds = time.perf_counter() - began
    again = remix_score(_composer(), request, tune, lambda _: None).score
    kept = [set(notes) for notes in _kept(request, score)]
    new = [
        [note for note in notes if note not in set(old)]
        for notes, old in zip(made.channels, score.channels, strict=True)
    ]
    return Case(
        lost=sum(len(old - set(notes)) for old, notes in zip(kept, made.channels, strict=True)),
        illegal=sum(_illegal(channel, notes) for channel, notes in enumerate(made.channels)),
        written=sum(map(len, new)),
        in_key=share_on_scale(new, tune.key),
        source_in_key=share_on_scale(score.channels, tune.key),
        cut=_cut(request, score, made),
        again=again == made,
        seconds=seconds,
    )


def _kept(request: Request, score: Score) -> Iterator[list[Note]]:
    """The notes that a mode has to keep; `vary` draws its bars itself, and what it changed is what differs."""
    bars = bars_of(score)
    for name, notes in zip(CHANNEL_NAMES, score.channels, strict=True):
        if request.mode == "accompany":
            yield [note for note in notes if name in (request.keep or ())]
        elif request.mode == "continue":
            yield [note for note in notes if note.start < bars.begin(request.from_bar or 1) - HALF_A_BEAT]
        elif request.mode == "infill" and request.span:
            first, last = bars.begin(request.span[0]) - HALF_A_BEAT, bars.begin(request.span[1] + 1) + HALF_A_BEAT
            yield [note for note in notes if note.start < first or note.start >= last]
        else:
            yield []


HALF_A_BEAT = 20
"""Frames by which a bar's first beat may lie beside its frame, since the rows are rounded."""


def _illegal(channel: int, notes: tuple[Note, ...]) -> int:
    spec = CHANNELS[channel]
    overlaps = sum(after.start < before.end for before, after in pairwise(notes))
    return overlaps + sum(not spec.lowest <= note.pitch <= spec.highest for note in notes)


def _cut(request: Request, score: Score, made: Score) -> int:
    """Kept notes around an infilled span that are shorter than they were."""
    if request.mode != "infill":
        return 0
    lengths = [{note.start: note.length for note in notes} for notes in made.channels]
    kept = list(_kept(request, score))
    return sum(
        found.get(note.start, 0) < note.length for notes, found in zip(kept, lengths, strict=True) for note in notes
    )


@cache
def _composer() -> Composer:
    return Composer(DEFAULT_MODEL_FOLDER)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--songs", type=int, default=20)
    given = parser.parse_args()
    fitting = [song for song in read_songs(given.corpus / VALID_FILE) if SECONDS[0] <= song.score.seconds <= SECONDS[1]]
    songs = list(enumerate(fitting[:: max(1, len(fitting) // given.songs)][: given.songs]))
    heads = ["mode", "songs", "kept notes lost", "cut", "illegal", "notes written", "in key", "source's"]
    heads += ["within 5 points", "same again", "s, median"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for mode in WRITTEN:
        found = list(tqdm(in_parallel(partial(case, mode=mode), songs, chunk=1), total=len(songs), desc=mode))
        near = sum(abs(one.in_key - one.source_in_key) <= 0.05 for one in found)
        print(
            f"| {mode} | {len(found)} | {sum(one.lost for one in found)} | {sum(one.cut for one in found)} |"
            f" {sum(one.illegal for one in found)} | {sum(one.written for one in found)} |"
            f" {np.mean([one.in_key for one in found]):.3f} | {np.mean([one.source_in_key for one in found]):.3f} |"
            f" {near} of {len(found)} | {sum(one.again for one in found)} of {len(found)} |"
            f" {np.median([one.seconds for one in found]):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
