"""The network as plain numpy: reads tokens and says what may follow, with its keys and values kept.

Opens a standard Hugging Face checkpoint of a Llama (config.json and model.safetensors) without torch: at this size
most of a token's time went into calling things, and loading torch took most of the start. Equal to transformers'
LlamaForCausalLM within rounding; docs/experiments.md has the comparison. What is given beside the tokens is heard by
`models.inference.cross_attention`; what a network with a companion knows beside them `models.inference.companion` adds.
What the tokens mean is left to `models.inference.new_tune`, how many threads multiply to whoever loads numpy.
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
"""Keys of config.json and what this file can run; None stands for a key that is left out."""


class EngineError(MusicError):
    """A checkpoint that this engine cannot run, or more tokens than its context holds."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network. context: tokens it can look back on. theta: the base of its rotary angles."""

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
        """What a config.json says. Raises EngineError for a kind of network that is not supported here."""
        for key, values in SUPPORTED.items():
            if config.get(key) not in values:
                raise EngineError(f"This program cannot run a network with {key} {config.get(key)!r}.")
        # Up to version 4 transformers wrote the base beside the other keys, and what is in `rope_parameters` now apart.
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
    """One layer's matrices, [in, out]: queries, keys and values side by side; gate and up side by side.

    Laid out so, one row times a matrix and a few rows times it are both fast; the transposed form is slow for a few.
    """

    attend: Floats
    attended: Floats
    widen: Floats
    narrow: Floats


