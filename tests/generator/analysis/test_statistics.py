"""Statistics of scores made by hand, whose answers can be counted on paper."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest

from generator.analysis.bars import Bar, bars_of, passage_returns, repetition, similarity
from generator.analysis.statistics import (
    STATISTICS,
    bar_repetition,
    channel_share,
    duty_changes_a_note,
    mean_volume,
    note_length,
    notes_a_second,
    notes_in_key,
    onset_autocorrelation,
    pitch_class_entropy,
    polyphony,
    silence,
    volume_changes_a_note,
)
from generator.composing.compose import transpose
from models.music.cutting import first_frames
from models.music.score import NO, P1, P2, TR, Note, Score
from tests.music import moved, random_score, scale

EMPTY = Score(((), (), (), ()), 120)
CHORD = Score(
    (
        (Note(0, 30, 60, ((0, 12), (10, 6)), ((0, 1), (20, 2))), Note(30, 40, 62, ((0, 3),))),
        (Note(0, 20, 64, ((0, 9),), ((0, 0),)),),
        (Note(0, 60, 36),),
        (Note(90, 100, 5, ((0, 10), (5, 2))),),
    ),
    120,
)
"""Two seconds: C and D over a C, an E for a while, and one drum late, after 30 frames of nothing."""


def tune(bars: list[str], rows: int = 16, row: int = 7) -> Score:
    """A score of bars by name: each letter is a melody of its own on every row but a few, on a steady beat."""
    melody, bass, drums = [], [], []
    for i, name in enumerate(bars):
        for k in range(rows):
            at = (i * rows + k) * row
            if k % 4 == 0:
                bass.append(Note(at, at + row, 40 + (ord(name) + k) % 7))
            if k % 2 == 0:
                drums.append(Note(at, at + 3, 4 + k % 4 * 4))
            if name.isupper():
                melody.append(Note(at, at + row, 60 + (ord(name) * (k + 3) * 5) % 23))
    return Score((tuple(melody), (), tuple(bass), tuple(drums)), len(bars) * rows * row)


def test_notes_a_second() -> None:
    assert notes_a_second(CHORD) == 2.5
    assert [notes_a_second(CHORD, channel) for channel in (P1, P2, TR, NO)] == [1.0, 0.5, 0.5, 0.5]


def test_the_share_of_time_that_channels_sound() -> None:
    assert [channel_share(CHORD, channel) for channel in (P1, P2, TR, NO)] == pytest.approx(
        [1 / 3, 1 / 6, 1 / 2, 1 / 12]
    )
    assert silence(CHORD) == pytest.approx(50 / 120)


def test_polyphony_counts_pitched_channels_while_any_sounds() -> None:
    assert polyphony(CHORD) == pytest.approx((40 + 20 + 60) / 60)
    only_drums = replace(CHORD, channels=((), (), (), CHORD.channels[NO]))
    assert polyphony(only_drums) == 0


def test_note_length_is_the_median_of_pitched_notes() -> None:
    assert note_length(CHORD) == 25  # of 10, 20, 30 and 60


def test_pitch_class_entropy_weighs_frames() -> None:
    shares = [90 / 120, 10 / 120, 20 / 120]  # C, D, E
    assert pitch_class_entropy(CHORD) == pytest.approx(-sum(share * log2(share) for share in shares))
    chromatic = Score((tuple(Note(i * 10, i * 10 + 10, 60 + i) for i in range(12)), (), (), ()), 120)
    assert pitch_class_entropy(chromatic) == pytest.approx(log2(12))
    one = Score(((Note(0, 10, 60), Note(20, 40, 72)), (), (), ()), 60)
    assert pitch_class_entropy(one) == 0


@pytest.mark.parametrize("up", [0, 3, -4])
def test_notes_in_the_best_key(up: int) -> None:
    score = transpose(scale(600), up)
    assert notes_in_key(score) == 1
    # One C sharp to every four notes of the scale, in whatever key that is.
    melody = tuple(
        replace(note, pitch=61 + up if i % 4 == 3 else note.pitch) for i, note in enumerate(scale(600).channels[P1])
    )
    bass = tuple(replace(note, pitch=note.pitch + up) for note in scale(600).channels[TR])
    outside = replace(score, channels=(tuple(melody), (), bass, ()))
    if up == 0:
        assert notes_in_key(outside) == pytest.approx(50 / 60)


def test_a_minor_tune_is_measured_on_the_natural_minor_scale() -> None:
    pitches = (57, 60, 64, 57, 59, 60, 62, 64, 65, 64, 67, 64, 57)
    line = tuple(Note(i * 20, i * 20 + 20, pitch) for i, pitch in enumerate(pitches))
    score = Score((line, (), (Note(0, 260, 45),), ()), 260)
    assert notes_in_key(score) == 1
    leading = Score(((*line[:10], replace(line[10], pitch=68), *line[11:]), (), (Note(0, 260, 45),), ()), 260)
    assert notes_in_key(leading) == pytest.approx(13 / 14)


def test_a_steady_beat_has_an_autocorrelation_of_one_and_chance_has_none() -> None:
    assert onset_autocorrelation(scale(1200)) == pytest.approx(1)
    assert onset_autocorrelation(moved(scale(1200), 7)) > 0.9
    ragged = tuple(Note(at, at + 1, 60) for at in sorted({(i * i * 37) % 1201 for i in range(200)}))
    assert onset_autocorrelation(Score((ragged, (), (), ()), 1210)) < 0.4


def test_a_period_outside_the_lags_is_not_a_beat() -> None:
    slow = tuple(Note(at, at + 5, 60) for at in range(0, 1200, 130))
    assert onset_autocorrelation(Score((slow, (), (), ()), 1200)) < 0.1


def test_sound() -> None:
    assert volume_changes_a_note(CHORD) == 2 / 4
    assert duty_changes_a_note(CHORD) == 1 / 3
    frames = 10 * 12 + 20 * 6 + 10 * 3 + 20 * 9 + 5 * 10 + 5 * 2
    assert mean_volume(CHORD) == pytest.approx(frames / 70)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda statistic: statistic.name)
def test_every_statistic_is_defined_for_an_empty_score(statistic: object) -> None:
    measure = statistic.measure  # type: ignore[attr-defined]
    assert measure(replace(EMPTY, frames=0)) == 0
    assert measure(EMPTY) == (1 if "silence" in statistic.name else 0)  # type: ignore[attr-defined]


# --- bars ------------------------------------------------------------------------------------------------------


def test_bars_are_found_from_the_onsets() -> None:
    bars = bars_of(tune(list("ABCABD")))
    assert len(bars) == 6
    assert bars[0] == bars[3]
    assert bars[1] == bars[4]
    assert len({*bars}) == 4
    assert len(bars[0]) == 16 + 4 + 8
    assert {row for row, _, _ in bars[0]} == set(range(16))


def test_repetition_counts_bars_that_occurred_before() -> None:
    assert bar_repetition(tune(list("ABCABD"))) == pytest.approx(2 / 6)
    assert bar_repetition(tune(list("ABCDEF"))) == 0
    assert bar_repetition(tune(list("AAAA"))) == 3 / 4


def test_a_bar_moved_by_a_tone_is_another_bar() -> None:
    first = tune(list("AB"))
    second = moved(transpose(first, 2), first.frames)
    both = Score(tuple(a + b for a, b in zip(first.channels, second.channels, strict=True)), 2 * first.frames)
    assert bar_repetition(both) == 0


def bar(*rows: int) -> Bar:
    return frozenset((row, P1, 60) for row in rows)


def test_bars_are_the_same_from_three_quarters_in_common_on() -> None:
    whole = bar(0, 1, 2, 3)
    assert similarity(whole, bar(0, 1, 2)) == 0.75
    assert similarity(whole, bar(0, 1, 2, 4)) == 0.6
    assert repetition([whole, bar(0, 1, 2)]) == 0.5
    assert repetition([whole, bar(0, 1, 2, 4)]) == 0
    assert similarity(bar(), bar()) == 0


def test_empty_bars_neither_recur_nor_count() -> None:
    assert repetition([bar(), bar(0), bar(), bar(0)]) == 0.5
    assert repetition([bar(), bar()]) == 0


@pytest.mark.parametrize(
    ("names", "returns"),
    [
        ("ABAB", True),
        ("ABCDAB", True),
        ("ABXBAY", False),  # both bars come back, but not in their order
        ("ABCA", False),  # one bar alone
        ("AAA", False),  # two bars again only one bar later
        ("AAAA", True),
        ("ABCDEF", False),
        ("AB", False),
        ("", False),
        ("XYABCAB", True),  # the last two bars
    ],
)
def test_a_passage_returns(names: str, returns: bool) -> None:
    assert passage_returns([bar(ord(name)) for name in names]) is returns


# --- lengths ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_the_first_frames_are_what_was_heard_until_then(seed: int) -> None:
    score = random_score(seed)
    for frames in (1, 37, score.frames, score.frames + 5):
        cut = first_frames(score, frames)
        assert cut.frames == min(frames, score.frames)
        for before, after in zip(score.channels, cut.channels, strict=True):
            heard = [note for note in before if note.start < frames]
            assert [(a.start, a.pitch, min(a.end, frames)) for a in heard] == [(b.start, b.pitch, b.end) for b in after]
            for a, b in zip(heard, after, strict=True):
                assert (b.volume, b.duty) == (a.volume[: len(b.volume)], a.duty[: len(b.duty)])
                assert all(at + a.start >= frames for at, _ in a.volume[len(b.volume) :])
    assert first_frames(score, score.frames) == score
