"""Reads a standard Hugging Face checkpoint of a Llama: config.json, and model.safetensors without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import MusicError

Floats = npt.NDArray[np.float32]

SUPPORTED: dict[str, tuple[object, ...]] = {
    "model_type": ("llama",),
    "hidden_act": ("silu", None),
    "attention_bias": (False, None),
    "mlp_bias": (False, None),
    "rope_scaling": (None,),
}
"""The values of config.json's keys that the engine can run. None stands for a key that is left out."""


HEAD_STEP = 16
"""Heads are a multiple of this wide, since onnxruntime attends to no others."""


class EngineError(MusicError):
    """A checkpoint that the engine cannot run, or more tokens than its context holds."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network. context: the tokens it can look back on. theta: the base of its rotary angles."""

    vocabulary: int
    width: int
    hidden: int
    layers: int
    heads: int
    head: int
    context: int
    epsilon: float
    theta: float
    tied: bool

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Shape:
        """Return the shape that a config.json describes. Raise EngineError if the kind of network is not supported."""
        for key, values in SUPPORTED.items():
            if config.get(key) not in values:
                raise EngineError(f"This program cannot run a network with {key} {config.get(key)!r}.")
        # Up to version 4, transformers wrote the base beside the other keys instead of in `rope_parameters`.
        rotary = config.get("rope_parameters") or {"rope_theta": config.get("rope_theta", 10_000.0)}
        if rotary.keys() - {"rope_theta", "rope_type"} or rotary.get("rope_type", "default") != "default":
            raise EngineError(f"This program cannot run a network with rope_parameters {rotary!r}.")
        try:
            heads, width = int(config["num_attention_heads"]), int(config["hidden_size"])
            shape = cls(
                vocabulary=int(config["vocab_size"]),
                width=width,
                hidden=int(config["intermediate_size"]),
                layers=int(config["num_hidden_layers"]),
                heads=heads,
                head=int(config.get("head_dim") or width // heads),
                context=int(config["max_position_embeddings"]),
                epsilon=float(config["rms_norm_eps"]),
                theta=float(rotary["rope_theta"]),
                tied=bool(config.get("tie_word_embeddings", False)),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise EngineError(f"The network's config.json is incomplete or wrong: {error}.") from error
        if min(shape.vocabulary, shape.width, shape.hidden, shape.layers, shape.heads, shape.context) < 1:
            raise EngineError("The network's config.json is wrong: a size is zero.")
        if shape.head % HEAD_STEP:
            raise EngineError(f"This program cannot run a network whose heads are {shape.head} wide.")
        if config.get("num_key_value_heads", heads) != heads:
            raise EngineError("This program cannot run a network whose heads share keys and values.")
        return shape


def read_shape(folder: Path) -> Shape:
    """Return the sizes in a checkpoint's config.json. Raise EngineError if there is no readable one."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"There is no network in {folder}: {error}.") from error
    if not isinstance(config, dict):
        raise EngineError(f"There is no network in {folder}.")
    return Shape.from_config(config)


def read_tensors(folder: Path, shape: Shape) -> dict[str, Floats]:
    """Return a checkpoint's weights by name, [out, in], as float32. Raise EngineError if they do not fit the shape."""
    try:
        stored = load_file(folder / "model.safetensors")
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        # numpy has no bfloat16: it is a KeyError here.
        raise EngineError(f"The weights in {folder} cannot be read: {error}.") from error
    expected = tensor_shapes(shape)
    for name, size in expected.items():
        if name not in stored or stored[name].shape != size or stored[name].dtype.kind != "f":
            raise EngineError(f"The weights in {folder} lack {name} of size {size}.")
    if any(name not in expected and not (shape.tied and name == "lm_head.weight") for name in stored):
        raise EngineError(f"The weights in {folder} hold more than this program can use.")
    return {name: stored[name].astype(np.float32) for name in expected}


def tensor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the sizes of the weights of a network of this shape, by their names in the checkpoint."""
    width, inner = shape.width, shape.heads * shape.head
    sizes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, width),
        "model.norm.weight": (width,),
    }
    if not shape.tied:
        sizes["lm_head.weight"] = (shape.vocabulary, width)
    for number in range(shape.layers):
        prefix = f"model.layers.{number}."
        sizes[f"{prefix}input_layernorm.weight"] = sizes[f"{prefix}post_attention_layernorm.weight"] = (width,)
        for name in "qkv":
            sizes[f"{prefix}self_attn.{name}_proj.weight"] = (inner, width)
        sizes[f"{prefix}self_attn.o_proj.weight"] = (width, inner)
        sizes[f"{prefix}mlp.gate_proj.weight"] = sizes[f"{prefix}mlp.up_proj.weight"] = (shape.hidden, width)
        sizes[f"{prefix}mlp.down_proj.weight"] = (width, shape.hidden)
    return sizes
