"""The listener in the engine against the one in torch: equal results, what it changes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.inference.cross_attention import (
    LISTENER_FILE,
    ROWS_AHEAD,
    ROWS_BEHIND,
    Listener,
    ListenerError,
    cross_attention_layers,
)
from models.inference.engine import Cache, Engine
from models.tokens.piano_roll import COLUMN_OFFSETS, COLUMNS, Roll, Rows
from models.training.listener import Listener as TorchListener
from models.training.listener import load_listener
from models.training.network import load_network
from tests.models.inference.test_engine import CONTEXT, IDS, ROUNDING, expected, off, save
from tests.models.tiny import write_listener

ROWS = 200
WIDTH = 64


def random_roll(seed: int, rows: int = ROWS) -> Roll:
    random = np.random.default_rng(seed)
    return np.stack(
        [random.integers(COLUMN_OFFSETS[i], COLUMN_OFFSETS[i + 1], rows) for i in range(len(COLUMNS))], axis=1
    )


def reached(seed: int = 0, rows: int = ROWS) -> Rows:
    return np.sort(np.random.default_rng(seed).integers(0, rows, CONTEXT))


@pytest.fixture(params=[1, 2, 5])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A network with a random listener."""
    save(tmp_path, num_hidden_layers=request.param)
    write_listener(tmp_path, WIDTH, request.param)
    return tmp_path


def heard_by_torch(folder: Path, roll: Roll, rows: Rows) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    network = load_network(folder)
    listener = load_listener(folder, network)
    with torch.inference_mode():
        listener.read(torch.from_numpy(roll[None]), torch.from_numpy(rows[None]))
        return network(torch.tensor([IDS])).logits[0].double().numpy()  # type: ignore[no-any-return]


@pytest.mark.parametrize("rows", [3, ROWS])
def test_the_engine_equals_torch_token_by_token_and_all_at_once(folder: Path, rows: int) -> None:
    roll, at = random_roll(1, rows), reached(rows=rows)
    wanted = heard_by_torch(folder, roll, at)
    engine = Engine(folder)
    assert engine.listener is not None
    heard = engine.listener.read(roll)
    cache = Cache(engine, 1)
    found = np.array([cache.step([token], [heard], [int(at[i])])[0].copy() for i, token in enumerate(IDS)])
    assert off(found, wanted) < ROUNDING
    assert off(Cache(engine, 1).read(0, IDS, None, heard, at), wanted[-1]) < ROUNDING
    assert off(expected(folder, IDS), wanted) > 2 * ROUNDING


def test_texts_that_listen_and_others_do_not_touch_each_other(folder: Path) -> None:
    engine = Engine(folder)
    assert engine.listener is not None
    heard = [engine.listener.read(random_roll(1)), None, engine.listener.read(random_roll(2, 90)), None]
    at = [reached(1), reached(2), reached(3, 90), reached(4)]
    together = Cache(engine, 4)
    alone = [Cache(engine, 1) for _ in heard]
    for number, token in enumerate(IDS[:12]):
        found = together.step([token] * 4, heard, [int(rows[number]) for rows in at])
        for text, cache in enumerate(alone):
            one = cache.step([token], [heard[text]], [int(at[text][number])])
            assert one[0].tobytes() == found[text].tobytes()


def test_without_rows_the_network_is_as_without_a_listener(folder: Path) -> None:
    with_listener = Cache(Engine(folder), 1).read(0, IDS)
    (folder / LISTENER_FILE).unlink()
    assert Engine(folder).listener is None
    assert (with_listener == Cache(Engine(folder), 1).read(0, IDS)).all()


def test_a_new_listener_changes_nothing(tmp_path: Path) -> None:
    save(tmp_path)
    network = load_network(tmp_path)
    listener = TorchListener(WIDTH, 2)
    listener.attach(network)
    listener.read(torch.from_numpy(random_roll(1)[None]), torch.from_numpy(reached()[None]))
    with torch.inference_mode():
        found = network(torch.tensor([IDS])).logits[0].double().numpy()
    assert (found == expected(tmp_path, IDS)).all()


def test_only_rows_around_a_tokens_own_count(tmp_path: Path) -> None:
    save(tmp_path)
    write_listener(tmp_path, WIDTH, 2)
    listener = Listener(tmp_path, WIDTH, 2)
    at, reach = 100, 8  # two convolutions of nine rows: four rows farther each

    def heard(changed: int) -> bool:
        """Whether changing a row changes the keys that a token attends to."""
        found = []
        for seed in (1, 2):
            roll = random_roll(0)
            roll[changed] = random_roll(seed)[changed]
            window = listener.windows([listener.read(roll)], [np.array([at])])
            seen = np.isfinite(window["bias"][0, 0, 0])
            found.append(window["roll_keys.0"][0][:, seen])
        return bool(np.abs(found[0] - found[1]).max() > 0)

    assert [row for row in range(ROWS) if heard(row)] == [*range(at - ROWS_BEHIND - reach, at + ROWS_AHEAD + reach + 1)]


def test_padding_rows_do_not_count(folder: Path) -> None:
    short, long, at = random_roll(1, 50), random_roll(2, 90), reached(rows=50)
    network = load_network(folder)
    listener = load_listener(folder, network)
    filled = np.concatenate([short, np.full((40, short.shape[1]), -1)])
    with torch.inference_mode():
        listener.read(torch.from_numpy(np.stack([filled, long])), torch.from_numpy(np.stack([at, at])))
        found = network(torch.tensor([IDS, IDS])).logits.double().numpy()
    for row, roll in enumerate((short, long)):
        wanted = heard_by_torch(folder, roll, at)
        np.testing.assert_allclose(found[row], wanted, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize(("layers", "heard"), [(1, (0,)), (2, (1,)), (5, (0, 2, 4)), (6, (1, 3, 5))])
def test_every_second_layer_hears(layers: int, heard: tuple[int, ...]) -> None:
    assert cross_attention_layers(layers) == heard


def test_a_listener_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    write_listener(tmp_path, WIDTH, 2)
    with pytest.raises(ListenerError, match="another network"):
        Listener(tmp_path, WIDTH, 4)
    with pytest.raises(ListenerError, match="another network"):
        Listener(tmp_path, 128, 2)
    tensors = load_file(tmp_path / LISTENER_FILE)
    save_file({**tensors, "more": torch.zeros(1)}, tmp_path / LISTENER_FILE)
    with pytest.raises(ListenerError, match="another version"):
        Listener(tmp_path, WIDTH, 2)
    (tmp_path / LISTENER_FILE).write_bytes(b"not weights")
    with pytest.raises(ListenerError, match="cannot be read"):
        Engine(tmp_path)
