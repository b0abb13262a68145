"""Songs as training data: texts of events with their labels and plans.

The songs come from `models.music.songs`, already labelled. Only real songs name sounds: the volumes of arranged ones are made
up. What training sees of them is cut in `models.training.dataset`.
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
"""Transpositions in semitones: every song in every key once."""


@dataclass(frozen=True, slots=True)
class Example:
    """What training sees of one song: its text of events, controls included. real, game: see `models.music.songs.Song`."""

    name: str
    text: str
    real: bool = True
    game: str = ""


def has_ending(song: Song) -> bool:
    """Whether the last note begins a beat or more before the end: a close, and not a recording's cut."""
    last = max((notes[-1].start for notes in song.score.channels if notes), default=0)
    return song.score.frames - last >= (song.clock or row_clock(song.score)).beat_frames


def make_example(song: Song, codebook: Codebook | None = None) -> Example:
    """A song as text, with its repeats and its plan. codebook: of the sounds that a real song's notes name."""
    text = to_text(
        song.score,
        countdown=has_ending(song),
        clock=song.clock,
        codebook=codebook if song.real else None,
        repeats=True,
    )
    sheet = parse_tune(text)
    bos, *clock = sheet.head
    about = map(char, [*_labels(song), *plan_of(song.score, sheet)])
    head = [bos, *about, *clock, char(length_event(len(sheet.beats)))]
    return Example(song.name, " ".join(head) + text[len(" ".join(sheet.head)) :], song.real, song.game)


def _labels(song: Song) -> list[str]:
    """The controls that are given and never predicted."""
    labels = [f"scene:{song.scene}"] if song.scene else []
    labels += [f"key:{song.clear_key}"] if song.clear_key else []
    return labels if song.real else [*labels, f"console:{_console(song)}"]


def _console(song: Song) -> str:
    """What an arranged song was written for, by the name of its collection."""
    return next((name for name in CONSOLES if name in song.collection.lower().split("/")), CONSOLES[-1])


def learn_sounds(path: Path, seed: int) -> Codebook | None:
    """The codebook of a corpus file's real songs; None where it holds none. Raises CorpusError."""
    return learn_codebook((song.score for song in read_songs(path) if song.real), seed)


def read_examples(path: Path, codebook: Codebook | None = None) -> Iterator[Example]:
    """The songs of a corpus file as texts, made in parallel. Raises CorpusError where it holds none."""
    found = False
    for example in in_parallel(partial(_example_of_line, codebook=codebook), read_lines(path)):
        found = True
        yield example
    if not found:
        raise CorpusError(f"{path} holds no songs.")


def _example_of_line(line: bytes, codebook: Codebook | None) -> Example:
    return make_example(song_from_json(line), codebook)


def learn_tokenizer(songs: Sequence[Example], size: int, seed: int, *, sounds: bool) -> Tokenizer:
    """A tokenizer learnt from every song in a key drawn at random. sounds: whether it knows how notes sound."""
    tables = [transposition(shift) for shift in SHIFTS]
    draw = np.random.default_rng(seed).integers(len(SHIFTS), size=len(songs))
    texts = (s.text.translate(tables[k]) for s, k in zip(songs, draw, strict=True))
    return train_tokenizer(texts, size, sounds=sounds, repeats=True)
