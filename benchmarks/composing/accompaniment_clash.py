"""How well accompaniments fit what they accompany: how often pitches clash, and how many notes begin together.

    python -m benchmarks.composing.accompaniment_clash CORPUS [--model DIR] [--songs N]

CORPUS is a folder made by `chiptune corpus`. The songs are drawn evenly from those of its validation part that last 20
s to 60 s and use both pulses. The first pulse is kept and the other channels are written: with it given, with the first
pulse of another song given instead, and without the listener, if the model has one. The songs' own other channels stand
beside them.

clash: of the frames in which a kept and a written pitch sound, the share that are a semitone apart, ignoring octaves.
together: the share of written notes that begin within a frame of a kept one. apart: the same with the kept notes moved
by a beat and a quarter, as the level of chance.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from models.inference.cross_attention import ListenerError
from models.inference.new_tune import Composer, load_composer
from models.inference.remix import Source, accompany, parse_source
from models.inference.sampler import TuneSpec
from models.music.score import NO, P1, Note, Score
from models.music.songs import VALID_FILE, Song, read_songs
from models.parallel import in_parallel
from models.tokens.codec import to_text
from models.tokens.prompts import ParsedTune, parse_tune
from models.weights import DEFAULT_MODEL_FOLDER

SECONDS = (20, 60)
VARIANTS = ("the songs' own", "given", "another song given", "without the listener")


@dataclass(frozen=True, slots=True)
class Fit:
    """How the written channels of one song fit the kept one."""

    clash: float
    together: float
    apart: float


def fits(pair: tuple[Song, Song], model: Path) -> list[Fit]:
    """Return the figures of a song in each of the `VARIANTS` that the model has. pair: the song, and another one."""
    song, other = pair
    composer = load_composer(model)
    source = parse_source(composer, song.score)
    strange = replace(source, tune=_parsed(composer, source, other.score.channels[P1]))
    spec = TuneSpec(frames=0, seed=len(song.name))
    listener = composer.engine.listener
    if listener is None and not composer.engine.companion:
        raise ListenerError(f"The model in {model} has neither a listener nor a companion.")
    scores = [song.score, *(accompany(composer, given, spec, [P1]) for given in (source, strange))]
    if listener:
        composer.engine.listener = None
        scores.append(accompany(composer, source, spec, [P1]))
        composer.engine.listener = listener
    return [_fit(source, score) for score in scores]


def _parsed(composer: Composer, source: Source, melody: Sequence[Note]) -> ParsedTune:
    """Return a song as the model reads it, on its own rows, with another first pulse."""
    score = _with_melody(source.score, melody)
    return parse_tune(to_text(score, clock=source.clock, codebook=composer.codebook, repeats=True))


def _with_melody(score: Score, melody: Sequence[Note]) -> Score:
    """Return a score with another first pulse, which is cut or repeated to its length."""
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
    melody = _pitches(kept, score.frames)
    both = clashes = 0
    for notes in score.channels[1:NO]:
        other = _pitches(notes, score.frames)
        here = (melody >= 0) & (other >= 0)
        both += int(here.sum())
        clashes += int(np.isin((melody[here] - other[here]) % 12, (1, 11)).sum())
    count = max(1, len(written))
    return Fit(
        clashes / max(1, both),
        sum(note.start in begun for note in written) / count,
        sum(note.start + moved in begun for note in written) / count,
    )


def _pitches(notes: Sequence[Note], frames: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the pitch that sounds on each frame, -1 for none. Shape: [frames]."""
    pitches = np.full(frames, -1)
    for note in notes:
        pitches[note.start : note.end] = note.pitch
    return pitches


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--songs", type=int, default=40)
    options = parser.parse_args(arguments)
    fitting = [
        song
        for song in read_songs(options.corpus / VALID_FILE)
        if SECONDS[0] <= song.score.seconds <= SECONDS[1] and song.score.channels[P1] and song.score.channels[P1 + 1]
    ]
    songs = fitting[:: max(1, len(fitting) // options.songs)][: options.songs]
    pairs = list(zip(songs, [*songs[1:], songs[0]], strict=True))
    results = list(tqdm(in_parallel(partial(fits, model=options.model), pairs, chunk=1), total=len(pairs)))
    print("| written | songs | clash | together | apart |\n| --- | --- | --- | --- | --- |")
    for variant, rows in zip(VARIANTS, zip(*results, strict=True), strict=False):
        means = (np.mean([getattr(row, name) for row in rows]) for name in ("clash", "together", "apart"))
        print(f"| {variant} | {len(rows)} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


if __name__ == "__main__":
    main()
