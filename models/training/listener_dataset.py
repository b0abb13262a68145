"""The crops of songs that a listener sees at each step: some channels as tokens, and others as a piano roll.

As in `models.training.dataset`, a crop depends on (seed, step, row) alone, and has random controls and a random key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.inference.cross_attention import ROWS_AHEAD, ROWS_BEHIND
from models.music.grid import ROWS
from models.tokens.piano_roll import Roll, RowCounter, Rows, make_roll, stack_rolls
from models.tokens.prompts import ALL_CHANNELS, ParsedTune, parse_tune, render_channels
from models.tokens.tokenizer import token_events
from models.tokens.vocabulary import PAD, transposition
from models.training.dataset import FROM_START, control_ids, drop_controls, encode, song_weights
from models.training.examples import SHIFTS, Example

ALL_OTHERS_GIVEN = 0.75
"""The share of crops in which all other channels are given. In the rest each is given half the time, so that a listener
also learns to do with less."""


@dataclass(frozen=True, slots=True)
class ListenerBatch:
    """A step's crops.

    ids: tokens [n, length], shorter crops padded with <pad>. token_rows: the row that each is at [n, length]. rolls:
    the given channels around them [n, rows, columns], shorter ones padded with -1.
    """

    ids: npt.NDArray[np.int64]
    token_rows: Rows
    rolls: Roll


class ListenerDataset:
    """Crops of songs: some channels are written, others given. arranged: the share of arranged songs."""

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Example], seed: int, arranged: float) -> None:
        self.tokenizer, self.songs, self.seed = tokenizer, songs, seed
        self.controls = control_ids(tokenizer)
        self.counter = RowCounter(token_events(tokenizer))
        self.share = np.cumsum(song_weights(songs, [song.text for song in songs], arranged))

    def batch(self, step: int, rows: int, length: int) -> ListenerBatch:
        """Return a step's crops: `rows` of them, each of at most `length` tokens."""
        crops = [self._crop(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)]
        ids = np.full((rows, length), PAD, dtype=np.int64)
        token_rows = np.zeros((rows, length), dtype=np.int64)
        for row, (tokens, at, _) in enumerate(crops):
            ids[row, : len(tokens)], token_rows[row, : len(at)] = tokens, at
        return ListenerBatch(ids, token_rows, stack_rolls([roll for _, _, roll in crops]))

    def _crop(self, random: np.random.Generator, length: int) -> tuple[npt.NDArray[np.int64], Rows, Roll]:
        """Return a crop of a random song: its tokens, the row that each is at, and the roll."""
        song = self.songs[min(int(np.searchsorted(self.share, random.random())), len(self.songs) - 1)]
        shift = SHIFTS[int(random.integers(len(SHIFTS)))]
        tune = parse_tune(song.text.translate(transposition(shift)))
        written, given = _split_channels(random, tune)
        first = _start(random, len(tune.beats))
        tokens = drop_controls(
            random, encode(self.tokenizer, [render_channels(tune, written, first)])[0], self.controls
        )[:length]
        ids = tokens.astype(np.int64)
        begin = max(0, first * ROWS - ROWS_BEHIND)
        token_rows = self.counter.rows(ids.tolist(), first)
        roll = make_roll(tune, given)[begin : int(token_rows[-1]) + ROWS + ROWS_AHEAD]
        return ids, token_rows - begin, roll


def _start(random: np.random.Generator, beats: int) -> int:
    """Return the beat that a crop starts with. None is in the last quarter, which earlier crops reach."""
    return 0 if random.random() < FROM_START else int(random.integers(1 + beats * 3 // 4))


def _split_channels(random: np.random.Generator, tune: ParsedTune) -> tuple[list[int], list[int]]:
    """Return the written and the given channels: one to three of those that play, and all or some of the others."""
    playing = [channel for channel in ALL_CHANNELS if any(cells[channel] for cells in tune.played)] or [*ALL_CHANNELS]
    count = int(random.integers(1, max(2, min(len(playing), len(ALL_CHANNELS) - 1) + 1)))
    written = sorted(random.choice(playing, size=count, replace=False).tolist())
    others = [channel for channel in ALL_CHANNELS if channel not in written]
    given = others if random.random() < ALL_OTHERS_GIVEN else [channel for channel in others if random.random() < 0.5]
    return written, given
