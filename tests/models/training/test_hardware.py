"""What depends on the machine is chosen rightly, and either choice works on every machine."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.errors import UsageError
from models.training.hardware import device, multiplies_bfloat16, uses_bfloat16
from models.training.muon import Muon
from models.training.settings import Settings
from models.training.train import Trainer, prepare

TINY = Settings(steps=2, width=64, layers=1, vocabulary=900, context=64, crop_length=64, tokens=128, warmup=1)


def pretend(monkeypatch: pytest.MonkeyPatch, *, gpu: bool, **capabilities: bool) -> None:
    """Make torch report a machine with or without a GPU, whose processor has some capabilities."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


@pytest.mark.parametrize("gpu", [True, False])
def test_a_gpu_is_used_if_there_is_one(monkeypatch: pytest.MonkeyPatch, gpu: bool) -> None:
    pretend(monkeypatch, gpu=gpu)
    assert device() == ("cuda" if gpu else "cpu")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True, "avx512_f": True}, True),
        ({"amx_bf16": True}, True),
        ({"bf16": True}, True),
        ({"avx512_f": True, "avx512_bf16": False, "avx2": True}, False),
        ({"avx2": True}, False),
        ({}, False),
    ],
)
def test_bfloat16_is_chosen_if_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: bool
) -> None:
    pretend(monkeypatch, gpu=False, **capabilities)
    assert multiplies_bfloat16() is expected
    assert uses_bfloat16("auto") is expected
    pretend(monkeypatch, gpu=True, **capabilities)
    assert uses_bfloat16("auto")


@pytest.mark.parametrize("gpu", [True, False])
@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_a_precision_can_be_forced_on_every_machine(
    monkeypatch: pytest.MonkeyPatch, gpu: bool, has_bfloat16: bool
) -> None:
    pretend(monkeypatch, gpu=gpu, avx512_bf16=has_bfloat16)
    assert uses_bfloat16("bfloat16")
    assert not uses_bfloat16("float32")


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, bfloat16 or float32"):
        replace(TINY, precision="float16")


@pytest.mark.parametrize("has_bfloat16", [True, False])
@pytest.mark.parametrize("precision", ["auto", "bfloat16", "float32"])
def test_a_run_multiplies_and_optimizes_in_its_precision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, corpus_folder: Path, precision: str, has_bfloat16: bool
) -> None:
    pretend(monkeypatch, gpu=False, avx512_bf16=has_bfloat16)
    settings = replace(TINY, precision=precision)
    trainer = Trainer(tmp_path, *prepare([corpus_folder], tmp_path, settings), settings)
    products: set[torch.dtype] = set()
    layer = trainer.network.model.layers[0].mlp.down_proj
    layer.register_forward_hook(lambda _module, _inputs, output: products.add(output.dtype))
    list(trainer.run(1, 1))
    rounds = precision == "bfloat16" or (precision == "auto" and has_bfloat16)
    assert products == {torch.bfloat16 if rounds else torch.float32}
    assert type(trainer.optimizers[0]) is (torch.optim.Muon if rounds else Muon)
