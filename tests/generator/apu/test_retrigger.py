"""Notes struck again on one pitch: parted where there is room, and joined in tunes of ours where there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from benchmarks.sound.nsf_accuracy import Counts, compare, compare_writes
from generator.apu.registers import register_stream
from generator.apu.retrigger import is_hidden_repeat, merge_hidden_repeats, separate_repeats
from models.music.score import CHANNELS, NO, P1, TR, Change, Note, Score
from tests.music import random_score

UNSTRUCK = (TR, NO)
"""The channels that cannot be struck."""


def one(channel: int, *notes: Note, frames: int = 60) -> Score:
    return Score(tuple(notes if i == channel else () for i in range(4)), frames)


def times(score: Score, channel: int) -> list[tuple[int, int]]:
    return [(note.start, note.end) for note in score.channels[channel]]


def ticks(*frames: int, pitch: int = 9) -> tuple[Note, ...]:
    """Notes of a single frame."""
    return tuple(Note(frame, frame + 1, pitch) for frame in frames)


def crowded_score(seed: int) -> Score:
    """A legal score full of what is hard to show: notes of a frame or two on three pitches, hardly apart."""
    random = Random(seed)
    channels: list[list[Note]] = [[], [], [], []]
    for channel, notes in enumerate(channels):
        at = random.randrange(4)
        while at < 236:
            end = at + random.choice((1, 1, 1, 1, 2, 3))
            volume: tuple[Change, ...] = ((0, 15 if channel == TR else random.choice((12, 12, 12, 9))),)
            notes.append(Note(at, end, random.choice((4, 12)) if channel == NO else random.choice((60, 67)), volume))
            at = end + random.choice((0, 0, 0, 0, 1, 2))
    return Score(tuple(map(tuple, channels)), 240)


def hidden(score: Score) -> int:
    """How many notes of the triangle and the noise begin where nothing tells it."""
    return sum(
        is_hidden_repeat(*pair) for channel in UNSTRUCK for pair in pairwise(separate_repeats(score).channels[channel])
    )


@pytest.mark.parametrize("channel", range(4))
def test_notes_that_would_sound_as_one_are_separated(channel: int) -> None:
    pitch = 9 if channel == NO else 60
    score = one(channel, Note(0, 10, pitch), Note(10, 20, pitch), Note(20, 21, pitch), Note(21, 30, pitch))
    assert [(n.start, n.end) for n in separate_repeats(score).channels[channel]] == [
        (0, 9),
        (10, 19),
        (20, 21),
        (22, 30),
    ]
    if channel != TR:
        louder = one(channel, Note(0, 10, pitch, ((0, 5),)), Note(10, 20, pitch, ((0, 9),)))
        assert separate_repeats(louder) == louder


def test_a_note_after_a_single_frame_starts_a_frame_late() -> None:
    score = one(P1, Note(0, 1, 60), Note(1, 5, 60, ((0, 9), (2, 4), (3, 1)), ((0, 0), (1, 2))))
    assert separate_repeats(score).channels[P1][1] == Note(2, 5, 60, ((0, 9), (2, 4)), ((0, 0), (1, 2)))


def test_two_single_frames_are_separated_if_there_is_room() -> None:
    free = one(NO, Note(0, 1, 9), Note(1, 2, 9), Note(3, 9, 9))
    assert [(n.start, n.end) for n in separate_repeats(free).channels[NO]] == [(0, 1), (2, 3), (4, 9)]
    full = one(NO, Note(0, 1, 9), Note(1, 2, 9), Note(2, 9, 5))
    assert separate_repeats(full) == full


def test_a_note_is_not_moved_to_where_it_hides_another() -> None:
    score = one(NO, *ticks(0, 1, 3, 4), Note(5, 9, 5))
    assert times(separate_repeats(score), NO) == [(0, 1), (1, 2), (3, 4), (4, 5), (5, 9)]


@pytest.mark.parametrize("channel", UNSTRUCK)
@pytest.mark.parametrize(("count", "found"), [(2, [(8, 10)]), (3, [(8, 10), (10, 11)]), (4, [(8, 10), (10, 12)])])
def test_a_run_of_single_frames_keeps_as_many_notes_as_can_be_heard(
    channel: int, count: int, found: list[tuple[int, int]]
) -> None:
    run = ticks(*range(8, 8 + count), pitch=CHANNELS[channel].lowest)
    score = one(channel, *run, Note(8 + count, 20, CHANNELS[channel].highest))
    assert times(merge_hidden_repeats(score), channel) == [*found, (8 + count, 20)]
    assert hidden(score) == count - 1
    assert hidden(merge_hidden_repeats(score)) == 0


def test_a_merged_note_continues_with_the_volume_of_the_second() -> None:
    score = one(NO, Note(0, 1, 9, ((0, 12),)), Note(1, 2, 9, ((0, 7),)), Note(2, 9, 5))
    assert merge_hidden_repeats(score).channels[NO][0] == Note(0, 2, 9, ((0, 12), (1, 7)))
    assert register_stream(merge_hidden_repeats(score)) == register_stream(score)


def test_audible_repeats_stay_unchanged() -> None:
    drums = (
        *ticks(0, 1),  # room behind them
        Note(4, 5, 9, ((0, 8),)),
        *ticks(5),  # louder
        Note(6, 7, 9, duty=((0, 1),)),  # of the other mode
        *ticks(7, pitch=8),
        Note(8, 12, 8),
        Note(12, 16, 8),
        Note(17, 18, 8),
        Note(18, 20, 8),
    )
    assert merge_hidden_repeats(one(NO, *drums)) == one(NO, *drums)
    assert merge_hidden_repeats(one(P1, *ticks(0, 1, 2, pitch=60))) == one(P1, *ticks(0, 1, 2, pitch=60))


@pytest.mark.parametrize("first", [0, 1])
def test_a_fixed_note_replaces_a_new_one(first: int) -> None:
    rest = Note(2, 9, 5)
    score, kept = one(NO, *ticks(0, 1), rest), one(NO, *ticks(first))
    assert merge_hidden_repeats(score, kept).channels[NO] == (*ticks(first), rest)
    assert merge_hidden_repeats(score, score) == score


@pytest.mark.parametrize("seed", range(40))
def test_every_remaining_note_is_audible(seed: int) -> None:
    score = crowded_score(seed)
    assert hidden(score) > 0
    found = merge_hidden_repeats(score)
    assert hidden(found) == 0
    assert merge_hidden_repeats(found) == found
    assert found.channels[:TR] == score.channels[:TR]
    assert found.note_count >= score.note_count - hidden(score)


@pytest.mark.parametrize("seed", range(20))
def test_nothing_else_changes_in_any_score(seed: int) -> None:
    score = random_score(seed)
    assert (merge_hidden_repeats(score) == score) == (hidden(score) == 0)


@pytest.mark.parametrize("seed", range(20))
def test_fixed_notes_stay_and_all_others_are_audible(seed: int) -> None:
    random, score = Random(seed), crowded_score(seed)
    kept = replace(score, channels=tuple(tuple(n for n in notes if random.random() < 0.2) for notes in score.channels))
    found = merge_hidden_repeats(score, kept)
    for channel, notes in enumerate(found.channels):
        old = set(kept.channels[channel])
        assert old <= set(notes)
        sounding = pairwise(separate_repeats(found).channels[channel])
        unseen = [pair for pair, heard in zip(pairwise(notes), sounding, strict=True) if is_hidden_repeat(*heard)]
        assert channel not in UNSTRUCK or all(old.issuperset(pair) for pair in unseen)


@pytest.mark.parametrize("way", [compare, compare_writes])
@pytest.mark.parametrize("seed", range(3))
def test_the_chip_plays_them(way: Callable[..., Counts], seed: int) -> None:
    counts = way(merge_hidden_repeats(crowded_score(seed)))
    assert sum(counts[name]["joined"] for name in ("tr", "no")) == 0
    assert counts["tr"]["heard"] == counts["tr"]["notes"]
    if way is compare_writes:
        assert counts["no"]["heard"] == counts["no"]["notes"]
