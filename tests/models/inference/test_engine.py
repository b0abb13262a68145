"""The engine against transformers' own LlamaForCausalLM: random networks of several shapes, and what it refuses.

The engine rounds weights and rows to eight bits, so its logits are a little off.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from models.inference.checkpoint import EngineError
from models.inference.engine import Cache, Engine
from models.training.network import load_network

Logits = npt.NDArray[np.floating[Any]]

VOCABULARY, CONTEXT = 90, 64
ROUNDING = 0.2
"""How far logits may be off, as a share of how far they spread. Random weights magnify it: most are off by far less."""
IDS = np.random.default_rng(0).integers(0, VOCABULARY, CONTEXT).tolist()
SHAPES: dict[str, dict[str, Any]] = {
    "one layer": {"num_hidden_layers": 1},
    "wide and deep": {"hidden_size": 192, "num_hidden_layers": 5, "num_attention_heads": 3, "intermediate_size": 512},
    "own output matrix": {"tie_word_embeddings": False},
    "heads narrower than the width": {"head_dim": 16, "hidden_size": 128},
    "heads wider than the width": {"head_dim": 64},
    "one head": {"num_attention_heads": 1},
    "another base of angles": {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
    "a large epsilon": {"rms_norm_eps": 0.3},
}


def save(folder: Path, *, half: bool = False, **changes: Any) -> Path:
    """A random network whose norms are not 1 and whose logits spread like those of a trained one."""
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 4, "max_position_embeddings": CONTEXT}
    torch.manual_seed(0)
    network = LlamaForCausalLM(LlamaConfig(**{**sizes, "tie_word_embeddings": True, **changes}))
    for name, parameter in network.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            torch.nn.init.normal_(parameter, std=0.3 if "embed" in name else 0.1)
    (network.half() if half else network).save_pretrained(folder)
    return folder


def expected(folder: Path, ids: list[int]) -> Logits:
    """The logits of transformers after each token [ids, tokens], all read at once."""
    with torch.inference_mode():
        return load_network(folder)(torch.tensor([ids])).logits[0].double().numpy()  # type: ignore[no-any-return]


def config_with(folder: Path, **changes: Any) -> Path:
    """Change the config.json of a folder. None removes a key."""
    file = folder / "config.json"
    config = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
    return folder


def off(said: Logits, wanted: Logits) -> float:
    """How far logits are off, as a share of how far they spread."""
    return float(np.sqrt(np.square(said - wanted).mean()) / wanted.std())


def begin(folder: Path, ids: list[int]) -> Logits:
    """What follows some tokens, for a new engine."""
    return Cache(Engine(folder), 1).read(0, ids)


@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
def test_logits_are_those_of_transformers(changes: dict[str, Any], tmp_path: Path) -> None:
    engine, wanted = Engine(save(tmp_path, **changes)), expected(tmp_path, IDS)
    assert np.ptp(wanted) > 1
    assert off(Cache(engine, 1).read(0, IDS), wanted[-1]) < ROUNDING
    cache = Cache(engine, 1)
    singly = np.array([cache.step([token])[0].copy() for token in IDS])
    assert off(singly, wanted) < ROUNDING
    assert cache.lengths[0] == engine.context == CONTEXT


@pytest.mark.parametrize("cuts", [(1,), (63,), (2, 3, 30), (10, 20, 30, 40)])
def test_it_may_be_fed_in_pieces(cuts: tuple[int, ...], tmp_path: Path) -> None:
    cache, wanted = Cache(Engine(save(tmp_path)), 1), expected(tmp_path, IDS)
    cache.read(0, IDS[: cuts[0]])
    for start, end in zip(cuts, (*cuts[1:], CONTEXT), strict=True):
        assert cache.lengths[0] == start
        assert off(cache.read(0, IDS[start:end]), wanted[end - 1]) < ROUNDING


def test_a_prompt_longer_than_a_block_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path)
    monkeypatch.setattr("models.inference.engine.BLOCK", 7)
    assert off(begin(tmp_path, IDS), expected(tmp_path, IDS)[-1]) < ROUNDING


def test_texts_of_different_lengths_do_not_touch_each_other(tmp_path: Path) -> None:
    engine = Engine(save(tmp_path, hidden_size=192, num_attention_heads=3))
    starts = [IDS[:3], IDS[20:40], IDS[5:6], IDS[7:30], IDS[8:12]]
    alone = []
    for start in starts:
        cache = Cache(engine, 1)
        cache.read(0, start)
        alone.append([cache.step([token])[0].copy() for token in IDS[:10]])
    cache = Cache(engine, len(starts))
    for text, start in enumerate(starts):
        cache.read(text, start)
    for number, token in enumerate(IDS[:10]):
        together = cache.step([token] * len(starts))
        for text, logits in enumerate(together):
            assert logits.tobytes() == alone[text][number].tobytes()


def test_a_text_that_moves_goes_on_as_before(tmp_path: Path) -> None:
    engine = Engine(save(tmp_path))
    cache, moved = Cache(engine, 3), Cache(engine, 3)
    for one in (cache, moved):
        one.read(2, IDS[:20])
    moved.move(2, 0)
    wanted = cache.read(2, IDS[20:21])
    assert moved.step(IDS[20:21])[0].tobytes() == wanted.tobytes()


def test_a_new_text_remembers_nothing(tmp_path: Path) -> None:
    cache, later = Cache(Engine(save(tmp_path)), 1), IDS[30:50]
    cache.read(0, IDS)
    cache.lengths[0] = 0
    again = cache.read(0, later)
    assert cache.lengths[0] == 20
    assert again.tobytes() == begin(tmp_path, later).tobytes()
    assert off(again, expected(tmp_path, later)[-1]) < ROUNDING


def test_the_same_calls_give_the_same_bits(tmp_path: Path) -> None:
    save(tmp_path, hidden_size=192, num_attention_heads=3)
    said = []
    for _ in range(3):
        cache = Cache(Engine(tmp_path), 1)
        said.append([cache.read(0, IDS[:7]).copy(), *(cache.step([token])[0].copy() for token in IDS[7:40])])
    assert len({np.array(one).tobytes() for one in said}) == 1


def test_weights_of_half_precision_are_read(tmp_path: Path) -> None:
    save(tmp_path, half=True)
    assert off(begin(tmp_path, IDS), expected(tmp_path, IDS)[-1]) < ROUNDING


def test_values_far_from_zero_are_not_lost(tmp_path: Path) -> None:
    save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["model.layers.0.mlp.gate_proj.weight"] *= 300
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    said, wanted = begin(tmp_path, IDS[:12]), expected(tmp_path, IDS[:12])[-1]
    assert np.isfinite(said).all()
    assert off(said, wanted) < ROUNDING


def test_a_config_of_an_older_transformers_is_read(tmp_path: Path) -> None:
    wanted = expected(save(tmp_path, rope_parameters={"rope_theta": 500.0, "rope_type": "default"}), IDS)
    config_with(tmp_path, rope_parameters=None, rope_theta=500.0, rope_scaling=None, head_dim=None)
    assert off(begin(tmp_path, IDS), wanted[-1]) < ROUNDING


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "mistral"},
        {"hidden_act": "gelu"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"num_key_value_heads": 2},
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_parameters": {"rope_theta": 10_000.0, "rope_type": "llama3", "factor": 8.0}},
        {"rope_parameters": {"rope_theta": 10_000.0, "rope_type": "default", "partial_rotary_factor": 0.5}},
        {"rope_parameters": {"rope_type": "default"}},
        {"hidden_size": None},
        {"num_attention_heads": 0},
        {"num_attention_heads": 0, "head_dim": None, "num_key_value_heads": None},
        {"max_position_embeddings": 0},
        {"head_dim": 15},
        {"head_dim": 8},
        {"num_hidden_layers": "two"},
        {"num_hidden_layers": 3},
        {"num_hidden_layers": 1},
        {"vocab_size": 91},
        {"tie_word_embeddings": False},
    ],
    ids=str,
)
def test_a_network_of_another_kind_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    config_with(save(tmp_path), **changes)
    with pytest.raises(EngineError):
        Engine(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{", b"\x08" * 40])
def test_a_folder_without_a_whole_checkpoint_is_refused(name: str, content: bytes | None, tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineError):
        Engine(tmp_path)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.int32])
def test_weights_that_are_no_floats_of_numpys_are_refused(kind: torch.dtype, tmp_path: Path) -> None:
    weights = load_file(save(tmp_path) / "model.safetensors")
    save_file({name: tensor.to(kind) for name, tensor in weights.items()}, tmp_path / "model.safetensors")
    with pytest.raises(EngineError):
        Engine(tmp_path)


@pytest.mark.parametrize("ids", [[], [-1], [VOCABULARY], [3] * (CONTEXT + 1)], ids=["none", "low", "high", "many"])
def test_tokens_that_cannot_be_read_are_refused_and_change_nothing(ids: list[int], tmp_path: Path) -> None:
    cache = Cache(Engine(save(tmp_path)), 1)
    cache.read(0, IDS[:5])
    with pytest.raises(EngineError):
        cache.read(0, ids)
    if len(ids) < 2:
        with pytest.raises(EngineError):
            cache.step(ids)
    assert cache.lengths[0] == 5
    assert off(cache.read(0, IDS[5:6]), expected(tmp_path, IDS[:6])[-1]) < ROUNDING
