"""Under the grammar's rules any network writes legal scores, which decode as they were written."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.score import CHANNELS, NO, P1, P2, TR, Score
from models.tokens.codec import from_text, to_text
from models.tokens.grammar import NOTHING, RULES, BeatState, Mask, Played, TokenTable, legal_tokens
from models.tokens.tokenizer import token_events
from models.tokens.vocabulary import MAX_OFFSET
from tests.models.conftest import MakeModel
from tests.music import bare

TABLE = TokenTable(
    [
        ("<bos>",),
        ("beat:0",),
        ("at:0.0",),
        ("at:2.7",),
        ("at:1.3", "on:p1:60"),
        ("on:p2:60",),
        ("off:p1",),
        ("on:p1:60", "at:1.0", "off:p1"),
        ("on:p2:60", "on:p1:60"),
        ("at:1.0", "at:2.0"),
        ("at:2.0", "on:p1:60", "at:1.0"),
        ("at:0.0", "off:no", "at:1.0", "on:no:4"),
    ]
)
SOUNDS = TokenTable(
    [
        ("at:0.0",),
        ("at:0.0", "on:p1:60"),
        ("at:0.0", "on:tr:60"),
        ("on:p2:60",),
        ("on:no:4",),
        ("on:p2:60", "on:tr:50"),
        ("at:1.0", "off:p1"),
        ("env:pulse:3",),
        ("env:pulse:3", "duty:pulse:1"),
        ("duty:pulse:1",),
        ("env:noise:0",),
        ("mode:noise:1",),
        ("duty:pulse:1", "env:pulse:3"),
        ("env:pulse:1", "env:pulse:3"),
        ("env:pulse:1", "mode:noise:0"),
        ("on:p1:60", "env:pulse:3"),
    ]
)
ROWS = (7, 8, 7, 8)


def allowed(time: int = NOTHING, channel: int = NOTHING, sounding: int = 0, *, last: bool = False) -> list[int]:
    return [int(i) for i in np.flatnonzero(legal_tokens(TABLE, BeatState(ROWS, time, channel, sounding, last)))]


def test_no_note_begins_in_the_last_beat() -> None:
    anywhere = allowed(sounding=0b1111)
    last = allowed(sounding=0b1111, last=True)
    assert last
    assert last == [i for i in anywhere if not any(event.startswith("on:") for event in TABLE.spelling[i])]
    assert last != anywhere


def test_a_beat_begins_with_a_time() -> None:
    assert allowed() == [2, 4]
    assert allowed(sounding=0b1000) == [2, 4, 11]


def test_times_go_forward_and_stay_inside_their_rows() -> None:
    assert 4 in allowed(time=MAX_OFFSET + 2, channel=0)
    assert 4 not in allowed(time=MAX_OFFSET + 3, channel=0)
    assert 3 not in allowed()
    assert 3 in [int(i) for i in np.flatnonzero(legal_tokens(TABLE, BeatState((7, 8, 8, 7))))]


def test_something_happens_at_each_time_in_the_order_of_channels() -> None:
    assert allowed(time=0) == [5, 7]
    assert allowed(time=0, channel=0) == [4, 5]
    assert allowed(time=0, channel=1) == [4]
    assert allowed(time=0, sounding=1) == [5, 6, 7]


def test_tokens_that_contradict_themselves_are_never_allowed() -> None:
    everything = [allowed(time=t, channel=c, sounding=15) for t in (-1, 0, 20) for c in (-1, 0, 1)]
    assert not {0, 1, 8, 9, 10} & {token for tokens in everything for token in tokens}


def test_following_a_token_keeps_what_sounds() -> None:
    state = BeatState(ROWS, sounding=0b1000)
    TABLE.advance(state, 11)
    assert (state.time, state.channel, state.sounding) == (MAX_OFFSET, 3, 0b1000)
    TABLE.advance(state, 6)
    assert state.sounding == 0b1000
    state = BeatState(ROWS)
    TABLE.advance(state, 4)
    assert (state.time, state.channel, state.sounding) == (MAX_OFFSET + 3, 0, 1)


def any_of(table: TokenTable) -> Mask:
    return table.is_event | table.is_sound | table.is_repeat


def many_places() -> list[BeatState]:
    steps = product((-1, 0, 20), (-1, 0, 1), (0, 1, 8), (False, True), (0b0100, 0b1111), (-1, 0, 2), (-1, 0))
    places = [BeatState(ROWS, *step) for step in steps]
    played = [[NOTE, EMPTY, NOTE, EMPTY]]
    places += [BeatState(ROWS, time=t, played=played, repeating=mask) for t in (-1, 0) for mask in (0, 1, 4)]
    return [*places, BeatState(ROWS, played=played, closed=0b0101)]


@pytest.mark.parametrize("name", ["TABLE", "SOUNDS", "AGAIN"])
def test_masks_that_are_kept_are_those_of_the_rules(name: str) -> None:
    table: TokenTable = globals()[name]
    for place in many_places():
        wanted = np.all([any_of(table), *(rule(table, place) for rule, _ in RULES)], axis=0)
        for _ in range(2):
            assert (legal_tokens(table, place) == wanted).all()


def test_every_rule_forbids_something_that_the_others_allow() -> None:
    places = many_places()
    rules = [rule for rule, _ in RULES]
    for left_out in rules:
        others = [rule for rule in rules if rule is not left_out]
        assert any(
            (np.all([any_of(table), *(rule(table, p) for rule in others)], axis=0) & ~left_out(table, p)).any()
            for table in (TABLE, SOUNDS, AGAIN) for p in places
        ), left_out.__name__  # fmt: skip


# --- sounds ------------------------------------------------------------------------------------------------------


def after(*tokens: int) -> list[int]:
    """What may follow some tokens at the start of a tune, for a model that names sounds."""
    state = SOUNDS.initial_state().next_beat(ROWS, last=False)
    for token in tokens:
        assert legal_tokens(SOUNDS, state)[token]
        SOUNDS.advance(state, token)
    return [int(i) for i in np.flatnonzero(legal_tokens(SOUNDS, state))]


def test_the_first_note_of_a_channel_names_its_envelope_at_once() -> None:
    assert after() == [0, 1, 2]
    assert after(1) == [7, 8]
    assert after(0, 4) == [10]
    assert after(0, 3) == [7, 8]
    assert after(2) == [4]


def test_a_duty_follows_an_envelope_and_no_second_one_does() -> None:
    assert after(1, 7) == [3, 4, 6, 9]
    assert after(1, 8) == [3, 4, 6]
    assert after(1, 7, 9) == [3, 4, 6]
    assert after(0, 4, 10) == [11]
    assert after(0, 4, 10, 11) == []


def test_a_channel_that_has_an_envelope_may_go_on_with_it() -> None:
    state = SOUNDS.initial_state().next_beat(ROWS, last=False)
    for token in (1, 7, 3, 7):
        SOUNDS.advance(state, token)
    state = state.next_beat(ROWS, last=False)
    assert np.flatnonzero(legal_tokens(SOUNDS, state)).tolist() == [0, 1, 2, 6]
    SOUNDS.advance(state, 1)
    assert np.flatnonzero(legal_tokens(SOUNDS, state)).tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert not state.is_incomplete
    SOUNDS.advance(state, 5)
    assert np.flatnonzero(legal_tokens(SOUNDS, state)).tolist() == [4, 6]


def test_a_beat_does_not_end_before_a_first_note_has_its_envelope() -> None:
    state = SOUNDS.initial_state().next_beat(ROWS, last=False)
    SOUNDS.advance(state, 1)
    assert state.is_incomplete
    SOUNDS.advance(state, 7)
    assert not state.is_incomplete


def test_tokens_of_sounds_that_contradict_themselves_are_never_allowed() -> None:
    assert np.flatnonzero(SOUNDS.is_sound).tolist() == [7, 8, 9, 10, 11]
    assert not SOUNDS.is_event[12:].any()


# --- repeats -----------------------------------------------------------------------------------------------------

AGAIN = TokenTable(
    [
        ("at:0.0",), ("on:p1:60",), ("on:tr:40",), ("off:p1",),
        ("again:p1:1",), ("again:tr:1",), ("again:p1:2",), ("again:p1:1", "again:tr:1"), ("again:tr:1", "again:p1:1"),
    ]
)  # fmt: skip
NOTE, HIGH = [("0.0", "on:p1:60")], [("0.0", "on:p1:60"), ("2.9", "off:p1")]
EMPTY: list[tuple[str, str]] = []


def repeating(*tokens: int, played: Played = (), last: bool = False, rows: tuple[int, ...] = ROWS) -> list[int]:
    """Which repeats may follow some tokens in a beat after others."""
    state = AGAIN.initial_state().next_beat(rows, last=last, played=played)
    for token in tokens:
        assert legal_tokens(AGAIN, state)[token]
        AGAIN.advance(state, token)
    return [int(i) for i in np.flatnonzero(legal_tokens(AGAIN, state))]


def test_only_what_was_played_can_be_repeated() -> None:
    assert repeating() == [0]
    assert repeating(played=[[NOTE, EMPTY, EMPTY, EMPTY]]) == [0, 4]
    assert repeating(played=[[NOTE, EMPTY, EMPTY, EMPTY], [EMPTY] * 4]) == [0, 6]
    assert repeating(played=[[NOTE, EMPTY, NOTE, EMPTY]]) == [0, 4, 5, 7]


def test_repeats_are_told_in_order_and_nothing_else_happens_there() -> None:
    played = [[NOTE, EMPTY, NOTE, EMPTY]]
    assert repeating(4, played=played) == [0, 5]
    assert repeating(5, played=played) == [0]
    assert repeating(7, played=played) == [0]
    assert repeating(4, 0, played=played) == [2]
    assert repeating(5, 0, played=played) == [1]


def test_what_is_repeated_fits_into_the_rows_and_begins_nothing_in_the_last_beat() -> None:
    assert 4 in repeating(played=[[HIGH, EMPTY, EMPTY, EMPTY]], rows=(10, 10, 10, 10))
    assert 4 not in repeating(played=[[HIGH, EMPTY, EMPTY, EMPTY]], rows=(10, 10, 9, 10))
    assert 4 not in repeating(played=[[NOTE, EMPTY, EMPTY, EMPTY]], last=True)
    assert 4 in repeating(played=[[[("1.0", "off:p1")], EMPTY, EMPTY, EMPTY]], last=True)


def test_no_time_is_written_where_nothing_can_happen() -> None:
    def times(state: BeatState) -> bool:
        return bool(legal_tokens(AGAIN, state)[0])

    assert times(BeatState(ROWS, repeating=0b1011))
    assert not times(BeatState(ROWS, repeating=0b1111))
    assert times(BeatState(ROWS, sounding=0b0101, repeating=0b0100, last=True))
    assert not times(BeatState(ROWS, sounding=0b0101, repeating=0b0101, last=True))


def test_nothing_happens_in_a_closed_channel() -> None:
    def after(*tokens: int, closed: int) -> list[int]:
        state = AGAIN.initial_state().next_beat(ROWS, last=False, played=[[NOTE, EMPTY, NOTE, EMPTY]], closed=closed)
        for token in tokens:
            AGAIN.advance(state, token)
        return [int(i) for i in np.flatnonzero(legal_tokens(AGAIN, state))]

    assert after(closed=0) == [0, 4, 5, 7]
    assert after(closed=0b0001) == [0, 5]
    assert after(0, closed=0b0001) == [2]
    assert after(closed=0b1111) == []


def test_a_repeat_leaves_sounding_what_it_began() -> None:
    for cell, sounds in ((NOTE, 1), (HIGH, 0)):
        state = AGAIN.initial_state().next_beat((10, 10, 10, 10), last=False, played=[[cell, EMPTY, EMPTY, EMPTY]])
        AGAIN.advance(state, 4)
        assert state.sounding == sounds


def test_a_model_that_names_no_sounds_needs_none() -> None:
    assert TABLE.initial_state().named == 0b1111
    assert SOUNDS.initial_state().named == 0b0100


@pytest.fixture(scope="module")
def composers(make_model: MakeModel) -> list[Composer]:
    return [Composer(make_model(seed, context=512)) for seed in range(3)] + [Composer(make_model(uniform=True))]


@pytest.mark.parametrize("seed", range(16))
def test_whatever_a_random_network_writes_reads_back(composers: list[Composer], seed: int) -> None:
    composer = composers[seed % 4]
    score = composer.compose(TuneSpec(frames=90 + 20 * seed, seed=seed, temperature=(2.0, 1.0)[seed % 2]))
    assert isinstance(score, Score)
    assert score.note_count > 5
    assert from_text(to_text(score)).channels == bare(score) == score.channels
    for spec, notes in zip(CHANNELS, score.channels, strict=True):
        assert all(spec.lowest <= note.pitch <= spec.highest for note in notes)


def test_a_real_tokenizers_table_agrees_with_its_spelling(tiny_model: Path) -> None:
    composer = Composer(tiny_model)
    assert composer.table.spelling == token_events(composer.tokenizer)
    mergeable = sum(len(events) > 1 for events in composer.table.spelling)
    assert composer.table.is_event.sum() > mergeable > 10


@pytest.fixture(scope="module")
def sounding(make_model: MakeModel) -> list[Composer]:
    return [Composer(make_model(seed, context=512, sounds=True)) for seed in range(2)] + [
        Composer(make_model(uniform=True, sounds=True))
    ]


@pytest.mark.parametrize("seed", range(18))
def test_whatever_a_random_network_of_sounds_writes_is_legal_and_each_note_has_its_sound(
    sounding: list[Composer], seed: int
) -> None:
    score = sounding[seed % 3].compose(TuneSpec(frames=130 + 20 * seed, seed=seed, temperature=(2.0, 1.0)[seed % 2]))
    assert score.note_count > 5
    assert from_text(to_text(score)).channels == bare(score)
    for channel in (P1, P2, NO):
        # No envelope of the tiny codebook reaches full volume, which notes without a sound have.
        assert all(volume < 15 for note in score.channels[channel] for _, volume in note.volume)
    named = [note for channel in (P1, P2, NO) for note in score.channels[channel]]
    assert len({note.volume[0] for note in named}) > 2
    assert score.channels[TR] == bare(score)[TR]
