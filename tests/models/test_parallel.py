"""Work in several processes: in order, and only a little of it at a time."""

from collections.abc import Iterator
from itertools import count, islice

from models.parallel import in_parallel


def square(number: int) -> int:
    return number * number


def test_results_come_in_order() -> None:
    assert list(in_parallel(square, range(3000))) == [number * number for number in range(3000)]
    assert list(in_parallel(square, [])) == []


def test_an_endless_source_is_read_as_far_as_needed() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    assert list(islice(in_parallel(square, source()), 3)) == [0, 1, 4]
    assert len(taken) < 2000
