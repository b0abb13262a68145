"""The network as a graph for onnxruntime: one run of it reads the next tokens of several texts.

The matrices are in eight bits, and so are kept keys and values; embeddings and norms are in float32. Attention reads
and extends keys and values in place, each text to its own length. What a network with a companion knows of the score
enters as further inputs, and what candidates and intervals gain is part of the logits;
`models.training.score_aware.network` explains the sums. For a network with a listener there is a second graph, whose
tokens attend to given channels. `models.inference.engine` runs the graphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from onnx import ModelProto, TensorProto

from models.features import columns, given
from models.features.columns import PITCHED, REFERENCES, STATE_COLUMNS
from models.inference.checkpoint import Floats, Shape
from models.inference.companion import BASIS, POINTERS, REACH
from models.inference.companion import EPSILON as COMPANION_EPSILON
from models.inference.cross_attention import EPSILON as LISTENER_EPSILON
from models.inference.cross_attention import SLOPES, cross_attention_layers
from models.inference.graph import Graph
from models.music.score import CHANNELS
from models.tokens.vocabulary import NUMBER

ROWS, TOKENS, SEEN = "rows", "tokens", "seen"
"""Names of axes: texts, tokens of each, rows of a roll that they attend to."""
PAIRS = PITCHED * REFERENCES
"""Pairs of a channel and a pitch that its intervals are counted from."""

CACHE_REACH = 10
"""How many times the typical spread of a key or value is kept at the most; those of nes-2 reach 8.8 times."""

Tensors = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a graph is made of: a network's shape and tensors, its companion's, and its listener's."""

    shape: Shape
    network: Tensors
    companion: Tensors | None = None
    listener: Tensors | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What a companion adds: before the first layer, the middle one and the final norm."""

    first: str
    middle: str
    last: str


def build_graph(weights: Weights) -> ModelProto:
    """Return the graph of a network.

    Inputs: ids [rows, tokens]; lengths, the tokens of each text with these, less 1 [rows]; longest, the most tokens of
    any [1]; keys.0, values.0, … of each layer [rows, heads, context, head], which outputs of the same memory extend.
    With a companion also state, looked, given, classes, and of the last token candidates, believed, references; see
    `_known` and `_gains`. With a listener also roll_keys.0, roll_values.0, … and bias. Output: logits [rows, tokens].
    """
    graph, shape, network = Graph(), weights.shape, weights.network
    ids = graph.input("ids", TensorProto.INT64, [ROWS, TOKENS])
    lengths = graph.input("lengths", TensorProto.INT32, [ROWS])
    longest = graph.input("longest", TensorProto.INT32, [1])
    turns = [graph.constant(table) for table in rotations(shape)]
    added = graph.node("Gather", [graph.constant(network["model.embed_tokens.weight"]), ids])
    known = _known(graph, weights.companion) if weights.companion else None
    hidden = known.first if known else ""
    bias = ""
    if weights.listener:
        bias = graph.input("bias", TensorProto.FLOAT, [ROWS, len(SLOPES), TOKENS, SEEN])
    listens = cross_attention_layers(shape.layers) if weights.listener else ()
    for number in range(shape.layers):
        prefix = f"model.layers.{number}."
        if known and number == shape.layers // 2:
            added = graph.node("Add", [added, known.middle])
        if weights.listener and number in listens:
            attending = graph.node("Add", [hidden, added]) if hidden else added
            listened = _listened(graph, weights.listener, listens.index(number), attending, bias)
            if hidden:
                hidden, added = attending, listened
            else:  # as in the other graph, which norms the first layer's input without adding anything
                added = graph.node("Add", [attending, listened])
        gamma = network[f"{prefix}input_layernorm.weight"]
        if hidden:
            hidden, normed = graph.add_and_norm(hidden, added, gamma, shape.epsilon)
        else:
            hidden, normed = added, graph.norm(added, gamma, shape.epsilon)
        added = _attention(graph, weights, number, normed, [lengths, longest, *turns])
        gamma = network[f"{prefix}post_attention_layernorm.weight"]
        hidden, normed = graph.add_and_norm(hidden, added, gamma, shape.epsilon)
        added = _gated(graph, weights, number, normed)
    if known:
        added = graph.node("Add", [added, known.last])
    hidden, added = (_last_token(graph, rows) for rows in (hidden, added))
    _, normed = graph.add_and_norm(hidden, added, network["model.norm.weight"], shape.epsilon)
    unembedding = network["model.embed_tokens.weight" if shape.tied else "lm_head.weight"]
    if weights.companion:
        logits = _gains(graph, weights.companion, normed, unembedding)
    else:
        logits = graph.node("Squeeze", [graph.product(normed, unembedding), graph.constant(np.array([1]))])
    graph.output("logits", logits, TensorProto.FLOAT, [ROWS, shape.vocabulary])
    return graph.model()


def rotations(shape: Shape) -> tuple[Floats, Floats]:
    """Return the cosines and sines by which a head's pairs are rotated at each position [context, head / 2].

    Rotary positions (RoPE, Su 2021): pair i of position p is rotated by p * theta ** (-2 i / head). Powers, steps and
    angles are each rounded to float32 as in training, so that late positions have the angles that they had there.
    """
    powers = (shape.theta ** (np.arange(0, shape.head, 2) / shape.head)).astype(np.float32)
    steps = 1 / powers
    angles = np.arange(shape.context, dtype=np.float32)[:, None] * steps
    return np.cos(angles), np.sin(angles)


def _last_token(graph: Graph, rows: str) -> str:
    """Return the rows of each text's last token [rows, 1, width]."""
    ends = [graph.constant(np.array([number])) for number in (-1, np.iinfo(np.int64).max, 1)]
    return graph.node("Slice", [rows, *ends])


