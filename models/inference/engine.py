"""The network in plain numpy: reads tokens and returns logits of the next one, with a cache of keys and values.

It opens a standard Hugging Face checkpoint of a Llama (config.json and model.safetensors) without torch: at this size,
call overhead took most of a token's time, and importing torch most of the start-up. It equals transformers'
LlamaForCausalLM within rounding; docs/experiments.md has the comparison. Given channels enter through
`models.inference.cross_attention`, and what is known of the score through `models.inference.companion`. What tokens
mean is left to `models.inference.sampler`, and how many threads multiply to whoever loads numpy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import MusicError
from models.features.inputs import Inputs
from models.inference.companion import COMPANION_FILE, Companion
from models.inference.cross_attention import LISTENER_FILE, Listener
from models.tokens.piano_roll import Rows

Logits = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

SUPPORTED: dict[str, tuple[object, ...]] = {
    "model_type": ("llama",),
    "hidden_act": ("silu", None),
    "attention_bias": (False, None),
    "mlp_bias": (False, None),
    "rope_scaling": (None,),
}
"""The values of config.json's keys that the engine can run. None stands for a key that is left out."""


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
        if min(shape.vocabulary, shape.width, shape.hidden, shape.heads, shape.context) < 1 or shape.head % 2:
            raise EngineError("The network's config.json is wrong: a size is zero, or its heads are of odd width.")
        if config.get("num_key_value_heads", heads) != heads:
            raise EngineError("This program cannot run a network whose heads share keys and values.")
        return shape


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's matrices, [in, out]: queries, keys and values side by side; gate and up side by side.

    In this layout a product with one row is as fast as it can be, and so is one with a few rows. Transposed, a few
    rows would be slow.
    """

    qkv_proj: Floats
    o_proj: Floats
    gate_up: Floats
    down_proj: Floats


class Engine:
    """A network with the tokens that it has read so far, one sequence at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the checkpoint in `folder`. Raise EngineError if the engine cannot run it."""
        shape = self.shape = read_shape(folder)
        tensors = read_tensors(folder, shape)
        self.context = shape.context
        self.length = 0
        self.embedding = tensors["model.embed_tokens.weight"]
        unembedding = self.embedding if shape.tied else tensors["lm_head.weight"]
        self.head = _fold_norm(unembedding, tensors["model.norm.weight"])
        self.layers = [_layer(tensors, number, shape) for number in range(shape.layers)]
        self.rope = rope_factors(shape)
        has_listener = (folder / LISTENER_FILE).exists()
        self.listener = Listener(folder, shape.width, shape.layers) if has_listener else None
        has_companion = (folder / COMPANION_FILE).exists()
        self.companion = Companion(folder, tensors["model.norm.weight"]) if has_companion else None
        # Zeros cost nothing until they are written to: the system allocates their pages on first use.
        self._keys = np.zeros((shape.layers, shape.heads, shape.context, shape.head), np.float32)
        self._values = np.zeros(self._keys.shape, np.float32)

    def begin(self, ids: Sequence[int], token_rows: Rows | None = None, inputs: Inputs | None = None) -> Logits:
        """Forget all tokens and read `ids`. Return and raise what `feed` does."""
        self.length = 0
        return self.feed(ids, token_rows, inputs)

    def feed(self, ids: Sequence[int], token_rows: Rows | None = None, inputs: Inputs | None = None) -> Logits:
        """Read more tokens. Return the logits of the next one [tokens].

        token_rows: the row of the listener's roll that each token is at [n]; None leaves the listener out. inputs: what
        is known at each token, in one row, for a network with a companion. The same calls return the same bits; other
        ways to split the same ids differ by rounding. Raise EngineError if `ids` is empty, holds an id outside the
        vocabulary, or does not fit the context, and if `inputs` is missing with a companion or given without one.
        """
        if not ids or min(ids) < 0 or max(ids) >= self.shape.vocabulary:
            raise EngineError(
                f"The network reads tokens from 0 to {self.shape.vocabulary - 1}, at least one at a time."
            )
        if self.length + len(ids) > self.context:
            raise EngineError(f"The network reads {self.context} tokens at most.")
        if (inputs is None) != (self.companion is None):
            raise EngineError("A network needs what is known at each token if and only if it has a companion.")
        end = self.length + len(ids)
        hidden = self.embedding[ids]
        middle = last = None
        if self.companion and inputs:
            first, middle, last = self.companion.hidden_states(inputs)
            hidden = hidden + first
        rope = self.rope[self.length : end, None]
        # Minus infinity hides later tokens from each row.
        causal_mask = np.triu(np.full((len(ids), end), -np.inf, np.float32), self.length + 1) if len(ids) > 1 else None
        # For a gate far below zero the exponential overflows to infinity, and the result is rightly zero.
        with np.errstate(over="ignore"):
            for number, layer in enumerate(self.layers):
                if middle is not None and number == len(self.layers) // 2:
                    hidden += middle
                if token_rows is not None and self.listener and number in self.listener.layers:
                    hidden += self.listener.attend(number, hidden, token_rows)
                hidden += self._attention(number, self._rms_norm(hidden), rope, causal_mask)
                hidden += self._mlp(layer, self._rms_norm(hidden))
        self.length = end
        row = self._rms_norm(hidden[-1:] if last is None else hidden[-1:] + last[-1:])
        logits = np.asarray((row @ self.head)[0], np.float64)
        if self.companion and inputs:
            self.companion.add_gains(logits, row[0], inputs)
        return logits

    def _rms_norm(self, hidden: Floats) -> Floats:
        """Return rows [n, width] at length 1: the RMS norm (Zhang and Sennrich 2019) without what the matrices hold."""
        squares = np.vecdot(hidden, hidden)
        squares += np.float32(self.shape.width * self.shape.epsilon)
        return np.asarray(hidden / np.sqrt(squares)[:, None])

    def _attention(
        self, number: int, hidden: Floats, rope: npt.NDArray[np.complex64], causal_mask: Floats | None
    ) -> Floats:
        """Return a layer's attention of rows [n, width], and add their keys and values to the cache.

        causal_mask: added to the scores [n, tokens so far]; None for a single row.
        """
        layer = self.layers[number]
        shape, rows, begin = self.shape, len(hidden), self.length
        end = begin + rows
        qkv = (hidden @ layer.qkv_proj).reshape(rows, 3 * shape.heads, shape.head)
        rotated = qkv[:, : 2 * shape.heads].view(np.complex64)
        rotated *= rope
        queries, keys, values = qkv.reshape(rows, 3, shape.heads, shape.head).transpose(1, 2, 0, 3)
        cached_keys, cached_values = self._keys[number, :, :end], self._values[number, :, :end]
        cached_keys[:, begin:] = keys
        cached_values[:, begin:] = values
        scores = queries @ cached_keys.transpose(0, 2, 1)  # [heads, n, end]
        if causal_mask is not None:
            scores += causal_mask
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        attended = scores @ cached_values
        attended /= scores.sum(axis=2, keepdims=True)
        return np.asarray(attended.transpose(1, 0, 2).reshape(rows, -1) @ layer.o_proj)

    def _mlp(self, layer: Layer, hidden: Floats) -> Floats:
        """Return a layer's gated transform (SwiGLU, Shazeer 2020) of rows [n, width]."""
        wide = hidden @ layer.gate_up
        gate, up = wide[:, : self.shape.hidden], wide[:, self.shape.hidden :]
        up *= gate
        np.negative(gate, out=gate)
        np.exp(gate, out=gate)
        gate += np.float32(1)
        up /= gate
        return np.asarray(up @ layer.down_proj)


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


