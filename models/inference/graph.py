"""Writes graphs for onnxruntime: nodes, constants, matrices in eight bits. What a graph is for is up to the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Floats = npt.NDArray[np.float32]

BLOCK = 32
"""Weights that share a scale."""
ZERO = 128
"""What stands for a weight of zero."""
INT8_PRODUCTS = 4
"""The level of accuracy at which rows, too, are rounded to eight bits before they are multiplied."""
OPSET = 21
FUSED = "com.microsoft"
"""The domain of onnxruntime's own operators."""

Array = npt.NDArray[np.generic]


class Graph:
    """A graph under construction. Values are named by strings."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, kind: int, sizes: Sequence[int | str]) -> str:
        """Add an input. sizes: of its axes; those that vary have names."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, sizes))
        return name

    def output(self, name: str, value: str, kind: int, sizes: Sequence[int | str]) -> None:
        """Give a value out under a name."""
        if value != name:
            self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, sizes))

    def constant(self, array: Array) -> str:
        """Add a constant."""
        name = self._name()
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], outputs: Sequence[str] = (), **attributes: Any) -> str:
        """Add an operation. Return the name of its first output."""
        names = list(outputs) or [self._name()]
        self._nodes.append(helper.make_node(operator, list(inputs), names, name=names[0], **attributes))
        return names[0]

    def fused(self, operator: str, inputs: Sequence[str], outputs: Sequence[str] = (), **attributes: Any) -> str:
        """Add an operation of onnxruntime's own. Return the name of its first output."""
        return self.node(operator, inputs, outputs, domain=FUSED, **attributes)

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """Return the parts of a value along its last axis."""
        names = [self._name() for _ in sizes]
        self.node("Split", [value, self.constant(np.array(sizes, np.int64))], names, axis=-1)
        return names

    def product(self, rows: str, matrix: Floats) -> str:
        """Return rows [..., in] times a matrix [out, in], both rounded to eight bits."""
        quantized, scales = quantize(matrix)
        inputs = [rows, self.constant(quantized), self.constant(scales)]
        outer, inner = matrix.shape
        return self.fused(
            "MatMulNBits", inputs, K=inner, N=outer, bits=8, block_size=BLOCK, accuracy_level=INT8_PRODUCTS
        )

    def norm(self, rows: str, weights: Floats, epsilon: float) -> str:
        """Return rows at a mean square of 1, times weights (RMS norm, Zhang and Sennrich 2019)."""
        return self.node(
            "SimplifiedLayerNormalization", [rows, self.constant(weights)], axis=-1, epsilon=epsilon, stash_type=1
        )

    def add_and_norm(self, rows: str, added: str, weights: Floats, epsilon: float) -> tuple[str, str]:
        """Return (the sum of two values, its norm)."""
        normed, total = self._name(), self._name()
        outputs = [normed, "", "", total]
        self.fused("SkipSimplifiedLayerNormalization", [rows, added, self.constant(weights)], outputs, epsilon=epsilon)
        return total, normed

    def model(self) -> ModelProto:
        """Return the finished graph."""
        graph = helper.make_graph(self._nodes, "network", self._inputs, self._outputs, self._weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


def quantize(matrix: Floats) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Return a matrix [out, in] in eight bits [out, blocks, BLOCK], and the scale of each block [out, blocks]."""
    outer, inner = matrix.shape
    blocks = -(-inner // BLOCK)
    padded = np.zeros((outer, blocks * BLOCK), np.float32)
    padded[:, :inner] = matrix
    padded = padded.reshape(outer, blocks, BLOCK)
    scales = np.abs(padded).max(axis=2) / np.float32(127)
    steps = padded / np.where(scales > 0, scales, np.float32(1))[:, :, None]
    return (np.rint(steps) + ZERO).astype(np.uint8), scales.astype(np.float32)
