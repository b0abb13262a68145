"""Texts of several jobs, written together: each gets its own result, and what happens to one reaches no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from generator.process.desk import Desk
from generator.protocol.errors import JobCancelled
from models.inference.batch import Batch, Text, write_together
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.score import Score
from tests.models.tiny import write_model

Tune = Text[tuple[Score, float]]


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    return Composer(write_model(tmp_path_factory.mktemp("model"), context=512, uniform=True, sounds=True))


def tune(composer: Composer, seed: int, progress: Callable[[float], None] = lambda _: None) -> Tune:
    return composer.writing(TuneSpec(frames=120 + 60 * (seed % 3), seed=seed), progress)


def test_a_text_does_not_depend_on_what_is_written_beside_it(composer: Composer) -> None:
    alone = {seed: write_together(composer, [tune(composer, seed)])[0] for seed in range(12)}
    desk = Desk(rows=4)
    groups = [(0, 1, 2, 3, 4, 5), (6,), (7, 8), (9,), (10, 11)]
    with ThreadPoolExecutor(len(groups)) as pool:
        found = pool.map(lambda group: desk.write(composer, [tune(composer, seed) for seed in group]), groups)
        assert list(found) == [[alone[seed] for seed in group] for group in groups]


def test_what_fails_or_is_cancelled_ends_no_other(composer: Composer) -> None:
    desk = Desk(rows=4)
    begun = threading.Event()

    def cancelled(share: float) -> None:
        begun.set()
        if share > 0.3:
            raise JobCancelled

    def broken(_: float) -> None:
        raise ZeroDivisionError

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(desk.write, composer, [tune(composer, 1, cancelled), tune(composer, 2), tune(composer, 3)])
        second = pool.submit(desk.write, composer, [tune(composer, 4, broken)])
        third = pool.submit(desk.write, composer, [tune(composer, 5), tune(composer, 6)])
        assert third.result() == write_together(composer, [tune(composer, 5), tune(composer, 6)])
        with pytest.raises(JobCancelled):
            first.result()
        with pytest.raises(ZeroDivisionError):
            second.result()
    assert desk.write(composer, [tune(composer, 7)]) == write_together(composer, [tune(composer, 7)])


def test_many_takes_of_one_tune_do_not_hold_up_another(composer: Composer) -> None:
    desk = Desk(rows=2)
    ended: list[str] = []

    def write(name: str, seeds: range) -> None:
        desk.write(composer, [tune(composer, 3 * seed) for seed in seeds])
        ended.append(name)

    many = threading.Thread(target=write, args=("many", range(12)))
    many.start()
    write("one", range(20, 21))
    many.join()
    assert ended == ["one", "many"]


def test_a_network_that_fails_ends_the_texts_it_wrote_and_no_later_one(
    composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(rows=2)
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            desk.write(composer, [tune(composer, 1), tune(composer, 2), tune(composer, 3)])
    assert desk.write(composer, [tune(composer, 1)]) == write_together(composer, [tune(composer, 1)])


def test_no_texts_are_written_at_once(composer: Composer, tmp_path: Path) -> None:
    assert Desk().write(composer, []) == []
