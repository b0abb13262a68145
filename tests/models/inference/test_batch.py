"""Texts that are written together: equal to the bit to those written alone, whoever joins or leaves beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import MusicError
from models.inference.batch import Batch, BatchFullError, Row, Text, write_together
from models.inference.checkpoint import EngineError
from models.inference.new_tune import Composer
from models.inference.remix import accompaniment, continuation, infilling, parse_source
from models.inference.sampler import TuneSpec
from models.music.score import Score
from tests.models.conftest import MakeModel
from tests.music import loop_of, random_score

Take = tuple[Score, float]


def spec(seed: int) -> TuneSpec:
    return TuneSpec(frames=120 + 30 * (seed % 4), seed=seed, temperature=0.8 + 0.1 * (seed % 3))


@pytest.fixture(params=["tokens", "companion"])
def composer(request: pytest.FixtureRequest, make_model: MakeModel) -> Composer:
    """A model, and one that knows the state of the score; contexts so short that texts begin anew."""
    if request.param == "companion":
        return Composer(make_model(seed=3, context=96, companion=True))
    return Composer(make_model(seed=3, context=96, sounds=True))


def finish(batch: Batch) -> Iterator[Row[Any]]:
    while len(batch):
        yield from batch.step()


@pytest.mark.parametrize("rows", [3, 8])
def test_tunes_are_the_same_alone_and_together(composer: Composer, rows: int) -> None:
    alone = [composer.take(spec(seed)) for seed in range(9)]
    assert len({score.channels for score, _ in alone}) == 9
    assert write_together(composer, [composer.writing(spec(seed)) for seed in range(9)], rows) == alone


def test_texts_may_join_and_leave_between_tokens(composer: Composer) -> None:
    batch = Batch(composer, 3)
    rows = [batch.join(composer.writing(spec(seed))) for seed in range(3)]
    for _ in range(12):
        assert not batch.step()
    batch.leave(rows[0])
    assert batch.room == 1
    assert len(batch) == 2
    late = batch.join(composer.writing(spec(3)))
    assert set(finish(batch)) == {*rows[1:], late}
    assert [row.result() for row in (*rows[1:], late)] == [composer.take(spec(seed)) for seed in (1, 2, 3)]
    with pytest.raises(EngineError):
        rows[0].result()


def test_a_full_batch_refuses_another_text(composer: Composer) -> None:
    batch = Batch(composer, 1)
    batch.join(composer.writing(spec(0)))
    with pytest.raises(BatchFullError):
        batch.join(composer.writing(spec(1)))


def test_what_a_text_raises_is_its_own(composer: Composer) -> None:
    class Stopped(MusicError):
        """Raised by a caller that has had enough."""

    def stop(share: float) -> None:
        if share > 0.4:
            raise Stopped("enough")

    batch = Batch(composer, 3)
    rows = [batch.join(composer.writing(spec(seed), *[stop] * (seed == 1))) for seed in range(3)]
    assert set(finish(batch)) == set(rows)
    with pytest.raises(Stopped):
        rows[1].result()
    assert [rows[i].result() for i in (0, 2)] == [composer.take(spec(seed)) for seed in (0, 2)]


def test_a_text_that_asks_for_nothing_is_done_at_once(composer: Composer) -> None:
    def nothing() -> Text[int]:
        return 7
        yield

    batch = Batch(composer, 2)
    row = batch.join(nothing())
    assert batch.step() == [row]
    assert row.done
    assert row.result() == 7
    assert batch.step() == []


@pytest.mark.parametrize("kind", ["companion", "listener", "tokens"])
def test_remixes_are_the_same_together(kind: str, make_model: MakeModel) -> None:
    model = Composer(make_model(seed=2, context=128, sounds=True, **{kind: True} if kind != "tokens" else {}))
    source = parse_source(model, loop_of(random_score(4, grid=True), 1))
    plan = TuneSpec(frames=120, seed=5)

    def texts() -> list[Text[Score]]:
        return [
            continuation(model, source, plan, 4),
            accompaniment(model, source, plan, [0]),
            infilling(model, source, plan, range(2, 4)),
            accompaniment(model, source, plan, [1, 2]),
        ]

    alone = [write_together(model, [text], 1)[0] for text in texts()]
    assert write_together(model, texts()) == alone


def test_a_folder_of_the_cache_that_cannot_be_written_does_no_harm(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_model(seed=3, context=96)
    wanted = Composer(folder).take(spec(0))
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr("models.inference.graph_cache.cache_folder", lambda: tmp_path / "file")
    assert Composer(folder).take(spec(0)) == wanted
