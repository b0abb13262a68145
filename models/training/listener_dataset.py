"""What a listener sees at each step: some channels of a song as tokens, and others of it as a piano roll.

Every crop is a function of (seed, step, row) alone, as those of `models.training.dataset` are, whose controls and keys it has.
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
"""The share of crops in which all other channels are given; else each of them half the time, so that a listener also
learns to do with less."""


@dataclass(frozen=True, slots=True)
class ListenerBatch:
    """ids: tokens [n, length], shorter crops filled up with <pad>. reached: the row each is at [n, length].

    rolls: what is given around them [n, rows, columns], shorter ones filled up with -1.
    """

    ids: npt.NDArray[np.int64]
    reached: Rows
    rolls: Roll


class ListenerDataset:
    """Crops of songs: some channels written, others given. arranged: the share of arranged ones among them."""

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Example], seed: int, arranged: float) -> None:
        self.tokenizer, self.songs, self.seed = tokenizer, songs, seed
        self.controls = control_ids(tokenizer)
        self.counter = RowCounter(token_events(tokenizer))
        self.share = np.cumsum(song_weights(songs, [song.text for song in songs], arranged))

    def batch(self, step: int, rows: int, length: int) -> ListenerBatch:
        """So many crops of so many tokens at the most."""
        found = [self._crop(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)]
        ids = np.full((rows, length), PAD, dtype=np.int64)
        reached = np.zeros((rows, length), dtype=np.int64)
        for row, (tokens, at, _) in enumerate(found):
            ids[row, : len(tokens)], reached[row, : len(at)] = tokens, at
        return ListenerBatch(ids, reached, stack_rolls([roll for _, _, roll in found]))

    def _crop(self, random: np.random.Generator, length: int) -> tuple[npt.NDArray[np.int64], Rows, Roll]:
        """(tokens, the row each is at, the roll) of a song from a beat on."""
        song = self.songs[min(int(np.searchsorted(self.share, random.random())), len(self.songs) - 1)]
        shift = SHIFTS[int(random.integers(len(SHIFTS)))]
        sheet = parse_tune(song.text.translate(transposition(shift)))
        written, given = _split_channels(random, sheet)
        first = _start(random, len(sheet.beats))
        tokens = drop_controls(
            random, encode(self.tokenizer, [render_channels(sheet, written, first)])[0], self.controls
        )[:length]
        ids = tokens.astype(np.int64)
        begin = max(0, first * ROWS - ROWS_BEHIND)
        reached = self.counter.rows(ids.tolist(), first)
        roll = make_roll(sheet, given)[begin : int(reached[-1]) + ROWS + ROWS_AHEAD]
        return ids, reached - begin, roll


def _start(random: np.random.Generator, beats: int) -> int:
    """The beat that a crop begins with: not of the last quarter, which crops that begin before it reach."""
    return 0 if random.random() < FROM_START else int(random.integers(1 + beats * 3 // 4))


def _split_channels(random: np.random.Generator, sheet: ParsedTune) -> tuple[list[int], list[int]]:
    """(channels that are written, channels that are given): one to three of those that play, and the others or some."""
    playing = [channel for channel in ALL_CHANNELS if any(cells[channel] for cells in sheet.played)] or [*ALL_CHANNELS]
    count = int(random.integers(1, max(2, min(len(playing), len(ALL_CHANNELS) - 1) + 1)))
    written = sorted(random.choice(playing, size=count, replace=False).tolist())
    others = [channel for channel in ALL_CHANNELS if channel not in written]
    given = others if random.random() < ALL_OTHERS_GIVEN else [channel for channel in others if random.random() < 0.5]
    return written, given
