"""Songs as training data: texts of events with their labels and plans.

The songs come from `models.music.songs`, already labelled. Only recorded songs name sounds, since the volumes of
arranged ones are invented. `models.training.dataset` cuts the texts into crops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from models.music.songs import CorpusError, Song, read_lines, read_songs, song_from_json
from models.parallel import in_parallel
from models.tokens.codebook import learn_codebook
from models.tokens.codec import row_clock, to_text
from models.tokens.plan import length_event, plan_of
from models.tokens.prompts import parse_tune
from models.tokens.sounds import Codebook
from models.tokens.tokenizer import train_tokenizer
from models.tokens.vocabulary import CONSOLES, char, transposition

SHIFTS = tuple(range(-5, 7))
"""Transpositions in semitones: each song occurs in every key once."""


@dataclass(frozen=True, slots=True)
class Example:
    """A song as training sees it: its text of events with controls. real, game: as in `models.music.songs.Song`."""

    name: str
    text: str
    real: bool = True
    game: str = ""


def has_ending(song: Song) -> bool:
    """Return whether a song ends by itself: its last note starts a beat or more before the end of the recording."""
    last = max((notes[-1].start for notes in song.score.channels if notes), default=0)
    return song.score.frames - last >= (song.clock or row_clock(song.score)).beat_frames


def make_example(song: Song, codebook: Codebook | None = None) -> Example:
    """Return a song as text, with its repeats and its plan. codebook: of the sounds that recorded notes name."""
    text = to_text(
        song.score,
        countdown=has_ending(song),
        clock=song.clock,
        codebook=codebook if song.real else None,
        repeats=True,
    )
    tune = parse_tune(text)
    bos, *clock = tune.head
    controls = map(char, [*_labels(song), *plan_of(song.score, tune)])
    head = [bos, *controls, *clock, char(length_event(len(tune.beats)))]
    return Example(song.name, " ".join(head) + text[len(" ".join(tune.head)) :], song.real, song.game)


def _labels(song: Song) -> list[str]:
    """Return a song's labels as controls, which are given and never predicted."""
    labels = [f"scene:{song.scene}"] if song.scene else []
    labels += [f"key:{song.clear_key}"] if song.clear_key else []
    return labels if song.real else [*labels, f"console:{_console(song)}"]


def _console(song: Song) -> str:
    """Return the console that an arranged song was written for, by the name of its collection."""
    return next((name for name in CONSOLES if name in song.collection.lower().split("/")), CONSOLES[-1])


def learn_sounds(path: Path, seed: int) -> Codebook | None:
    """Return the codebook of a corpus file's recorded songs, or None. Raise CorpusError as `read_songs` does."""
    return learn_codebook((song.score for song in read_songs(path) if song.real), seed)


def read_examples(path: Path, codebook: Codebook | None = None) -> Iterator[Example]:
    """Yield the songs of a corpus file as texts, made in parallel. Raise CorpusError if it holds none."""
    is_empty = True
    for example in in_parallel(partial(_example_of_line, codebook=codebook), read_lines(path)):
        is_empty = False
        yield example
    if is_empty:
        raise CorpusError(f"{path} holds no songs.")


def _example_of_line(line: bytes, codebook: Codebook | None) -> Example:
    return make_example(song_from_json(line), codebook)


def learn_tokenizer(songs: Sequence[Example], size: int, seed: int, *, sounds: bool) -> Tokenizer:
    """Return a tokenizer learnt from each song in a random key. sounds: whether it has tokens for how notes sound."""
    tables = [transposition(shift) for shift in SHIFTS]
    draw = np.random.default_rng(seed).integers(len(SHIFTS), size=len(songs))
    texts = (s.text.translate(tables[k]) for s, k in zip(songs, draw, strict=True))
    return train_tokenizer(texts, size, sounds=sounds, repeats=True)
