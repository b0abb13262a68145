"""The crops of songs that training sees at each step: of one length, each in a random form and key.

A crop depends on (seed, step, row) alone, so that a resumed run sees what an unbroken one would. The forms come from
`models.tokens.prompts`, the texts from `models.training.examples`.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.tokens.prompts import ALL_CHANNELS, ParsedTune, accompany_prompt, infill_prompt, parse_tune, render_channels
from models.tokens.tokenizer import knows_plans
from models.tokens.vocabulary import EVENTS, char, transposition
from models.training.examples import SHIFTS, Example

Tokens = npt.NDArray[np.uint16]

DROPPED_CONTROLS = ("scene:", "key:", "left:", "voices:", "density:", "returns:", "length:")
"""Kinds of controls that are dropped at random. The console is kept: without it a tune would be half arranged."""
UNCONTROLLED = 0.3
"""The share of crops without any control. In the others each kind is dropped half the time."""
FROM_START = 0.1
"""The share of crops that start with their song."""
INFILL_SPANS = (4, 8, 16)
"""Lengths of filled-in spans, in beats."""
INFILL_FIT = 0.75
"""The share of the beats that fit a crop of a span: repeats of what is hidden are written out, in more tokens."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of crops, 0 to 1.

    accompany, infill, part: crops in these forms, a part being a few channels alone; the rest is songs as they are.
    arranged: crops of arranged songs, if the corpus has both these and recorded ones.
    """

    accompany: float = 0.2
    infill: float = 0.12
    part: float = 0.03
    arranged: float = 0.1


class CropDataset:
    """Crops of songs: a song's head, then its tokens from some beat on, then other songs from their start."""

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Example], seed: int, mixture: Mixture) -> None:
        self.tokenizer, self.songs, self.seed = tokenizer, songs, seed
        self.mixture = mixture if knows_plans(tokenizer) else Mixture(0, 0, 0, mixture.arranged)
        self.keys = [encode(tokenizer, [s.text.translate(transposition(shift)) for s in songs]) for shift in SHIFTS]
        self.beats = _ids(tokenizer, "beat:")
        self.controls = control_ids(tokenizer)
        self.share = np.cumsum(song_weights(songs, self.keys[0], mixture.arranged))

    def batch(self, step: int, rows: int, length: int) -> Tokens:
        """Return a step's token ids [rows, length]."""
        return np.stack([self._row(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)])

    def _row(self, random: np.random.Generator, length: int) -> Tokens:
        row = self._first(random, length)
        while len(row) < length:
            more = self.keys[self._key(random)][self._song(random)]
            row = np.concatenate([row, drop_controls(random, more, self.controls)])
        return row[:length]

    def _first(self, random: np.random.Generator, length: int) -> Tokens:
        """Return what a row starts with, in a random form."""
        drawn, song, key = random.random(), self._song(random), self._key(random)
        mixture = self.mixture
        if drawn >= mixture.accompany + mixture.infill + mixture.part:
            return self._from_beat(random, self.keys[key][song])
        tune = parse_tune(self.songs[song].text)
        beats = max(1, round(len(tune.beats) * length / len(self.keys[key][song])))
        if drawn < mixture.accompany:
            text = _accompany_crop(random, tune, beats)
        elif drawn < mixture.accompany + mixture.infill:
            text = _infill_crop(random, tune, beats)
        else:
            text = render_channels(tune, _some_channels(random), _start(random, len(tune.beats)))
        tokens = encode(self.tokenizer, [text.translate(transposition(SHIFTS[key]))])[0]
        return drop_controls(random, tokens, self.controls)

    def _song(self, random: np.random.Generator) -> int:
        return min(int(np.searchsorted(self.share, random.random())), len(self.share) - 1)

    def _key(self, random: np.random.Generator) -> int:
        return int(random.integers(len(SHIFTS)))

    def _from_beat(self, random: np.random.Generator, tokens: Tokens) -> Tokens:
        beats = np.flatnonzero(np.isin(tokens, self.beats))
        start = int(beats[_start(random, len(beats))])
        return drop_controls(random, np.concatenate([tokens[: beats[0]], tokens[start:]]), self.controls)


def drop_controls(random: np.random.Generator, tokens: Tokens, controls: Sequence[npt.NDArray[np.int64]]) -> Tokens:
    """Return tokens without any control, or without each kind half the time. controls: the ids of each kind."""
    keep = np.ones(len(tokens), dtype=bool)
    drops_all = random.random() < UNCONTROLLED
    for control in controls:
        if drops_all or random.random() < 0.5:
            keep &= ~np.isin(tokens, control)
    return tokens[keep]


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Return texts as token ids."""
    return [np.array(row.ids, dtype=np.uint16) for row in tokenizer.encode_batch(list(texts))]


def _start(random: np.random.Generator, beats: int) -> int:
    """Return the beat that a crop starts with."""
    return 0 if random.random() < FROM_START else int(random.integers(beats))


def _some_channels(random: np.random.Generator) -> list[int]:
    """Return one to three random channels."""
    return sorted(
        random.choice(len(ALL_CHANNELS), size=int(random.integers(1, len(ALL_CHANNELS))), replace=False).tolist()
    )


def _accompany_crop(random: np.random.Generator, tune: ParsedTune, beats: int) -> str:
    """Return a text of some channels before the others, from a random beat on, for about `beats` beats."""
    given = _some_channels(random)
    written = [channel for channel in ALL_CHANNELS if channel not in given]
    return accompany_prompt(tune, given, written, _start(random, len(tune.beats)), most=beats)


def _infill_crop(random: np.random.Generator, tune: ParsedTune, beats: int) -> str:
    """Return a text of a span after its surroundings, short enough to fit where `beats` beats would."""
    beats = max(1, round(INFILL_FIT * beats))
    span = min(int(random.choice(INFILL_SPANS)), max(1, min(beats, len(tune.beats)) // 3))
    start = int(random.integers(len(tune.beats) - span + 1))
    after = min(max(0, beats - span) // 2, len(tune.beats) - start - span)
    return infill_prompt(tune, max(0, beats - span - after), range(start, start + span), after)


def song_weights(songs: Sequence[Example], texts: Sequence[Sized], arranged: float) -> npt.NDArray[np.float64]:
    """Return how often each song is drawn: by the length of its text, with `arranged` in all for arranged songs."""
    lengths = np.array([len(song) for song in texts], dtype=float)
    real = np.array([song.real for song in songs])
    for side, share in ((real, 1 - arranged), (~real, arranged)):
        lengths[side] *= (share if 0 < real.sum() < len(real) else 1.0) / max(1.0, lengths[side].sum())
    return np.asarray(lengths / lengths.sum())


def control_ids(tokenizer: Tokenizer) -> list[npt.NDArray[np.int64]]:
    """Return the ids of each kind of control that is dropped at random."""
    return [_ids(tokenizer, kind) for kind in DROPPED_CONTROLS]


def _ids(tokenizer: Tokenizer, prefix: str) -> npt.NDArray[np.int64]:
    """Return the ids of a tokenizer's events that start with a prefix."""
    ids = (tokenizer.token_to_id(char(event)) for event in EVENTS if event.startswith(prefix))
    return np.array([token for token in ids if token is not None], dtype=np.int64)
