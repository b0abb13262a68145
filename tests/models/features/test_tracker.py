"""What a reader knows at each event: of the past alone, the same in every key, right where it is told by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.features import columns, given
from models.features.columns import COLUMNS, FIRST_STATE, OFFSETS, RAW, SIZES, STATE, TABLE, Features, features_of
from models.features.events import BEAT_TICKS, KINDS, LOWEST, Kind, numbers_of
from models.features.tracker import Tracker
from models.music.score import P1, TR
from models.tokens.codec import to_text
from models.tokens.vocabulary import EVENTS, NUMBER, char, transposition
from models.training.score_aware.store import Told, told_of
from tests.models.tiny import codebook
from tests.music import random_score, scale


def text_of(seed: int) -> str:
    """A random tune, or a regular one, with repeats and sounds."""
    score = scale(1800) if seed == 0 else random_score(seed)
    return to_text(score, codebook=codebook(), repeats=True)


def features(told: Told, shift: int = 0) -> Features:
    return features_of(told.raw, told.tokens, told.buckets, shift)


@pytest.mark.parametrize("seed", range(4))
def test_what_comes_later_changes_nothing(seed: int) -> None:
    """The future of a tune is replaced by that of another: what was known before stays to the bit."""
    text = text_of(seed).replace(" ", "")
    other = text_of(seed + 10).replace(" ", "")
    whole = told_of(numbers_of(text))
    random = np.random.default_rng(seed)
    for cut in random.integers(1, len(text), size=5):
        beats = [i for i, character in enumerate(other) if KINDS[numbers_of(character)[0]] == Kind.BEAT]
        changed = told_of(numbers_of(text[:cut] + other[beats[len(beats) // 3] :]))
        for name in ("raw", "tokens", "buckets", "ticks"):
            np.testing.assert_array_equal(getattr(changed, name)[:cut], getattr(whole, name)[:cut])


def test_a_corrupted_future_does_change_what_follows_it() -> None:
    """So that the test above could fail."""
    text = text_of(0).replace(" ", "")
    middle = len(text) // 2
    changed = told_of(numbers_of(text[:middle] + text_of(5).replace(" ", "")[middle:]))
    length = min(len(changed.raw), len(text))
    assert (changed.raw[middle:length] != told_of(numbers_of(text)).raw[middle:length]).any()


def test_a_transposed_tune_has_the_transposed_features() -> None:
    """No pitch of it leaves its channel's range, so that none is folded onto another."""
    text = text_of(0)
    for shift in (-5, -1, 3, 6):
        moved = told_of(numbers_of(text.translate(transposition(shift))))
        found, wanted = features(told_of(numbers_of(text)), shift), features(moved)
        np.testing.assert_array_equal(found.indices, wanted.indices)
        np.testing.assert_array_equal(found.last, wanted.last)
        np.testing.assert_array_equal(found.before, wanted.before)
        np.testing.assert_array_equal(found.tokens, wanted.tokens)
        np.testing.assert_allclose(found.classes, wanted.classes)


def test_every_index_is_of_its_own_lookup() -> None:
    for seed in range(6):
        found = features(told_of(numbers_of(text_of(seed))), shift=6).indices
        assert (found >= OFFSETS).all()
        assert (found < OFFSETS + np.array(SIZES)).all()
    assert OFFSETS[-1] + SIZES[-1] == TABLE


def test_bytes_are_as_many_as_columns_say() -> None:
    assert len(Tracker().columns) == RAW


def fed(*events: str) -> Tracker:
    tracker = Tracker()
    for event in events:
        tracker.feed(NUMBER[event])
    return tracker


def test_controls_and_the_plan_change_nothing() -> None:
    """They are left out at random in training."""
    plain = fed("<bos>", "frames:30", "beat:0", "at:0.0", "on:p1:60", "beat:1")
    told = fed("<bos>", "scene:boss", "voices:p1", "beat:0", "left:9", "at:0.0", "on:p1:60", "beat:1", "left:8")
    assert told.columns == plain.columns
    assert told.candidates.tokens == plain.candidates.tokens


def state(tracker: Tracker, channel: int) -> list[int]:
    begin = FIRST_STATE + channel * STATE
    return list(tracker.columns[begin : begin + STATE])


def test_state_says_what_sounds_and_what_was_before() -> None:
    tracker = fed("beat:0", "at:0.0", "on:p1:60", "at:2.0", "on:p1:64")
    sounding, last, since, before, *_ = state(tracker, P1)
    assert (sounding, last, before) == (64 - 33 + LOWEST, 64 - 33 + LOWEST, 60 - 33 + LOWEST)
    assert since == 1
    tracker.feed(NUMBER["at:3.0"])
    tracker.feed(NUMBER["off:p1"])
    assert state(tracker, P1)[:2] == [1, 64 - 33 + LOWEST]


def test_a_repeat_is_known_ahead() -> None:
    tracker = fed("beat:0", "at:1.3", "on:tr:40", "beat:1", "again:tr:1")
    step, code, again = state(tracker, TR)[4:7]
    assert code == 40 - 21 + LOWEST
    assert step > 1
    assert again == 1
    assert tracker.ticks[TR] == [19, BEAT_TICKS + 19]


