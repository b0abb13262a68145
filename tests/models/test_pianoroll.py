"""Channels as a piano roll, and the row that each token has reached."""

import numpy as np
import pytest

from models.forms import EVERY, Sheet, only, read_sheet
from models.grid import ROWS
from models.pianoroll import COLUMNS, FIRST, OF_CHANNEL, TABLE, Roll, RowCounter, roll_of
from models.score import CHANNELS, NO, P1, TR, Note, Score
from models.tokens import row_clock, spelled, to_text
from models.vocabulary import BACKS
from tests.models.tiny import codebook, tokenizer
from tests.music import BEAT_OF_30, loop_of, random_score


def sheet_of(score: Score) -> Sheet:
    return read_sheet(to_text(score, codebook=codebook(), repeats=True))


def named(roll: Roll, row: int, channel: int) -> dict[str, int]:
    """The values of a channel's columns in a row, by their names."""
    columns = range(channel * OF_CHANNEL, (channel + 1) * OF_CHANNEL)
    return {COLUMNS[i][0]: int(roll[row, i] - FIRST[i]) for i in columns}


@pytest.mark.parametrize("seed", range(6))
def test_every_value_is_an_index_of_its_own_column(seed: int) -> None:
    sheet = sheet_of(loop_of(random_score(seed, grid=True), 2))
    roll = roll_of(sheet, EVERY)
    assert roll.shape == (len(sheet.beats) * ROWS, len(COLUMNS))
    assert FIRST[-1] == TABLE == sum(values for _, values in COLUMNS)
    assert (roll >= FIRST[:-1]).all()
    assert (roll < FIRST[1:]).all()


def test_a_roll_says_what_sounds_begins_and_ends() -> None:
    melody = (Note(0, 30, 60), Note(34, 36, 62), Note(36, 60, 64))
    score = Score((melody, (), (Note(15, 75, 40),), ()), 120, BEAT_OF_30)
    roll = roll_of(sheet_of(score), [P1, TR])
    low, bass = CHANNELS[P1].lowest, CHANNELS[TR].lowest
    nothing = {"begins": 0, "late": 0, "many": 0, "back": 0}
    assert named(roll, 0, P1) == {**nothing, "sounds": 62 - low, "begins": 61 - low, "late": 1, "many": 1}
    assert named(roll, 1, P1) == {**nothing, "sounds": 62 - low}
    # the note ends on row 4, and two more begin in it, four frames after and six
    assert named(roll, 4, P1) == {"sounds": 66 - low, "begins": 63 - low, "late": 5, "many": 2, "back": 0}
    assert named(roll, 8, P1) == {**nothing, "sounds": 1}
    assert named(roll, 1, TR) == {**nothing, "sounds": 1}
    assert named(roll, 2, TR) == {**nothing, "sounds": 42 - bass, "begins": 41 - bass, "late": 1, "many": 1}
    assert named(roll, 9, TR)["sounds"] == 42 - bass
    assert named(roll, 10, TR)["sounds"] == 1


def test_what_is_not_given_is_not_told() -> None:
    score = loop_of(random_score(3, grid=True), 2)
    sheet = sheet_of(score)
    every, some = roll_of(sheet, EVERY), roll_of(sheet, [P1, NO])
    for channel in EVERY:
        part = slice(channel * OF_CHANNEL, (channel + 1) * OF_CHANNEL)
        if channel in (P1, NO):
            assert (some[:, part] == every[:, part]).all()
        else:
            assert (some[:, part] == FIRST[:-1][part]).all()
    assert (some[:, -2:] == every[:, -2:]).all()


def test_what_is_repeated_is_told_and_sounds_as_what_it_repeats() -> None:
    bar = tuple(Note(30 * beat, 30 * beat + 10, 60 + beat) for beat in range(4))
    score = loop_of(Score((bar, (), (), ()), 120, BEAT_OF_30), 3)
    roll = roll_of(sheet_of(score), [P1])
    assert [named(roll, row, P1)["back"] for row in (0, 16, 19, 32)] == [0, *[1 + BACKS.index(4)] * 3]
    assert named(roll, 16, P1) == {**named(roll, 0, P1), "back": 1 + BACKS.index(4)}


@pytest.mark.parametrize("seed", range(6))
def test_tokens_reach_the_rows_of_their_notes(seed: int) -> None:
    score = random_score(seed, grid=seed % 2 == 0)
    clock = row_clock(score)
    known = tokenizer(sounds=True)
    text = to_text(score, clock=clock, codebook=codebook(), repeats=True)
    spelling = spelled(known)
    counter = RowCounter(spelling)
    first = 2
    ids = known.encode(only(read_sheet(text), [P1], first)).ids
    rows = counter.rows(ids, first)
    assert (np.diff(rows) >= 0).all()
    begun = [row for row, token in zip(rows, ids, strict=True) for e in spelling[token] if e.startswith("on:")]
    played = read_sheet(text)
    assert begun[0] >= first * ROWS
    assert rows[-1] // ROWS == len(played.beats) - 1
    # read in two pieces it is the same
    start = next(i for i, token in enumerate(ids) if spelling[token][0].startswith("beat:"))
    for cut in range(start + 1, len(ids), 7):
        before = int(rows[cut - 1])
        assert (counter.rows(ids[cut:], before // ROWS, before) == rows[cut:]).all()
