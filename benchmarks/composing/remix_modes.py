"""Each remix mode on real songs: are kept notes unchanged, and are written notes legal and in key?

    python -m benchmarks.composing.remix_modes CORPUS [--model DIR] [--songs N]

CORPUS is a folder made by `chiptune corpus`. The songs are drawn evenly from those of its validation part that last 20
s to 60 s. Each mode runs as for users, with bars and channels drawn by the song's number.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from generator.analysis.keys import find_key
from generator.composing.compose import Tune
from generator.composing.remix import bars_of_score, remix_score
from generator.protocol.modes import REMIX_MODES
from generator.protocol.requests import Request
from models.inference.new_tune import load_composer
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
    """The figures of one song in one mode.

    lost: kept notes that the result does not have. cut: kept notes that are shorter there. illegal: notes that overlap
    the one before or lie outside their channel's range. written: notes that the source does not have. in_key,
    source_in_key: the share of pitched notes on the scale of the source's key. again: whether the same seed gave the
    same result. seconds: the time of one remix, without sound.
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
    """Return a request whose bars and channels the song's number draws."""
    random = np.random.default_rng(number)
    playing = [i for i in ALL_CHANNELS if score.channels[i]]
    count = bars_of_score(score).count
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


def case(numbered: tuple[int, Song], mode: str, model: Path) -> Case:
    """Remix one song, twice, and return its figures."""
    number, song = numbered
    clock = song.clock or find_clock(song.score)
    score = Score(song.score.channels, song.score.frames, clock.to_grid())
    tune = Tune(score, song.name, find_key(score)[0])
    request = request_for(mode, score, number)
    began = time.perf_counter()
    remixed = remix_score(load_composer(model), request, tune, lambda *_: None).score
    seconds = time.perf_counter() - began
    again = remix_score(load_composer(model), request, tune, lambda *_: None).score
    kept = [set(notes) for notes in _kept(request, score)]
    new = [
        [note for note in notes if note not in set(old)]
        for notes, old in zip(remixed.channels, score.channels, strict=True)
    ]
    return Case(
        lost=sum(len(old - set(notes)) for old, notes in zip(kept, remixed.channels, strict=True)),
        illegal=sum(_illegal(channel, notes) for channel, notes in enumerate(remixed.channels)),
        written=sum(map(len, new)),
        in_key=share_on_scale(new, tune.key),
        source_in_key=share_on_scale(score.channels, tune.key),
        cut=_cut(request, score, remixed),
        again=again == remixed,
        seconds=seconds,
    )


def _kept(request: Request, score: Score) -> Iterator[list[Note]]:
    """Yield the notes of each channel that a mode must keep; none for `vary`, which draws its bars itself."""
    bars = bars_of_score(score)
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
"""Frames by which the first beat of a bar may be off, because rows are rounded."""


def _illegal(channel: int, notes: tuple[Note, ...]) -> int:
    spec = CHANNELS[channel]
    overlaps = sum(after.start < before.end for before, after in pairwise(notes))
    return overlaps + sum(not spec.lowest <= note.pitch <= spec.highest for note in notes)


def _cut(request: Request, score: Score, remixed: Score) -> int:
    """Return how many kept notes around an infilled span are shorter than before."""
    if request.mode != "infill":
        return 0
    lengths = [{note.start: note.length for note in notes} for notes in remixed.channels]
    kept = list(_kept(request, score))
    return sum(
        length.get(note.start, 0) < note.length for notes, length in zip(kept, lengths, strict=True) for note in notes
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--songs", type=int, default=20)
    options = parser.parse_args(arguments)
    fitting = [
        song for song in read_songs(options.corpus / VALID_FILE) if SECONDS[0] <= song.score.seconds <= SECONDS[1]
    ]
    songs = list(enumerate(fitting[:: max(1, len(fitting) // options.songs)][: options.songs]))
    heads = ["mode", "songs", "kept notes lost", "cut", "illegal", "notes written", "in key", "source's"]
    heads += ["within 5 points", "same again", "s, median"]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for mode in WRITTEN:
        work = partial(case, mode=mode, model=options.model)
        cases = list(tqdm(in_parallel(work, songs, chunk=1), total=len(songs), desc=mode))
        near = sum(abs(each.in_key - each.source_in_key) <= 0.05 for each in cases)
        print(
            f"| {mode} | {len(cases)} | {sum(each.lost for each in cases)} | {sum(each.cut for each in cases)} |"
            f" {sum(each.illegal for each in cases)} | {sum(each.written for each in cases)} |"
            f" {np.mean([each.in_key for each in cases]):.3f} | {np.mean([each.source_in_key for each in cases]):.3f} |"
            f" {near} of {len(cases)} | {sum(each.again for each in cases)} of {len(cases)} |"
            f" {np.median([each.seconds for each in cases]):.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
