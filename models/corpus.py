"""Songs as training data: texts of events with their labels, then tokens in twelve keys.

The songs come from `models.songs`, already labelled. Only real songs name sounds: the volumes of arranged ones are made
up. Knows nothing of the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.codebook import learn_codebook
from models.parallel import in_parallel
from models.songs import CorpusError, Song, read_lines, read_songs, song_from_json
from models.sounds import Codebook
from models.tokens import row_clock, to_text, token_id, train_tokenizer
from models.vocabulary import EVENTS, transposition

SHIFTS = tuple(range(-5, 7))
"""Transpositions in semitones: every song in every key once."""

Tokens = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Example:
    """What training sees of one song: its name and its text of events, controls included."""

    name: str
    text: str


def comes_to_rest(song: Song) -> bool:
    """Whether the last note begins a beat or more before the end: a close, and not a recording's cut."""
    last = max((notes[-1].start for notes in song.score.channels if notes), default=0)
    return song.score.frames - last >= (song.clock or row_clock(song.score)).beat_frames


def example_of(song: Song, codebook: Codebook | None = None) -> Example:
    """A song as text, with its repeats. codebook: of the sounds that a real song's notes name."""
    text = to_text(
        song.score,
        song.scene,
        song.clear_key,
        countdown=comes_to_rest(song),
        clock=song.clock,
        codebook=codebook if song.real else None,
        repeats=True,
    )
    return Example(song.name, text)


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
    return example_of(song_from_json(line), codebook)


def learn_tokenizer(songs: Sequence[Example], size: int, seed: int, *, sounds: bool) -> Tokenizer:
    """A tokenizer learnt from every song in a key drawn at random. sounds: whether it knows how notes sound."""
    tables = [transposition(shift) for shift in SHIFTS]
    draw = np.random.default_rng(seed).integers(len(SHIFTS), size=len(songs))
    texts = (s.text.translate(tables[k]) for s, k in zip(songs, draw, strict=True))
    return train_tokenizer(texts, size, sounds=sounds, repeats=True)


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Texts as token ids."""
    return [np.array(row.ids, dtype=np.uint16) for row in tokenizer.encode_batch(list(texts))]


class Crops:
    """Crops of songs for training: a song's head, then its tokens from some beat on, then other songs' from the start.

    Every crop is a function of (seed, step, row) alone, so that a resumed run sees what an unbroken one would.
    """

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Example], seed: int) -> None:
        self.seed = seed
        self.keys = [encode(tokenizer, [s.text.translate(transposition(shift)) for s in songs]) for shift in SHIFTS]
        self.beats = _ids(tokenizer, "beat:")
        self.controls = [_ids(tokenizer, kind) for kind in ("scene:", "key:", "left:")]
        lengths = np.array([len(tokens) for tokens in self.keys[0]], dtype=float)
        self.share = np.cumsum(lengths / lengths.sum())

    @property
    def token_count(self) -> int:
        """Tokens of all songs in one key."""
        return sum(len(tokens) for tokens in self.keys[SHIFTS.index(0)])

    def batch(self, step: int, rows: int, length: int) -> Tokens:
        """Token ids [rows, length]."""
        return np.stack([self._row(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)])

    def _row(self, random: np.random.Generator, length: int) -> Tokens:
        row = self._from_beat(random, self._draw(random))
        while len(row) < length:
            row = np.concatenate([row, self._without(random, self._draw(random))])
        return row[:length]

    def _draw(self, random: np.random.Generator) -> Tokens:
        song = min(int(np.searchsorted(self.share, random.random())), len(self.share) - 1)
        return self.keys[int(random.integers(len(SHIFTS)))][song]

    def _from_beat(self, random: np.random.Generator, tokens: Tokens) -> Tokens:
        beats = np.flatnonzero(np.isin(tokens, self.beats))
        start = int(beats[0]) if random.random() < 0.1 else int(random.choice(beats))
        return self._without(random, np.concatenate([tokens[: beats[0]], tokens[start:]]))

    def _without(self, random: np.random.Generator, tokens: Tokens) -> Tokens:
        """Each kind of control left out at random, half the time."""
        keep = np.ones(len(tokens), dtype=bool)
        for control in self.controls:
            if random.random() < 0.5:
                keep &= ~np.isin(tokens, control)
        return tokens[keep]


def _ids(tokenizer: Tokenizer, prefix: str) -> npt.NDArray[np.int64]:
    """The ids of all events that begin with a prefix."""
    return np.array([token_id(tokenizer, event) for event in EVENTS if event.startswith(prefix)])
