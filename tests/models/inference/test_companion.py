"""The engine with a companion: equal to torch, token by token as at once, with given channels and without."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from models.features.events import numbers_of
from models.features.given import NEVER
from models.features.inputs import Given, Inputs, inputs_of, part_of
from models.inference.checkpoint import EngineError
from models.inference.companion import COMPANION_FILE, CompanionError
from models.inference.engine import Cache, Engine
from models.inference.score_memory import GivenMusic, ScoreMemory, given_after, given_channels, tell
from models.music.score import P2, TR
from models.training.score_aware.checkpoint import load_checkpoint, save_checkpoint
from models.training.score_aware.loading import tensors
from models.training.score_aware.store import told_of
from tests.models.features.test_tracker import text_of
from tests.models.inference.test_engine import ROUNDING, off
from tests.models.training.test_score_aware_network import SMALL, part, random_network

GIVEN = (P2, TR)
LENGTH = 150


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    save_checkpoint(folder, SMALL, dict(random_network().named_parameters()))
    return folder


@pytest.mark.parametrize("channels", [(), GIVEN])
@pytest.mark.parametrize("seed", range(2))
def test_the_engine_and_torch_say_the_same(checkpoint: Path, seed: int, channels: tuple[int, ...]) -> None:
    told = told_of(numbers_of(text_of(seed)))
    ids = told.events[:LENGTH].tolist()
    with torch.inference_mode():
        wanted = load_checkpoint(checkpoint)(*tensors(inputs_of([[part(told, channels)]], len(ids))))[0].numpy()
    memory = ScoreMemory(given_channels(told.events.tolist(), channels) if channels else None)
    memory.take(ids)
    engine = Engine(checkpoint)
    assert off(Cache(engine, 1).read(0, ids, memory.inputs(range(len(ids)))), wanted[-1]) < ROUNDING
    memory = ScoreMemory(given_channels(told.events.tolist(), channels) if channels else None)
    cache = Cache(engine, 1)
    assert cache.told is not None
    for place, event in enumerate(ids):
        memory.take([event])
        tell(cache.told, [(memory, 1)])
        assert off(cache.step([event])[0], wanted[place]) < ROUNDING


@pytest.mark.parametrize("seed", range(3))
def test_a_memory_says_what_training_sees(seed: int) -> None:
    told = told_of(numbers_of(text_of(seed)))
    events = told.events.tolist()
    whole = inputs_of([[part(told, GIVEN)]], len(events))
    memory = ScoreMemory(given_channels(events, GIVEN))
    memory.take(events)
    found = memory.inputs(range(len(events)))
    for name in Inputs.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name), err_msg=name)


def test_a_span_hears_what_follows_it_and_nothing_else() -> None:
    told = told_of(numbers_of(text_of(0)))
    events, ticks = told.events.tolist(), told.ticks.astype(np.int64)
    span = range(4, 6)
    start = np.full((len(ticks), 4), NEVER)
    start[(ticks >= 4 * 64) & (ticks < 6 * 64)] = 6 * 64
    raw = told.raw, told.tokens, told.buckets
    wanted = inputs_of([[part_of(told.events, ticks, raw, told.played, given=Given(start))]], len(events))
    memory = ScoreMemory(given_after(events, span))
    memory.take(events)
    found = memory.inputs(range(len(events)))
    np.testing.assert_array_equal(found.given, wanted.given)
    plain = ScoreMemory()
    plain.take(events)
    before = [i for i, tick in enumerate(ticks) if tick < 4 * 64]
    assert (found.given[0, before] == plain_given(len(before))).all()
    assert (found.given[0, len(before) : len(before) + 1] != plain_given(1)).any()


def plain_given(count: int) -> np.ndarray:
    """What is known ahead where nothing is given."""
    memory = ScoreMemory(GivenMusic(given_channels([], ()).played, (NEVER,) * 4))
    memory.take(told_of(numbers_of(text_of(1))).events.tolist()[:count])
    return np.asarray(memory.inputs(range(count)).given[0])


def test_a_companion_has_to_be_told_what_is_known(checkpoint: Path, tiny_model: Path) -> None:
    with pytest.raises(EngineError):
        Cache(Engine(checkpoint), 1).read(0, [1, 2])
    memory = ScoreMemory()
    memory.take([1])
    with pytest.raises(EngineError):
        Cache(Engine(tiny_model), 1).read(0, [1], memory.inputs([0]))


def test_a_companion_of_another_network_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    for file in checkpoint.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    found = load_file(tmp_path / COMPANION_FILE)
    save_file({**found, "mixes.weight": found["mixes.weight"][:, :-1]}, tmp_path / COMPANION_FILE)
    with pytest.raises(CompanionError):
        Engine(tmp_path)
    (tmp_path / COMPANION_FILE).write_bytes(b"no weights")
    with pytest.raises(CompanionError):
        Engine(tmp_path)