def _attention(graph: Graph, weights: Weights, number: int, normed: str, places: list[str]) -> str:
    """Return what a layer's attention adds. places: where each text's tokens are, and the rotations."""
    shape, prefix = weights.shape, f"model.layers.{number}.self_attn."
    queries, keys, values, output = (weights.network[f"{prefix}{name}_proj.weight"] for name in "qkvo")
    mixed = graph.product(normed, np.concatenate([queries, keys, values]))
    sizes: list[int | str] = [ROWS, shape.heads, shape.context, shape.head]
    caches = [graph.input(f"{name}.{number}", TensorProto.INT8, sizes) for name in ("keys", "values")]
    gamma = weights.network[f"model.layers.{number}.input_layernorm.weight"]
    scales = [graph.constant(scale) for scale in _cache_scales(shape, keys * gamma, values * gamma)]
    extended = [f"more_{cache}" for cache in caches]
    lengths, longest, cosines, sines = places
    attended = graph.fused(
        "GroupQueryAttention",
        [mixed, "", "", *caches, lengths, longest, cosines, sines, "", "", "", *scales],
        [f"attended.{number}", *extended],
        num_heads=shape.heads,
        kv_num_heads=shape.heads,
        do_rotary=1,
        k_quant_type="PER_CHANNEL",
        v_quant_type="PER_CHANNEL",
        kv_cache_bit_width=8,
    )
    for name in extended:
        graph.output(name, name, TensorProto.INT8, sizes)
    return graph.product(attended, output)