class Engine:
    """A network with the tokens it has read so far, one text at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the checkpoint in `folder`. Raises EngineError where it is not one that can be run here."""
        shape = self.shape = read_shape(folder)
        tensors = read_tensors(folder, shape)
        self.context = shape.context
        self.length = 0
        self.embedding = tensors["model.embed_tokens.weight"]
        final = self.embedding if shape.tied else tensors["lm_head.weight"]
        self.head = _folded(final, tensors["model.norm.weight"])
        self.layers = [_layer(tensors, number, shape) for number in range(shape.layers)]
        self.turns = rotary_turns(shape)
        heard = (folder / LISTENER_FILE).exists()
        self.listener = Listener(folder, shape.width, shape.layers) if heard else None
        beside = (folder / COMPANION_FILE).exists()
        self.companion = Companion(folder, tensors["model.norm.weight"]) if beside else None
        # Zeros cost nothing before they are written to: the system hands out their pages on first use.
        self._keys = np.zeros((shape.layers, shape.heads, shape.context, shape.head), np.float32)
        self._values = np.zeros(self._keys.shape, np.float32)

    def begin(self, ids: Sequence[int], reached: Rows | None = None, inputs: Inputs | None = None) -> Logits:
        """Forget what was read and read `ids`; logits [tokens] of what follows. Raises EngineError as `feed` does."""
        self.length = 0
        return self.feed(ids, reached, inputs)

    def feed(self, ids: Sequence[int], reached: Rows | None = None, inputs: Inputs | None = None) -> Logits:
        """Read on; logits [tokens] of what follows.

        reached: the row of what the listener hears that each token is at [n]; without them it hears nothing.
        inputs: what is known at each token, one row, which a network with a companion needs.
        The same calls give the same bits; other ways to split the same ids differ by rounding. Raises EngineError
        where there are no ids, where one is not of the vocabulary, and where the context cannot hold them.
        """
        if not ids or min(ids) < 0 or max(ids) >= self.shape.vocabulary:
            raise EngineError(
                f"The network reads tokens from 0 to {self.shape.vocabulary - 1}, at least one at a time."
            )
        if self.length + len(ids) > self.context:
            raise EngineError(f"The network reads {self.context} tokens at most.")
        if (inputs is None) != (self.companion is None):
            raise EngineError("A network is told what is known at each token if and only if it has a companion.")
        end = self.length + len(ids)
        flow = self.embedding[ids]
        middle = last = None
        if self.companion and inputs:
            first, middle, last = self.companion.added(inputs)
            flow = flow + first
        turns = self.turns[self.length : end, None]
        # Nobody looks ahead: minus infinity where a row meets a later token.
        ahead = np.triu(np.full((len(ids), end), -np.inf, np.float32), self.length + 1) if len(ids) > 1 else None
        # The gate of a value far below zero is e to a number that is too large, and rightly comes out as zero.
        with np.errstate(over="ignore"):
            for number, layer in enumerate(self.layers):
                if middle is not None and number == len(self.layers) // 2:
                    flow += middle
                if reached is not None and self.listener and number in self.listener.layers:
                    flow += self.listener.heard(number, flow, reached)
                flow += self._attend(number, self._normed(flow), turns, ahead)
                flow += self._transform(layer, self._normed(flow))
        self.length = end
        row = self._normed(flow[-1:] if last is None else flow[-1:] + last[-1:])
        logits = np.asarray((row @ self.head)[0], np.float64)
        if self.companion and inputs:
            self.companion.raise_likely(logits, row[0], inputs)
        return logits

    def _normed(self, flow: Floats) -> Floats:
        """Rows [n, width] at length 1 (RMS norm, Zhang and Sennrich 2019); what is left of it is in the matrices."""
        squares = np.vecdot(flow, flow)
        squares += np.float32(self.shape.width * self.shape.epsilon)
        return np.asarray(flow / np.sqrt(squares)[:, None])

    def _attend(self, number: int, flow: Floats, turns: npt.NDArray[np.complex64], ahead: Floats | None) -> Floats:
        """Attention of one layer: rows [n, width] to rows [n, width]; keeps the rows' keys and values.

        ahead: what is added to the scores [n, tokens so far] of later tokens, None for a single row.
        """
        layer = self.layers[number]
        shape, rows, begin = self.shape, len(flow), self.length
        end = begin + rows
        mixed = (flow @ layer.attend).reshape(rows, 3 * shape.heads, shape.head)
        turned = mixed[:, : 2 * shape.heads].view(np.complex64)
        turned *= turns
        queries, keys, values = mixed.reshape(rows, 3, shape.heads, shape.head).transpose(1, 2, 0, 3)
        kept_keys, kept_values = self._keys[number, :, :end], self._values[number, :, :end]
        kept_keys[:, begin:] = keys
        kept_values[:, begin:] = values
        scores = queries @ kept_keys.transpose(0, 2, 1)  # [heads, n, end]
        if ahead is not None:
            scores += ahead
        scores -= scores.max(axis=2, keepdims=True)
        np.exp(scores, out=scores)
        found = scores @ kept_values
        found /= scores.sum(axis=2, keepdims=True)
        return np.asarray(found.transpose(1, 0, 2).reshape(rows, -1) @ layer.attended)

    def _transform(self, layer: Layer, flow: Floats) -> Floats:
        """The gated part of one layer (SwiGLU, Shazeer 2020): rows [n, width] to rows [n, width]."""
        wide = flow @ layer.widen
        gate, up = wide[:, : self.shape.hidden], wide[:, self.shape.hidden :]
        up *= gate
        np.negative(gate, out=gate)
        np.exp(gate, out=gate)
        gate += np.float32(1)
        up /= gate
        return np.asarray(up @ layer.narrow)


def read_shape(folder: Path) -> Shape:
    """The sizes in a checkpoint's config.json. Raises EngineError."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"There is no network in {folder}: {error}.") from error
    if not isinstance(config, dict):
        raise EngineError(f"There is no network in {folder}.")
    return Shape.from_config(config)


def read_tensors(folder: Path, shape: Shape) -> dict[str, Floats]:
    """A checkpoint's weights by name, [out, in], as float32. Raises EngineError where they are not of this shape."""
    try:
        stored = load_file(folder / "model.safetensors")
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        # bfloat16, which numpy does not have, is a KeyError.
        raise EngineError(f"The weights in {folder} cannot be read: {error}.") from error
    wanted = tensor_shapes(shape)
    for name, size in wanted.items():
        if name not in stored or stored[name].shape != size or stored[name].dtype.kind != "f":
            raise EngineError(f"The weights in {folder} lack {name} of size {size}.")
    if any(name not in wanted and not (shape.tied and name == "lm_head.weight") for name in stored):
        raise EngineError(f"The weights in {folder} hold more than this program can use.")
    return {name: stored[name].astype(np.float32) for name in wanted}


