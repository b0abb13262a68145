"""Work in several processes: results come in order, and only a little work is in memory at a time."""

from collections.abc import Iterator
from itertools import count, islice

import pytest

from models.parallel import in_parallel


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("processes", [None, 1, 3])
def test_results_come_in_order(processes: int | None) -> None:
    squares = in_parallel(square, range(3000), processes=processes)
    assert list(squares) == [number * number for number in range(3000)]
    assert list(in_parallel(square, [], processes=processes)) == []


@pytest.mark.parametrize("processes", [1, 3])
def test_an_endless_source_is_read_only_as_far_as_needed(processes: int) -> None:
    numbers_read: list[int] = []

    def source() -> Iterator[int]:
        for number in count():
            numbers_read.append(number)
            yield number

    assert list(islice(in_parallel(square, source(), processes=processes), 3)) == [0, 1, 4]
    assert len(numbers_read) < 2000
