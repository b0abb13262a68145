"""Channels as a piano roll, and the row that each token is at."""

from collections.abc import Sequence

import pytest

from models.music.grid import ROWS
from models.music.score import CHANNELS, NO, P1, TR, Note, Score
from models.tokens.codec import row_clock, to_text
from models.tokens.piano_roll import (
    COLUMN_OFFSETS,
    COLUMNS,
    COLUMNS_PER_CHANNEL,
    TABLE_SIZE,
    Roll,
    RowCounter,
    make_roll,
)
from models.tokens.prompts import ALL_CHANNELS, ParsedTune, parse_tune, render_channels
from models.tokens.tokenizer import token_events
from models.tokens.vocabulary import BACKS, event_of
from tests.models.tiny import codebook, tokenizer
from tests.music import BEAT_OF_30, loop_of, random_score


def sheet_of(score: Score) -> ParsedTune:
    return parse_tune(to_text(score, codebook=codebook(), repeats=True))


def named(roll: Roll, row: int, channel: int) -> dict[str, int]:
    """The values of a channel's columns in a row, by name."""
    columns = range(channel * COLUMNS_PER_CHANNEL, (channel + 1) * COLUMNS_PER_CHANNEL)
    return {COLUMNS[i][0]: int(roll[row, i] - COLUMN_OFFSETS[i]) for i in columns}


@pytest.mark.parametrize("seed", range(6))
def test_every_value_is_an_index_of_its_own_column(seed: int) -> None:
    tune = sheet_of(loop_of(random_score(seed, grid=True), 2))
    roll = make_roll(tune, ALL_CHANNELS)
    assert roll.shape == (len(tune.beats) * ROWS, len(COLUMNS))
    assert COLUMN_OFFSETS[-1] == TABLE_SIZE == sum(values for _, values in COLUMNS)
    assert (roll >= COLUMN_OFFSETS[:-1]).all()
    assert (roll < COLUMN_OFFSETS[1:]).all()


def test_a_roll_shows_what_sounds_starts_and_ends() -> None:
    melody = (Note(0, 30, 60), Note(34, 36, 62), Note(36, 60, 64))
    score = Score((melody, (), (Note(15, 75, 40),), ()), 120, BEAT_OF_30)
    roll = make_roll(sheet_of(score), [P1, TR])
    low, bass = CHANNELS[P1].lowest, CHANNELS[TR].lowest
    nothing = {"begins": 0, "late": 0, "many": 0, "back": 0}
    assert named(roll, 0, P1) == {**nothing, "sounds": 62 - low, "begins": 61 - low, "late": 1, "many": 1}
    assert named(roll, 1, P1) == {**nothing, "sounds": 62 - low}
    # The note ends on row 4, and two more start in it, after four and six frames.
    assert named(roll, 4, P1) == {"sounds": 66 - low, "begins": 63 - low, "late": 5, "many": 2, "back": 0}
    assert named(roll, 8, P1) == {**nothing, "sounds": 1}
    assert named(roll, 1, TR) == {**nothing, "sounds": 1}
    assert named(roll, 2, TR) == {**nothing, "sounds": 42 - bass, "begins": 41 - bass, "late": 1, "many": 1}
    assert named(roll, 9, TR)["sounds"] == 42 - bass
    assert named(roll, 10, TR)["sounds"] == 1


def test_channels_that_are_not_given_do_not_show() -> None:
    score = loop_of(random_score(3, grid=True), 2)
    tune = sheet_of(score)
    every, some = make_roll(tune, ALL_CHANNELS), make_roll(tune, [P1, NO])
    for channel in ALL_CHANNELS:
        part = slice(channel * COLUMNS_PER_CHANNEL, (channel + 1) * COLUMNS_PER_CHANNEL)
        if channel in (P1, NO):
            assert (some[:, part] == every[:, part]).all()
        else:
            assert (some[:, part] == COLUMN_OFFSETS[:-1][part]).all()
    assert (some[:, -2:] == every[:, -2:]).all()


def test_repeats_show_and_sound_like_the_original() -> None:
    bar = tuple(Note(30 * beat, 30 * beat + 10, 60 + beat) for beat in range(4))
    score = loop_of(Score((bar, (), (), ()), 120, BEAT_OF_30), 3)
    roll = make_roll(sheet_of(score), [P1])
    assert [named(roll, row, P1)["back"] for row in (0, 16, 19, 32)] == [0, *[1 + BACKS.index(4)] * 3]
    assert named(roll, 16, P1) == {**named(roll, 0, P1), "back": 1 + BACKS.index(4)}


def rows_by_event(spelling: Sequence[Sequence[str]], ids: Sequence[int]) -> list[int]:
    """The row that each token is at, from the first row of the first beat on, event by event."""
    rows, beat, row = [], -1, 0
    for token in ids:
        for event in spelling[token]:
            if event.startswith("beat:"):
                beat, row = beat + 1, 0
            elif event.startswith("at:"):
                row = int(event[3:].split(".")[0])
        rows.append(max(0, beat) * ROWS + row)
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_tokens_reach_the_rows_of_their_notes(seed: int) -> None:
    score = loop_of(random_score(seed, grid=seed % 2 == 0), 2)
    known = tokenizer(sounds=True)
    tune = parse_tune(to_text(score, clock=row_clock(score), codebook=codebook(), repeats=True))
    spelling = token_events(known)
    counter = RowCounter(spelling)
    first = 2
    ids = known.encode(render_channels(tune, [P1], first)).ids
    rows = counter.rows(ids, first).tolist()
    assert rows == [first * ROWS + row for row in rows_by_event(spelling, ids)]
    # A note at a token's end is on the token's row.
    begun = [row for row, token in zip(rows, ids, strict=True) if spelling[token][-1].startswith("on:")]
    written = [i for i in range(first, len(tune.beats)) if P1 not in tune.beats[i].again]
    played = {i * ROWS + _row(time) for i in written for time, what in tune.played[i][P1] if _begins(what)}
    assert begun
    assert set(begun) <= played
    # Reading in two pieces gives the same rows.
    start = next(i for i, token in enumerate(ids) if spelling[token][0].startswith("beat:"))
    for cut in range(start + 1, len(ids), 7):
        before = rows[cut - 1]
        assert counter.rows(ids[cut:], before // ROWS, before).tolist() == rows[cut:]


def _row(time: str) -> int:
    return int(event_of(time)[3:].split(".")[0])


def _begins(happening: str) -> bool:
    return event_of(happening[0]).startswith("on:")