def test_the_event_after_the_longest_match_is_a_candidate() -> None:
    tune = ("at:0.0", "on:p1:60", "at:1.0", "on:p1:67", "at:2.0", "on:p1:64")
    tracker = fed("beat:0", *tune, "beat:1", *tune[:4])
    assert tracker.candidates.tokens[0] == NUMBER["at:2.0"]


def test_the_next_beat_is_counted_on_as_a_candidate() -> None:
    tracker = fed("beat:0", "at:0.0", "on:p1:60", "beat:1", "at:0.0", "on:p1:60")
    assert tracker.candidates.tokens[0] == NUMBER["beat:2"]


def test_pitch_classes_move_with_the_key() -> None:
    told = told_of(numbers_of("".join(map(char, ("<bos>", "beat:0", "at:0.0", "on:p1:60")))))
    assert features(told).classes[-1, :12].argmax() == 0
    assert features(told, 5).classes[-1, :12].argmax() == 5


# --- given channels --------------------------------------------------------------------------------------------


def test_given_channels_are_known_ahead_and_others_are_not() -> None:
    events = [NUMBER[e] for e in ("beat:0", "at:0.0", "on:p1:60", "on:tr:40", "at:2.0", "on:tr:45", "beat:1")]
    played = given.played_by(events)
    start = np.full((1, 4), given.NEVER)
    start[0, TR] = 0
    ahead = given.look_ahead(played, np.array([0]), np.array([P1]), start)[0]
    width = given.LOOKUPS // 4
    assert not ahead[: TR * width].any()
    mark, _, step, code, later, following, *_ = ahead[TR * width : (TR + 1) * width]
    assert (mark, step, code) == (1, 1, 40 - 21 + LOWEST)
    assert (later > 1, following) == (True, 45 - 21 + LOWEST)
    assert given.known_pitches(ahead[None])[0].tolist() == [-1, -1, 40]
    over = given.look_ahead(played, np.array([0]), np.array([TR]), start)
    assert given.known_pitches(over)[0].tolist() == [-1, -1, -1]


def test_nothing_before_a_span_ends_is_given_away() -> None:
    """What a span had is changed: what is known ahead inside it stays."""
    head = ["beat:0", "at:0.0", "on:p1:60", "beat:1"]
    tail = ["beat:2", "at:1.0", "on:p1:70", "beat:3"]
    start = np.full((1, 4), 2 * BEAT_TICKS)
    found = [
        given.look_ahead(
            given.played_by([NUMBER[e] for e in (*head, *inside, *tail)]), np.array([BEAT_TICKS]), np.array([-1]), start
        )
        for inside in (("at:1.0", "on:p1:50"), ("at:0.0", "on:p1:90", "at:3.0", "off:p1", "on:p2:40"))
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0][0, 3] == 70 - 33 + LOWEST


def test_due_is_what_given_channels_make_follow() -> None:
    names = ["<bos>", "beat:15", "again:tr:1", "at:0.0", "on:p1:60", "on:tr:40", "at:2.3", "on:p1:62", "beat:0"]
    names += ["at:1.0", "on:tr:41", "on:no:3", "beat:1", "<end>"]
    events = np.array([NUMBER[name] for name in names])
    tracker = Tracker()
    places = []
    for event in events:
        tracker.feed(int(event))
        places.append((tracker.tick, tracker.passed))
    ticks, passed = np.array(places).T
    own = np.isin(given.channels_of(events, passed), [TR])
    due = given.due_events(events, ticks, passed, own)
    wanted = [None, "again:tr:1", "at:0.0", "on:tr:40", "on:tr:40", "beat:0", "beat:0", "beat:0", "at:1.0", "on:tr:41"]
    assert [None if number < 0 else EVENTS[number] for number in due] == [*wanted, None, None, None, None]


def test_given_indices_are_of_their_own_lookup_in_every_key() -> None:
    told = told_of(numbers_of(text_of(0)))
    passed = told.raw[:, 3].astype(np.int64) - 1
    start = np.zeros((len(told.events), 4), np.int64)
    ahead = given.look_ahead(told.played, told.ticks.astype(np.int64), passed, start)
    for shift in (-5, 0, 6):
        indices = given.given_indices(ahead, shift)
        assert (indices >= given.OFFSETS).all()
        assert (indices < given.OFFSETS + np.array(given.SIZES)).all()
    assert len(COLUMNS) + columns.CLASSES == RAW


def test_a_channel_is_expected_to_go_on_as_it_does() -> None:
    """Seven and eight frames a row: a gap of ten frames leads to other ticks each time."""
    tracker = fed("frames:30", "sixteenths:0", "clock:60", "lead:0", "phase:0", "beat:0", "at:0.0", "on:p1:60")
    tracker.feed(NUMBER["at:1.3"])
    tracker.feed(NUMBER["on:p1:62"])
    assert tracker.rhythm.frame(tracker.tick) == 10
    assert EVENTS[tracker.candidates.tokens[-2]] == "at:2.5"
    assert state(tracker, P1)[8] == 3
    tracker.feed(NUMBER["at:2.5"])
    tracker.feed(NUMBER["off:p1"])
    assert EVENTS[tracker.candidates.tokens[-2]] == "beat:1"
