"""Parts as lines: single notes, chords, hands, strums."""

from __future__ import annotations

from generator.arranging.voices import Voice, source_notes, split_voices
from tests.generator.arranging.songs import Span, part, tune

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


def lines(*notes: Span, program: int = 0) -> dict[str, Voice]:
    return {line.kind: line for line in split_voices(source_notes([part(notes, program=program)]))}


def tops(line: Voice) -> list[int]:
    return [chord.notes[0].pitch for chord in line.chords]


def test_single_notes_are_one_voice() -> None:
    found = lines(*tune(SCALE))
    assert list(found) == ["solo"]
    assert tops(found["solo"]) == SCALE


def test_ringing_bells_are_still_one_voice() -> None:
    assert list(lines(*tune(SCALE, length=45))) == ["solo"]


def test_chords_give_a_top_a_bottom_and_a_chord_voice() -> None:
    found = lines(*tune(SCALE), *tune([pitch - 3 for pitch in SCALE]), *tune([pitch - 7 for pitch in SCALE]))
    assert tops(found["top"]) == SCALE
    assert tops(found["bottom"]) == [pitch - 7 for pitch in SCALE]
    assert [len(chord.notes) for chord in found["chords"].chords] == [3] * 8


def test_hands_far_apart_do_not_mix() -> None:
    left = tune([36, 43] * 8, every=10, length=9)
    right = tune(SCALE, every=20)
    found = lines(*left, *right)
    assert tops(found["top"]) == SCALE
    assert tops(found["bottom"]) == [36, 43] * 8


def test_notes_of_a_strummed_chord_start_together() -> None:
    found = lines((0, 60, 48), (1, 60, 55), (2, 60, 64), (60, 120, 50), (61, 120, 57), (62, 120, 65))
    assert [(chord.start, len(chord.notes)) for chord in found["chords"].chords] == [(0, 3), (60, 3)]


def test_fast_consecutive_notes_are_not_a_strum() -> None:
    found = lines(*tune(SCALE, every=1, length=1))
    assert [chord.start for chord in found["solo"].chords] == list(range(8))


def test_drums_and_noise_programs_have_no_voices() -> None:
    assert not split_voices(source_notes([part(tune([36, 38]), drum=True), part(tune([60]), program=127)]))
