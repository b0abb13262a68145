"""Other ways to run the same network, for `benchmarks.speed.engine`: transformers, plain torch, onnxruntime.

All take the matrices that `models.inference.engine` made, but for transformers, which opens the checkpoint itself. onnxruntime
and onnx are no dependencies of this project: where they are missing that rival is left out.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from transformers import DynamicCache

from models.inference.engine import Engine, Logits
from models.training.network import load_network


class Runner(Protocol):
    """What a composer needs of whatever runs the network. context: tokens it can look back on."""

    context: int

    @property
    def length(self) -> int:
        """Tokens read."""
        ...

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read."""
        ...

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read on."""
        ...


class Transformers:
    """LlamaForCausalLM with its own growing cache."""

    def __init__(self, folder: Path) -> None:
        self.network = load_network(folder)
        self.context = int(self.network.config.max_position_embeddings)
        self._cache = DynamicCache(config=self.network.config)

    @property
    def length(self) -> int:
        """Tokens read."""
        return int(self._cache.get_seq_length())

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read."""
        self._cache = DynamicCache(config=self.network.config)
        return self.feed(ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read on."""
        with torch.inference_mode():
            out = self.network(torch.tensor([list(ids)]), past_key_values=self._cache, use_cache=True)
        return out.logits[0, -1].double().numpy()  # type: ignore[no-any-return]


class PlainTorch:
    """The same sums as `models.inference.engine`, written out in torch, with room for keys and values made beforehand."""

    def __init__(self, engine: Engine) -> None:
        self.shape, self.context, self.length = engine.shape, engine.context, 0
        self._embedding, self._head = torch.from_numpy(engine.embedding), torch.from_numpy(engine.head)
        self._turns = torch.from_numpy(engine.turns)
        names = ("attend", "attended", "widen", "narrow")
        self._layers = [[torch.from_numpy(getattr(layer, name)) for name in names] for layer in engine.layers]
        size = (self.shape.layers, self.shape.heads, self.context, self.shape.head)
        self._keys, self._values = torch.zeros(size), torch.zeros(size)

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read."""
        self.length = 0
        return self.feed(ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read on."""
        with torch.inference_mode():
            rows, begin, end = len(ids), self.length, self.length + len(ids)
            flow = self._embedding[torch.tensor(list(ids))]
            past = torch.arange(end) <= torch.arange(begin, end)[:, None] if rows > 1 else None
            for number, (attend, attended, widen, narrow) in enumerate(self._layers):
                mixed = (self._normed(flow) @ attend).view(rows, 3, self.shape.heads, self.shape.head)
                pairs = torch.view_as_complex(mixed[:, :2].view(rows, 2, self.shape.heads, -1, 2))
                pairs *= self._turns[begin:end, None, None]
                queries, keys, values = mixed.permute(1, 2, 0, 3)
                self._keys[number, :, begin:end], self._values[number, :, begin:end] = keys, values
                found = torch.nn.functional.scaled_dot_product_attention(
                    queries[None],
                    self._keys[None, number, :, :end],
                    self._values[None, number, :, :end],
                    attn_mask=past,
                    scale=1.0,
                )
                flow += found[0].transpose(0, 1).reshape(rows, -1) @ attended
                gate, up = (self._normed(flow) @ widen).chunk(2, 1)
                flow += (torch.nn.functional.silu(gate) * up) @ narrow
            self.length = end
            return (self._normed(flow[-1:]) @ self._head)[0].double().numpy()

    def _normed(self, flow: torch.Tensor) -> torch.Tensor:
        squares = flow.square().sum(1, keepdim=True) + self.shape.width * self.shape.epsilon
        return flow * squares.rsqrt()


class Onnx:
    """onnxruntime with a graph made by hand, its keys and values written in place by its fused attention."""

    def __init__(self, engine: Engine, threads: int = 1) -> None:
        """Raises ModuleNotFoundError where onnxruntime or onnx is not installed."""
        runtime: Any = importlib.import_module("onnxruntime")
        self.shape, self.context, self.length = engine.shape, engine.context, 0
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        graph = _graph(engine).SerializeToString()
        self._session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._value = runtime.OrtValue.ortvalue_from_numpy
        size = (1, self.shape.heads, self.context, self.shape.head)
        self._binding = self._session.io_binding()
        self._binding.bind_output("logits")
        self._kept = {
            f"{name}{n}": self._value(np.zeros(size, np.float32)) for n in range(self.shape.layers) for name in "kv"
        }
        for name, kept in self._kept.items():
            self._binding.bind_ortvalue_input(name, kept)
            self._binding.bind_ortvalue_output(f"{name}_", kept)

    def begin(self, ids: Sequence[int]) -> Logits:
        """Forget everything and read."""
        self.length = 0
        return self.feed(ids)

    def feed(self, ids: Sequence[int]) -> Logits:
        """Read on, a token at a time after the first: the fused attention reads whole texts only at their start."""
        if self.length and len(ids) > 1:
            for token in ids[:-1]:
                self.feed([token])
            return self.feed(ids[-1:])
        self.length += len(ids)
        self._binding.bind_cpu_input("ids", np.array(ids, np.int64))
        self._binding.bind_cpu_input("before", np.array([self.length - 1], np.int32))
        self._binding.bind_cpu_input("total", np.array(self.length, np.int32))
        self._session.run_with_iobinding(self._binding)
        return self._binding.get_outputs()[0].numpy()[0, -1].astype(np.float64)  # type: ignore[no-any-return]


def _graph(engine: Engine) -> Any:
    """The network as an ONNX model, with Microsoft's operators for norms and attention."""
    onnx: Any = importlib.import_module("onnx")
    helper, numbers = onnx.helper, onnx.numpy_helper
    shape, floats, whole = engine.shape, onnx.TensorProto.FLOAT, onnx.TensorProto.INT32
    weights: dict[str, Any] = {"embedding": engine.embedding, "head": engine.head, "row": np.array([0], np.int64)}
    weights |= {"last": np.array([-1], np.int64), "end": np.array([2**31], np.int64), "axis": np.array([1], np.int64)}
    weights |= {"cos": engine.turns.real.copy(), "sin": engine.turns.imag.copy()}
    # The matrices take rows at length 1, a norm makes rows of mean square 1.
    weights["unit"] = np.full(shape.width, shape.width**-0.5, np.float32)
    nodes = []

    def node(kind: str, inputs: str, outputs: str, domain: str = "", **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs.split(), outputs.split(), domain=domain, **attributes))

    def norm(name: str, out: str) -> None:
        node("SimplifiedLayerNormalization", f"{name} unit", out, axis=-1, epsilon=shape.epsilon, stash_type=1)

    node("Gather", "embedding ids", "rows")
    node("Unsqueeze", "rows row", "flow0")
    for n, layer in enumerate(engine.layers):
        weights |= {f"a{n}": layer.attend, f"b{n}": layer.attended, f"c{n}": layer.widen, f"d{n}": layer.narrow}
        norm(f"flow{n}", f"n{n}")
        node("MatMul", f"n{n} a{n}", f"mixed{n}")
        fused = {"num_heads": shape.heads, "kv_num_heads": shape.heads, "scale": 1.0, "do_rotary": 1}
        inputs = [f"mixed{n}", "", "", f"k{n}", f"v{n}", "before", "total", "cos", "sin"]
        outputs = [f"found{n}", f"k{n}_", f"v{n}_"]
        nodes.append(
            helper.make_node(
                "GroupQueryAttention", inputs, outputs, domain="com.microsoft", rotary_interleaved=1, **fused
            )
        )
        node("MatMul", f"found{n} b{n}", f"attended{n}")
        node("Add", f"flow{n} attended{n}", f"half{n}")
        norm(f"half{n}", f"m{n}")
        node("MatMul", f"m{n} c{n}", f"wide{n}")
        node("Split", f"wide{n}", f"gate{n} up{n}", axis=-1, num_outputs=2)
        node("QuickGelu", f"gate{n}", f"open{n}", "com.microsoft", alpha=1.0)
        node("Mul", f"open{n} up{n}", f"through{n}")
        node("MatMul", f"through{n} d{n}", f"narrow{n}")
        node("Add", f"half{n} narrow{n}", f"flow{n + 1}")
    node("Slice", f"flow{shape.layers} last end axis", "final")
    norm("final", "normed")
    node("MatMul", "normed head", "logits")
    kept = [1, shape.heads, shape.context, shape.head]
    names = [f"{name}{n}" for n in range(shape.layers) for name in "kv"]
    inputs_made = [helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["n"])]
    inputs_made += [
        helper.make_tensor_value_info("before", whole, [1]),
        helper.make_tensor_value_info("total", whole, []),
    ]
    inputs_made += [helper.make_tensor_value_info(name, floats, kept) for name in names]
    outputs_made = [helper.make_tensor_value_info("logits", floats, [1, 1, shape.vocabulary])]
    outputs_made += [helper.make_tensor_value_info(f"{name}_", floats, kept) for name in names]
    made = helper.make_graph(
        nodes, "llama", inputs_made, outputs_made, [numbers.from_array(value, name) for name, value in weights.items()]
    )
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=imports, ir_version=10)
