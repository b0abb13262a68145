"""How well accompaniments go with what they accompany: clashes, and notes that begin together.

    python -m benchmarks.beside CORPUS [--model DIR] [--songs N]

CORPUS is a folder of `chiptune corpus`; songs of its valid part of 20 s to 60 s in which both pulses play are taken,
spread evenly, their first pulse is kept and the others are written: with what is kept heard, with
another song heard in its place, and without the listener, where the model has one. Beside them are the songs' own other
channels.

clash: of the frames in which a kept and a written pitch sound, the share that are a semitone apart, octaves aside.
together: the share of written notes that begin on a frame on which a kept one does, or beside it. apart: the same, with
what is kept moved by a beat and a quarter, for chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.cli import DEFAULT_MODEL
from models.inference.cross_attention import ListenerError
from models.inference.new_tune import Composer
from models.inference.remix import Source, accompany, source_of
from models.inference.sampler import TuneSpec
from models.music.parallel import in_parallel
from models.music.score import NO, P1, Note, Score
from models.music.songs import VALID_FILE, Song, read_songs
from models.tokens.codec import to_text
from models.tokens.prompts import ParsedTune, parse_tune

SECONDS = (20, 60)
WAYS = ("the songs' own", "heard", "another song heard", "without the listener")


@dataclass(frozen=True, slots=True)
class Fit:
    """Figures of one song's written channels beside what is kept."""

    clash: float
    together: float
    apart: float


def fits(pair: tuple[Song, Song], model: Path) -> list[Fit]:
    """One song in each of `WAYS` that the model has; the second is another one."""
    song, other = pair
    composer = _composer(model)
    source = source_of(composer, song.score)
    strange = replace(source, sheet=_sheet(composer, source, other.score.channels[P1]))
    wish = TuneSpec(frames=0, seed=len(song.name))
    listener = composer.engine.listener
    if listener is None and composer.engine.companion is None:
        raise ListenerError(f"The model in {model} hears nothing that is given.")
    scores = [song.score, *(accompany(composer, one, wish, [P1]) for one in (source, strange))]
    if listener:
        composer.engine.listener = None
        scores.append(accompany(composer, source, wish, [P1]))
        composer.engine.listener = listener
    return [_fit(source, score) for score in scores]


def _sheet(composer: Composer, source: Source, melody: Sequence[Note]) -> ParsedTune:
    """A song as the model reads it, on its own rows, with another first pulse."""
    score = _with(source.score, melody)
    return parse_tune(to_text(score, clock=source.clock, codebook=composer.codebook, repeats=True))


def _with(score: Score, melody: Sequence[Note]) -> Score:
    """A score with another first pulse, cut or repeated to its length."""
    end = max((note.end for note in melody), default=1)
    times = range(-(-score.frames // end))
    notes = [replace(note, start=note.start + i * end, end=note.end + i * end) for i in times for note in melody]
    fitting = tuple(note for note in notes if note.end <= score.frames)
    return replace(score, channels=(fitting, *score.channels[1:]), loop=None)


def _fit(source: Source, score: Score) -> Fit:
    kept = source.score.channels[P1]
    written = [note for notes in score.channels[1:] for note in notes]
    begun = {frame for note in kept for frame in (note.start - 1, note.start, note.start + 1)}
    moved = round(source.clock.beat_frames * 1.25)
    sounds = _pitches(kept, score.frames)
    both = clashes = 0
    for notes in score.channels[1:NO]:
        other = _pitches(notes, score.frames)
        here = (sounds >= 0) & (other >= 0)
        both += int(here.sum())
        clashes += int(np.isin((sounds[here] - other[here]) % 12, (1, 11)).sum())
    count = max(1, len(written))
    return Fit(
        clashes / max(1, both),
        sum(note.start in begun for note in written) / count,
        sum(note.start + moved in begun for note in written) / count,
    )


def _pitches(notes: Sequence[Note], frames: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The pitch that sounds on each frame, -1 for none."""
    found = np.full(frames, -1)
    for note in notes:
        found[note.start : note.end] = note.pitch
    return found


@cache
def _composer(model: Path) -> Composer:
    return Composer(model)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--songs", type=int, default=40)
    given = parser.parse_args()
    fitting = [
        song
        for song in read_songs(given.corpus / VALID_FILE)
        if SECONDS[0] <= song.score.seconds <= SECONDS[1] and song.score.channels[P1] and song.score.channels[P1 + 1]
    ]
    songs = fitting[:: max(1, len(fitting) // given.songs)][: given.songs]
    pairs = list(zip(songs, [*songs[1:], songs[0]], strict=True))
    found = list(tqdm(in_parallel(partial(fits, model=given.model), pairs, chunk=1), total=len(pairs)))
    print("| written | songs | clash | together | apart |\n| --- | --- | --- | --- | --- |")
    for way, rows in zip(WAYS, zip(*found, strict=True), strict=False):
        means = (np.mean([getattr(row, name) for row in rows]) for name in ("clash", "together", "apart"))
        print(f"| {way} | {len(rows)} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


if __name__ == "__main__":
    main()