def tensor_shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The weights that a network of this shape has, by their names in the checkpoint."""
    width, inner = shape.width, shape.heads * shape.head
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, width),
        "model.norm.weight": (width,),
    }
    if not shape.tied:
        found["lm_head.weight"] = (shape.vocabulary, width)
    for number in range(shape.layers):
        prefix = f"model.layers.{number}."
        found[f"{prefix}input_layernorm.weight"] = found[f"{prefix}post_attention_layernorm.weight"] = (width,)
        for name in "qkv":
            found[f"{prefix}self_attn.{name}_proj.weight"] = (inner, width)
        found[f"{prefix}self_attn.o_proj.weight"] = (width, inner)
        found[f"{prefix}mlp.gate_proj.weight"] = found[f"{prefix}mlp.up_proj.weight"] = (shape.hidden, width)
        found[f"{prefix}mlp.down_proj.weight"] = (width, shape.hidden)
    return found


def rotary_turns(shape: Shape) -> npt.NDArray[np.complex64]:
    """What turns a head's pairs at each position, as numbers of length 1 in the complex plane [context, head / 2].

    Rotary positions (Su 2021): pair i of position p turns by p * theta ** (-2 i / head). Powers, steps and angles are
    each rounded to float32 as in training, so that late positions turn as they did there.
    """
    powers = (shape.theta ** (np.arange(0, shape.head, 2) / shape.head)).astype(np.float32)
    steps = 1 / powers
    angles = np.arange(shape.context, dtype=np.float32)[:, None] * steps
    return (np.cos(angles) + 1j * np.sin(angles)).astype(np.complex64)


def _layer(tensors: dict[str, Floats], number: int, shape: Shape) -> Layer:
    """One layer's matrices, with norms, the scale of attention and the order of pairs worked into them."""
    prefix = f"model.layers.{number}."
    queries, keys, values, attended = (tensors[f"{prefix}self_attn.{name}_proj.weight"] for name in "qkvo")
    attend = [_paired(queries, shape) * np.float32(shape.head**-0.5), _paired(keys, shape), values]
    widen = [tensors[f"{prefix}mlp.{name}_proj.weight"] for name in ("gate", "up")]
    return Layer(
        attend=_folded(np.concatenate(attend), tensors[f"{prefix}input_layernorm.weight"]),
        attended=np.ascontiguousarray(attended.T),
        widen=_folded(np.concatenate(widen), tensors[f"{prefix}post_attention_layernorm.weight"]),
        narrow=np.ascontiguousarray(tensors[f"{prefix}mlp.down_proj.weight"].T),
    )


def _folded(matrix: Floats, norm: Floats) -> Floats:
    """A matrix [out, in] as [in, out] that takes rows at length 1 instead of normed ones.

    A normed row is norm * row / root of the mean square, which is norm * sqrt(in) * row / length.
    """
    return np.ascontiguousarray((matrix * (norm * np.float32(len(norm) ** 0.5))).T)


def _paired(matrix: Floats, shape: Shape) -> Floats:
    """A matrix whose outputs turn, reordered so that the two of a pair lie side by side.

    In the checkpoint a head's first half holds the first of each pair and its second half the second.
    """
    halves = matrix.reshape(shape.heads, 2, shape.head // 2, -1)
    return halves.transpose(0, 2, 1, 3).reshape(matrix.shape)
