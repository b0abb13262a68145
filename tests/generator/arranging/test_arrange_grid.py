"""Which grid an arrangement has: the file's own, or what its onsets suggest, or the rows for training."""

from __future__ import annotations

import struct

from generator.arranging.arrange import arrange, reductions
from generator.importing.importer import import_midi
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.music.beats import find_grid
from models.music.grid import find_clock
from models.music.midi import midi_bytes, to_nesmdb
from models.music.score import Grid
from tests.models.music.test_beats import band
from tests.music import twinkle


def in_bare_time(data: bytes) -> bytes:
    """The same ticks as milliseconds: 25 frames of 40 ticks a second instead of 480 ticks a beat."""
    return data[:12] + struct.pack(">bB", -25, 40) + data[14:]


def test_the_files_own_tempo_is_kept() -> None:
    score = arrange(Request(mode="arrange", upload=digest(twinkle()), name="x.mid"), twinkle()).score
    assert score.grid == Grid((7, 8))


def test_without_a_stated_tempo_the_grid_is_found_and_training_uses_the_row_clock() -> None:
    data = in_bare_time(twinkle())
    imported = import_midi(data)
    assert imported.grid is None
    score = arrange(Request(mode="arrange", upload=digest(data), name="x.mid"), data).score
    assert score.grid == find_grid(score)
    (first, *_) = reductions(imported, 1, 0)
    assert first.grid == find_clock(first).to_grid()


def test_a_slow_tune_without_a_grid_is_not_read_in_double_time() -> None:
    data = midi_bytes(to_nesmdb(band(70)))
    score = arrange(Request(mode="arrange", upload=digest(data), name="x.mid"), data).score
    assert score.grid
    assert 68 <= score.grid.bpm <= 72