def rope_factors(shape: Shape) -> npt.NDArray[np.complex64]:
    """Return the rotations of a head's pairs at each position, as complex numbers of length 1 [context, head / 2].

    Rotary positions (RoPE, Su 2021): pair i of position p is rotated by p * theta ** (-2 i / head). Powers, steps and
    angles are each rounded to float32 as in training, so that late positions have the angles that they had there.
    """
    powers = (shape.theta ** (np.arange(0, shape.head, 2) / shape.head)).astype(np.float32)
    steps = 1 / powers
    angles = np.arange(shape.context, dtype=np.float32)[:, None] * steps
    return (np.cos(angles) + 1j * np.sin(angles)).astype(np.complex64)


def _layer(tensors: dict[str, Floats], number: int, shape: Shape) -> Layer:
    """Return a layer's matrices, with norms, the scale of attention and the order of pairs folded into them."""
    prefix = f"model.layers.{number}."
    queries, keys, values, output = (tensors[f"{prefix}self_attn.{name}_proj.weight"] for name in "qkvo")
    qkv = [_interleave_pairs(queries, shape) * np.float32(shape.head**-0.5), _interleave_pairs(keys, shape), values]
    gate_up = [tensors[f"{prefix}mlp.{name}_proj.weight"] for name in ("gate", "up")]
    return Layer(
        qkv_proj=_fold_norm(np.concatenate(qkv), tensors[f"{prefix}input_layernorm.weight"]),
        o_proj=np.ascontiguousarray(output.T),
        gate_up=_fold_norm(np.concatenate(gate_up), tensors[f"{prefix}post_attention_layernorm.weight"]),
        down_proj=np.ascontiguousarray(tensors[f"{prefix}mlp.down_proj.weight"].T),
    )


def _fold_norm(matrix: Floats, norm: Floats) -> Floats:
    """Return a matrix [out, in] as [in, out], to be multiplied with rows at length 1 instead of normalised ones.

    A normalised row is norm * row / root of the mean square, which is norm * sqrt(in) * row / length.
    """
    return np.ascontiguousarray((matrix * (norm * np.float32(len(norm) ** 0.5))).T)


def _interleave_pairs(matrix: Floats, shape: Shape) -> Floats:
    """Return a matrix of queries or keys, reordered so that the two outputs of each rotated pair are neighbours.

    In the checkpoint a head's first half holds the first of each pair, and its second half the second.
    """
    halves = matrix.reshape(shape.heads, 2, shape.head // 2, -1)
    return halves.transpose(0, 2, 1, 3).reshape(matrix.shape)
