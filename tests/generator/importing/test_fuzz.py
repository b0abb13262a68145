"""Broken files, for a limited time: each is arranged or refused with one sentence.

`benchmarks.importing.fuzz` tries thousands.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

import pytest

from benchmarks.importing.fuzz import ARRANGED, LIMIT, SENTENCE, fuzz, outcome
from benchmarks.importing.midi_mutations import mutate_bytes, mutate_chunks, mutate_events
from models.music.midi import midi_bytes, to_midi, to_nesmdb
from tests.music import random_score, scale, twinkle

SECONDS = 2.0
"""For each kind of mutation."""
SOURCES = (twinkle(), midi_bytes(to_midi(scale())), midi_bytes(to_nesmdb(random_score(2))))


@pytest.mark.parametrize("mutate", [mutate_bytes, mutate_chunks, mutate_events])
def test_broken_files_are_arranged_or_refused_with_a_sentence(mutate: Callable[[Random, bytes], bytes]) -> None:
    ends = time.perf_counter() + SECONDS
    found: list[str] = []
    for seed in range(10_000):
        if seed >= 20 and time.perf_counter() > ends:
            break
        random = Random(seed)
        data = mutate(random, random.choice(SOURCES))
        began = time.perf_counter()
        found.append(outcome(data))
        assert time.perf_counter() - began < LIMIT, seed
        assert found[-1] == ARRANGED or SENTENCE.fullmatch(found[-1]), (seed, found[-1])
    assert ARRANGED in found
    assert len(set(found)) > 1


@pytest.mark.long
def test_the_long_run_counts_what_happened() -> None:
    tally = fuzz(SOURCES, 12, 1)
    assert tally.outcomes.total() == 12
    assert tally.bad == 0
    assert 0 < tally.slowest < LIMIT
    assert tally.memory > 10