def _cache_scales(shape: Shape, keys: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the steps in which keys and values are kept, for each of a head's numbers [1, heads, 1, head].

    keys, values: the matrices that make them of rows at a mean square of 1. So the length of a matrix's row says how
    far a number spreads. A rotation mixes the two numbers of a pair, which both get the length of both.
    """
    of_keys, of_values = (np.linalg.norm(matrix, axis=1).reshape(shape.heads, 2, -1) for matrix in (keys, values))
    of_keys = np.sqrt(np.square(of_keys).sum(axis=1, keepdims=True)).repeat(2, axis=1)
    steps = (lengths.reshape(1, shape.heads, 1, shape.head) * CACHE_REACH / 127 for lengths in (of_keys, of_values))
    first, second = (np.maximum(step, np.finfo(np.float32).tiny).astype(np.float32) for step in steps)
    return first, second


def _gated(graph: Graph, weights: Weights, number: int, normed: str) -> str:
    """Return what a layer's gated transform (SwiGLU, Shazeer 2020) adds."""
    prefix, hidden = f"model.layers.{number}.mlp.", weights.shape.hidden
    gate_up = np.concatenate([weights.network[f"{prefix}{name}_proj.weight"] for name in ("gate", "up")])
    gate, up = graph.split(graph.product(normed, gate_up), [hidden, hidden])
    opened = graph.fused("QuickGelu", [gate], alpha=1.0)
    return graph.product(graph.node("Mul", [opened, up]), weights.network[f"{prefix}down_proj.weight"])


def _known(graph: Graph, companion: Tensors) -> _Known:
    """Return what is added to the tokens.

    state, looked: numbers of embeddings [rows, tokens, …]. given: the same of what is given [rows, tokens, …]; the
    number after the last stands for nothing. classes: shares of the pitch classes [rows, tokens, …].
    """
    width, wide = companion["classes.weight"].shape[0], companion["read.weight"].shape[0]
    table = graph.constant(companion["known.weight"])
    state = graph.input("state", TensorProto.INT32, [ROWS, TOKENS, STATE_COLUMNS])
    looked = graph.input("looked", TensorProto.INT32, [ROWS, TOKENS, columns.LOOKUPS - STATE_COLUMNS])
    ahead = graph.input("given", TensorProto.INT32, [ROWS, TOKENS, given.LOOKUPS])
    classes = graph.input("classes", TensorProto.FLOAT, [ROWS, TOKENS, columns.CLASSES])
    nothing = np.zeros((1, width), np.float32)
    given_table = graph.constant(np.concatenate([companion["given.weight"], nothing]))
    shares = graph.product(classes, companion["classes.weight"])
    ones = np.ones(width, np.float32)
    state_sum = _sum(graph, table, state, STATE_COLUMNS)
    _, state_normed = graph.add_and_norm(state_sum, shares, ones, COMPANION_EPSILON)
    sums = [
        _sum(graph, table, looked, columns.LOOKUPS - STATE_COLUMNS),
        _sum(graph, given_table, ahead, given.LOOKUPS),
    ]
    parts = [graph.norm(one, ones, COMPANION_EPSILON) for one in sums]
    read = graph.node("Concat", [state_normed, *parts], axis=-1)
    both = graph.product(read, np.concatenate([companion["read.weight"], companion["directly.weight"]]))
    inner, directly = graph.split(both, [wide, len(companion["directly.weight"])])
    positive = graph.node("Relu", [inner])
    squared = graph.node("Mul", [positive, positive])
    names = ("first", "middle", "last")
    added = graph.product(squared, np.concatenate([companion[f"{name}.weight"] for name in names]))
    first, middle, last = graph.split(added, [len(companion[f"{name}.weight"]) for name in names])
    return _Known(graph.node("Add", [first, directly]), middle, last)


def _sum(graph: Graph, table: str, numbers: str, count: int) -> str:
    """Return the sums of so many embeddings [rows, tokens, width].

    As a product with ones: ReduceSum adds in another order where there is a single text.
    """
    found = graph.node("Gather", [table, numbers])
    total = graph.node("MatMul", [graph.constant(np.ones((1, count), np.float32)), found])
    return graph.node("Squeeze", [total, graph.constant(np.array([2]))])


def _gains(graph: Graph, companion: Tensors, normed: str, unembedding: Floats) -> str:
    """Return the logits with what candidates and intervals gain [rows, tokens].

    Of each text's last token: candidates, -1 for none [rows, POINTERS], and believed, how far each is, as a place in
    the table of all [rows, POINTERS]; references, the pitches that intervals are counted from, -1 for none [rows,
    PAIRS].
    """
    candidates = graph.input("candidates", TensorProto.INT32, [ROWS, POINTERS])
    believed = graph.input("believed", TensorProto.INT32, [ROWS, POINTERS])
    matrices = [unembedding, companion["pointer.weight"], companion["mixes.weight"]]
    rows = graph.product(normed, np.concatenate(matrices))
    rows = graph.node("Squeeze", [rows, graph.constant(np.array([1]))])
    logits, pointed, mixes = graph.split(rows, [len(matrix) for matrix in matrices])
    gains = graph.node(
        "Add", [pointed, graph.node("Gather", [graph.constant(companion["believed"].ravel()), believed])]
    )
    there = graph.node("GreaterOrEqual", [candidates, graph.constant(np.array(0, np.int32))])
    gains = graph.node("Where", [there, gains, graph.constant(np.array(0, np.float32))])
    places = graph.node("Max", [candidates, graph.constant(np.array(0, np.int32))])
    logits = graph.node("ScatterElements", [logits, places, gains], axis=1, reduction="add")
    return graph.node("Add", [logits, _interval_gains(graph, companion, mixes, len(unembedding))])


def _interval_gains(graph: Graph, companion: Tensors, mixes: str, tokens: int) -> str:
    """Return what each token gains by its interval to the last pitches [rows, tokens]."""
    references = graph.input("references", TensorProto.INT32, [ROWS, PAIRS])
    base = np.tile(np.eye(1, BASIS, dtype=np.float32)[0], PAIRS)
    mixed = graph.node("Add", [mixes, graph.constant(base)])
    mixed = graph.node("Reshape", [mixed, graph.constant(np.array([-1, PAIRS, 1, BASIS]))])
    curves = graph.constant(companion["intervals"].reshape(PAIRS, BASIS, 2 * REACH + 1))
    curve = graph.node("Squeeze", [graph.node("MatMul", [mixed, curves]), graph.constant(np.array([2]))])
    specs = CHANNELS[:PITCHED]
    most = max(spec.highest - spec.lowest + 1 for spec in specs)
    reached = [[spec.lowest + REACH + step for step in range(most)] for spec in specs for _ in range(REFERENCES)]
    reference = graph.node("Unsqueeze", [references, graph.constant(np.array([2]))])
    places = graph.node("Sub", [graph.constant(np.array(reached, np.int32)), reference])
    places = graph.node("Min", [places, graph.constant(np.array(2 * REACH, np.int32))])
    gains = graph.node("GatherElements", [curve, places], axis=2)
    there = graph.node("GreaterOrEqual", [reference, graph.constant(np.array(0, np.int32))])
    gains = graph.node("Where", [there, gains, graph.constant(np.array(0, np.float32))])
    gains = graph.node("Reshape", [gains, graph.constant(np.array([-1, PITCHED, REFERENCES, most]))])
    gains = graph.node("ReduceSum", [gains, graph.constant(np.array([2]))], keepdims=0)
    gains = graph.node("Reshape", [gains, graph.constant(np.array([-1, PITCHED * most]))])
    pads = graph.constant(np.array([0, 0, 0, 1]))
    gains = graph.node("Pad", [gains, pads])
    where = np.full(tokens, PITCHED * most)
    for channel, spec in enumerate(specs):
        begin, count = NUMBER[f"on:{spec.name}:{spec.lowest}"], spec.highest - spec.lowest + 1
        where[begin : begin + count] = channel * most + np.arange(count)
    return graph.node("Gather", [gains, graph.constant(where)], axis=1)


def _listened(graph: Graph, listener: Tensors, number: int, hidden: str, bias: str) -> str:
    """Return what tokens gain by attending to a roll (`models.training.listener`)."""
    prefix, heads = f"attentions.{number}.", len(SLOPES)
    width = listener["norm.weight"].shape[0]
    sizes = [ROWS, heads, SEEN, width // heads]
    keys, values = (graph.input(f"roll_{name}.{number}", TensorProto.FLOAT, sizes) for name in ("keys", "values"))
    normed = graph.norm(hidden, listener[f"{prefix}norm.weight"], LISTENER_EPSILON)
    queries = graph.product(normed, listener[f"{prefix}queries.weight"] * np.float32((width // heads) ** -0.5))
    queries = graph.node("Reshape", [queries, graph.constant(np.array([0, 0, heads, width // heads]))])
    queries = graph.node("Transpose", [queries], perm=[0, 2, 1, 3])
    scores = graph.node("MatMul", [queries, graph.node("Transpose", [keys], perm=[0, 1, 3, 2])])
    shares = graph.node("Softmax", [graph.node("Add", [scores, bias])], axis=-1)
    attended = graph.node("Transpose", [graph.node("MatMul", [shares, values])], perm=[0, 2, 1, 3])
    attended = graph.node("Reshape", [attended, graph.constant(np.array([0, 0, width]))])
    return graph.product(attended, listener[f"{prefix}output.weight"])
