"""What training sees at each step: crops of songs, in a form and a key drawn at random, tokens of one length.

Every crop is a function of (seed, step, row) alone, so that a resumed run sees what an unbroken one would. The forms
are `models.tokens.prompts`', the texts `models.training.examples`'s.
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
"""Kinds of controls that are left out at random. The console is not: without it a tune would be half arranged."""
UNCONTROLLED = 0.3
"""The share of crops without any control; of the others each kind is left out half the time."""
FROM_START = 0.1
"""The share of crops that begin where their song does."""
INFILL_SPANS = (4, 8, 16)
"""Beats that are filled in."""
INFILL_FIT = 0.75
"""Beats around a span take more tokens than in their song: a repeat of what is hidden is written out."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of crops, 0 to 1. accompany, infill, part: in these forms instead of the song as it is, a part being a
    few channels alone. arranged: of arranged songs instead of the console's own, where the corpus has both.
    """

    accompany: float = 0.2
    infill: float = 0.12
    part: float = 0.03
    arranged: float = 0.1


class CropDataset:
    """Crops of songs: a song's head, then its tokens from some beat on, then other songs' from the start."""

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Example], seed: int, mixture: Mixture) -> None:
        self.tokenizer, self.songs, self.seed = tokenizer, songs, seed
        self.mixture = mixture if knows_plans(tokenizer) else Mixture(0, 0, 0, mixture.arranged)
        self.keys = [encode(tokenizer, [s.text.translate(transposition(shift)) for s in songs]) for shift in SHIFTS]
        self.beats = _ids(tokenizer, "beat:")
        self.controls = control_ids(tokenizer)
        self.share = np.cumsum(song_weights(songs, self.keys[0], mixture.arranged))

    @property
    def token_count(self) -> int:
        """Tokens of all songs in one key."""
        return sum(len(tokens) for tokens in self.keys[SHIFTS.index(0)])

    def batch(self, step: int, rows: int, length: int) -> Tokens:
        """Token ids [rows, length]."""
        return np.stack([self._row(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)])

    def _row(self, random: np.random.Generator, length: int) -> Tokens:
        row = self._first(random, length)
        while len(row) < length:
            more = self.keys[self._key(random)][self._song(random)]
            row = np.concatenate([row, drop_controls(random, more, self.controls)])
        return row[:length]

    def _first(self, random: np.random.Generator, length: int) -> Tokens:
        """What a row begins with, in a form drawn at random."""
        drawn, song, key = random.random(), self._song(random), self._key(random)
        mixture = self.mixture
        if drawn >= mixture.accompany + mixture.infill + mixture.part:
            return self._from_beat(random, self.keys[key][song])
        sheet = parse_tune(self.songs[song].text)
        beats = max(1, round(len(sheet.beats) * length / len(self.keys[key][song])))
        if drawn < mixture.accompany:
            text = _accompany_crop(random, sheet, beats)
        elif drawn < mixture.accompany + mixture.infill:
            text = _infill_crop(random, sheet, beats)
        else:
            text = render_channels(sheet, _some_channels(random), _start(random, len(sheet.beats)))
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
    """Tokens with every control left out, or each kind half the time. controls: the ids of each kind."""
    keep = np.ones(len(tokens), dtype=bool)
    none = random.random() < UNCONTROLLED
    for control in controls:
        if none or random.random() < 0.5:
            keep &= ~np.isin(tokens, control)
    return tokens[keep]


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Texts as token ids."""
    return [np.array(row.ids, dtype=np.uint16) for row in tokenizer.encode_batch(list(texts))]


def _start(random: np.random.Generator, beats: int) -> int:
    """The beat that a crop begins with."""
    return 0 if random.random() < FROM_START else int(random.integers(beats))


def _some_channels(random: np.random.Generator) -> list[int]:
    """One to three channels."""
    return sorted(
        random.choice(len(ALL_CHANNELS), size=int(random.integers(1, len(ALL_CHANNELS))), replace=False).tolist()
    )


def _accompany_crop(random: np.random.Generator, sheet: ParsedTune, beats: int) -> str:
    """Some channels before the others, from a beat on, for about so many beats."""
    given = _some_channels(random)
    written = [channel for channel in ALL_CHANNELS if channel not in given]
    return accompany_prompt(sheet, given, written, _start(random, len(sheet.beats)), most=beats)


def _infill_crop(random: np.random.Generator, sheet: ParsedTune, beats: int) -> str:
    """A span of beats, after what comes before and after it: so few that all of it should fit where `beats` do."""
    beats = max(1, round(INFILL_FIT * beats))
    span = min(int(random.choice(INFILL_SPANS)), max(1, min(beats, len(sheet.beats)) // 3))
    start = int(random.integers(len(sheet.beats) - span + 1))
    after = min(max(0, beats - span) // 2, len(sheet.beats) - start - span)
    return infill_prompt(sheet, max(0, beats - span - after), range(start, start + span), after)


def song_weights(songs: Sequence[Example], told: Sequence[Sized], arranged: float) -> npt.NDArray[np.float64]:
    """How often each song is drawn: by its length as it is told, but `arranged` in all for the arranged songs."""
    lengths = np.array([len(song) for song in told], dtype=float)
    real = np.array([song.real for song in songs])
    for side, share in ((real, 1 - arranged), (~real, arranged)):
        lengths[side] *= (share if 0 < real.sum() < len(real) else 1.0) / max(1.0, lengths[side].sum())
    return np.asarray(lengths / lengths.sum())


def control_ids(tokenizer: Tokenizer) -> list[npt.NDArray[np.int64]]:
    """The ids of each kind of control that is left out at random."""
    return [_ids(tokenizer, kind) for kind in DROPPED_CONTROLS]


def _ids(tokenizer: Tokenizer, prefix: str) -> npt.NDArray[np.int64]:
    """The ids of all events that begin with a prefix, those that a tokenizer knows."""
    found = (tokenizer.token_to_id(char(event)) for event in EVENTS if event.startswith(prefix))
    return np.array([token for token in found if token is not None], dtype=np.int64)
