"""Instruments for tunes without: legal volumes, chosen by the seed, never changing a note."""

import pytest

from generator.sound.envelopes import assign_instruments
from models.music.score import NO, P1, P2, TR, Score
from tests.music import bare, random_score

PLAIN = [Score(bare(score), score.frames, score.grid) for score in map(random_score, range(8))]


@pytest.mark.parametrize("seed", range(20))
def test_notes_stay_and_volumes_are_legal(seed: int) -> None:
    plain = PLAIN[seed % 8]
    dressed = assign_instruments(plain, seed)
    assert bare(dressed) == plain.channels
    assert dressed.channels[TR] == plain.channels[TR]
    for channel in (P1, P2, NO):
        assert all(note.volume[0][1] > 0 for note in dressed.channels[channel])
    for channel in (P1, P2):
        assert len({note.duty for note in dressed.channels[channel]}) <= 1


def test_the_seed_chooses_the_instruments() -> None:
    assert assign_instruments(PLAIN[0], 3) == assign_instruments(PLAIN[0], 3)
    assert len({assign_instruments(PLAIN[0], seed).channels for seed in range(40)}) > 8


def test_drums_decay_and_high_ones_decay_faster() -> None:
    notes = [note for score in PLAIN for note in assign_instruments(score, 0).channels[NO] if note.length >= 12]
    low = [note for note in notes if note.pitch < 10]
    high = [note for note in notes if note.pitch >= 10]
    assert low
    assert high
    for note in notes:
        values = [value for _, value in note.volume]
        assert values == sorted(values, reverse=True)

    def after_10(note_volume: tuple[tuple[int, int], ...]) -> int:
        return [value for offset, value in note_volume if offset <= 10][-1]

    assert max(after_10(note.volume) for note in high) < min(after_10(note.volume) for note in low)
