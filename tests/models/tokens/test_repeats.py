"""Which beats of a channel repeat an earlier one."""

from __future__ import annotations

from models.tokens.repeats import LOUDER, Cell, find_repeats
from models.tokens.vocabulary import BACKS


def cell(name: str, volume: int = 10, duty: int = 2) -> Cell:
    return Cell(((0, 0, f"on:p1:{ord(name)}"),), ((volume, duty),)) if name != " " else Cell()


def repeats(line: str) -> list[int]:
    return find_repeats([cell(name) for name in line])


def test_what_is_new_or_empty_repeats_nothing() -> None:
    assert repeats("abc  d") == [0] * 6
    assert repeats("") == []


def test_a_beat_repeats_the_same_one_and_goes_on_so() -> None:
    assert repeats("abcdabcdabcd") == [0] * 4 + [4] * 8
    assert repeats("aaa") == [0, 1, 1]


def test_the_repetition_that_lasts_longest_is_taken() -> None:
    assert repeats("xabcd" + "xzzz" + "xabcd")[9:] == [9] * 5
    assert repeats("ababxabab")[5:] == [5, 5, 5, 5]


def test_a_rest_interrupts_no_more_than_itself() -> None:
    assert repeats("ab ab ab ") == [0, 0, 0, 3, 3, 0, 3, 3, 0]


def test_only_distances_that_can_be_told_are_found() -> None:
    unique = [cell(chr(200 + i)) for i in range(130)]
    for back in (16, 17, 18, 128, 129):
        line = [cell("a"), *unique[: back - 1], cell("a")]
        assert find_repeats(line)[-1] == (back if back in BACKS else 0)


def test_louder_notes_and_other_duties_are_no_repeat() -> None:
    assert find_repeats([cell("a"), cell("a", 10 + LOUDER)]) == [0, 1]
    assert find_repeats([cell("a"), cell("a", 11 + LOUDER)]) == [0, 0]
    assert find_repeats([cell("a"), cell("a", duty=1)]) == [0, 0]
