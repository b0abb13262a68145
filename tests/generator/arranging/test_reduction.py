"""Who plays what: melody, harmony, bass and drums from any number of parts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from generator.arranging.reduction import LOWEST_BASS, echoing_parts
from generator.arranging.style import Style
from generator.arranging.voices import Chord, SourceNote
from models.music.score import CHANNELS, P1, P2, TR
from tests.generator.arranging.songs import part, pitches, random_parts, reduced, spans, tune

MELODY = [72, 74, 76, 77, 79, 77, 76, 74, 72, 76, 79, 84, 83, 79, 77, 74]
BASS = [36, 36, 43, 43, 41, 41, 43, 43] * 2
ARPEGGIO = [61, 66, 70, 66] * 8
"""Of pitch classes that neither melody nor bass has: what they play already is left out of chords."""


def test_the_melody_is_neither_the_first_track_nor_the_highest() -> None:
    bells = part(tune([96, 98] * 16, length=5, every=10), velocity=40, program=9)
    bass = part(tune(BASS), program=33)
    lead = part(tune(MELODY), velocity=110, program=80)
    found = reduced(bells, bass, part(tune(ARPEGGIO, length=9, every=10), velocity=60, program=48), lead)
    assert pitches(found.melody)[: len(MELODY)] == MELODY
    assert pitches(found.bass) == BASS


def test_a_name_decides_between_similar_parts() -> None:
    def lead(up: int, name: str) -> list[int]:
        one = part(tune(MELODY), name=name)
        other = part(tune([pitch + up for pitch in MELODY]), name="Harmony")
        return pitches(reduced(one, other, part(tune(BASS), program=33)).melody)

    assert lead(3, "Melody") == MELODY
    assert lead(-3, "Melody") == MELODY


def test_a_piano_is_split_into_its_hands() -> None:
    both = part([*tune(MELODY), *tune(BASS), *tune([pitch - 4 for pitch in MELODY])])
    found = reduced(both)
    assert pitches(found.melody) == MELODY
    assert pitches(found.bass) == BASS
    assert pitches(found.harmony) == [pitch - 4 for pitch in MELODY]


def test_a_sustained_melody_is_not_cut_by_notes_below_it() -> None:
    found = reduced(part([(0, 120, 76)]), part(tune([64] * 11, at=10, every=10, length=10)), part([(0, 120, 40)]))
    assert spans(found.melody) == [(0, 120, 76)]
    assert len(found.harmony) == 11
    assert spans(found.bass) == [(0, 120, 40)]


def test_accompaniment_does_not_replace_a_resting_bass() -> None:
    chords = part([(t, t + 20, pitch) for t in range(0, 400, 40) for pitch in (76, 72)])
    assert set(pitches(reduced(chords, part(tune([40] * 10, at=20, every=40), program=33)).bass)) == {40}


def test_a_pad_that_slides_does_not_take_the_melody_from_a_part_that_moves() -> None:
    pad = part(tune([74, 71, 76, 72] * 4, step=80, length=78), program=48)
    sliding = [
        replace(note, start=note.start + 10 * i, end=note.start + 10 * (i + 1), pitch=note.pitch - 2 + i, slide=True)
        if i < 2
        else replace(note, start=note.start + 20)
        for note in pad.notes
        for i in range(3)
    ]
    lead = part(tune(MELODY * 4), program=80)
    for notes in (pad.notes, tuple(sliding)):
        found = reduced(replace(pad, notes=notes), lead, part(tune(BASS * 4), program=33))
        assert pitches(found.melody)[:16] == MELODY


def test_another_part_is_preferred_to_an_echo() -> None:
    lead = tune(MELODY, length=10)
    echo = part([(start + 12, end + 12, pitch) for start, end, pitch in lead], velocity=70)
    other = part(tune(ARPEGGIO, length=9, every=10), velocity=60)
    found = reduced(part(lead), echo, other, part(tune(BASS), program=33))
    arpeggio = [pitch for pitch in pitches(found.harmony) if pitch in ARPEGGIO]
    assert len(arpeggio) > 0.8 * len(ARPEGGIO)


def test_echoes_are_found_by_their_one_delay() -> None:
    def source(start: int, pitch: int, number: int) -> SourceNote:
        return SourceNote(start, start + 9, pitch, 100, number // 100, number, 0)

    lead = [source(20 * i, 60 + i % 5, i) for i in range(16)]
    chords = [Chord(t.start, t.end, (t,)) for t in lead]
    late = [source(t.start + 15, t.pitch, 100 + i) for i, t in enumerate(lead)]
    other = [source(20 * i + (7 * i) % 19, 60 + i % 5, 200 + i) for i in range(16)]
    assert echoing_parts(late + other, chords) == {1}


def test_a_part_that_doubles_the_melody_is_not_the_harmony() -> None:
    octave = part(tune([pitch - 12 for pitch in MELODY]), velocity=90)
    third = part(tune([pitch - 4 for pitch in MELODY]), velocity=70)
    found = reduced(part(tune(MELODY)), octave, third, part(tune(BASS), program=33))
    assert pitches(found.harmony) == [pitch - 4 for pitch in MELODY]


@pytest.mark.parametrize("step", [0, 2, 3])
def test_long_chords_become_arpeggios_if_the_style_says_so(step: int) -> None:
    chords = part([(t, t + 60, pitch) for t in range(0, 240, 60) for pitch in (61, 66, 70)], program=48, velocity=60)
    lead = part(tune(MELODY, every=15, length=14))
    found = reduced(lead, chords, part(tune(BASS, every=15), program=33), style=Style(step=step, fill=False))
    if not step:
        assert spans(found.harmony) == [(t, t + 60, 70) for t in range(0, 240, 60)]
        return
    first = [note for note in found.harmony if note.start < 60]
    assert [note.start for note in first] == list(range(0, 60, step))
    assert [note.pitch for note in first[:6]] == [70, 66, 61] * 2
    assert {note.total for note in first} == {60}


def test_rests_are_filled_only_if_the_style_says_so() -> None:
    lead = part(tune(MELODY[:8]))
    answer = part(tune([79, 81, 83], at=300), velocity=50)
    bass = part(tune(BASS, every=25), program=33)
    counter = part(tune([67, 69] * 4), velocity=80)
    filled = reduced(lead, counter, answer, bass)
    heard = {(note.start, note.pitch) for line in filled.pitched for note in line}
    assert {(300, 79), (320, 81), (340, 83)} <= heard
    assert len(spans(reduced(lead, counter, answer, bass, style=Style(fill=False)).melody)) <= len(heard)


def test_a_phrase_out_of_range_moves_as_a_whole() -> None:
    low = [31, 33, 35, 36, 35, 33, 31, 29]
    found = reduced(part(tune(low)), part(tune([24] * 8), program=33))
    moved = pitches(found.melody)
    assert len({after - before for before, after in zip(low, moved, strict=True)}) == 1
    assert (moved[0] - low[0]) % 12 == 0
    assert min(moved) >= CHANNELS[P1].lowest


def test_a_bass_that_is_too_low_moves_up_by_octaves() -> None:
    deep = [24, 26, 28, 29] * 4
    found = pitches(reduced(part(tune(MELODY)), part(tune(deep), program=33)).bass)
    assert found == [pitch + 12 for pitch in deep]
    assert min(found) >= LOWEST_BASS


@pytest.mark.parametrize("seed", range(60))
def test_each_channel_plays_one_source_note_at_a_time(seed: int) -> None:
    parts = random_parts(seed)
    sources = {(note.start, note.pitch % 12) for part in parts for note in part.notes}
    found = reduced(*parts)
    for channel, line in zip((P1, P2, TR), found.pitched, strict=True):
        for before, after in pairwise(line):
            assert before.end <= after.start
        for note in line:
            assert note.start < note.end
            assert CHANNELS[channel].lowest <= note.pitch <= CHANNELS[channel].highest
            assert (note.pitch - note.source.pitch) % 12 == 0
            assert any((note.source.start + late, note.source.pitch % 12) in sources for late in (0, 1, 2))
    for hit, following in pairwise(found.drums):
        assert hit.start < hit.end <= following.start


@pytest.mark.parametrize("seed", range(5))
def test_the_same_parts_are_reduced_the_same_way(seed: int) -> None:
    assert reduced(*random_parts(seed)) == reduced(*random_parts(seed))
