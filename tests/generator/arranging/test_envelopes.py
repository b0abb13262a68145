"""Reductions as scores: volumes and duties as the source's instruments have them."""

from __future__ import annotations

import pytest

from generator.arranging.envelopes import to_score
from models.music.score import NO, P1, P2, TR
from tests.generator.arranging.songs import part, random_parts, reduced, tune

LEAD = tune([72, 74, 76, 77] * 4)
BASS = tune([36, 43] * 8)


@pytest.mark.parametrize("seed", range(40))
def test_anything_becomes_a_legal_score_with_every_note_heard_at_first(seed: int) -> None:
    reduction = reduced(*random_parts(seed))
    score = to_score(reduction)
    assert score.note_count == sum(map(len, reduction.pitched)) + len(reduction.drums)
    assert all(note.volume[0][1] for channel, note in score.notes() if channel != TR)


def test_an_organ_sustains_and_a_piano_decays() -> None:
    def volumes(program: int) -> list[int]:
        score = to_score(reduced(part([(0, 120, 72), (120, 240, 74)], program=program)))
        return [volume for _, volume in score.channels[P1][0].volume]

    organ, piano = volumes(19), volumes(0)
    assert min(organ[:-1]) > 0.6 * max(organ)
    assert piano == sorted(piano, reverse=True)
    assert piano[-1] < 0.5 * piano[0]


def test_instruments_differ_in_duty() -> None:
    duties = {to_score(reduced(part(LEAD, program=program))).channels[P1][0].duty for program in range(112)}
    assert {duty for ((_, duty),) in duties} >= {0, 1, 2}


def test_soft_notes_are_softer() -> None:
    loud, soft = part(LEAD, velocity=120), part(tune([72, 74], at=400), velocity=40)
    score = to_score(reduced(loud, soft))
    peaks = {note.start: max(volume for _, volume in note.volume) for note in score.channels[P1]}
    assert peaks[400] < 0.7 * peaks[0]


def test_an_arpeggio_is_one_sound_whose_envelope_runs_through() -> None:
    chords = part([(t, t + 90, pitch) for t in (0, 90) for pitch in (60, 64, 67)], program=0)
    score = to_score(reduced(part(LEAD, velocity=110, program=80), chords, part(BASS, program=33)))
    first = [note.volume[0][1] for note in score.channels[P2] if note.start < 90]
    assert len(first) > 8
    assert first[-1] < first[0]


def test_the_style_may_swap_the_pulses() -> None:
    reduction = reduced(part(LEAD), part(tune([60, 62] * 8), velocity=60), part(BASS, program=33))
    usual, swapped = to_score(reduction), to_score(reduction, swap=True)
    assert swapped.channels[P2] == usual.channels[P1]
    assert swapped.channels[P1] == usual.channels[P2]


def test_a_snare_decays_and_a_closed_hi_hat_decays_faster() -> None:
    score = to_score(reduced(part([(0, 2, 38), (60, 62, 42)], drum=True)))
    snare, hat = score.channels[NO]
    assert snare.length > hat.length
    assert snare.volume[-1][1] < snare.volume[0][1]
