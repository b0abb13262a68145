"""Runs the network: reads the next tokens of several texts at once and returns the logits of what follows each.

It opens a standard Hugging Face checkpoint of a Llama without torch; `models.inference.network_graph` turns it into a
graph for onnxruntime, which one thread runs. Weights are read once for all texts. A text's logits do not depend, to the
bit, on the texts beside it: every operation works on each text alone, in the same order however many there are. What
tokens mean is left to `models.inference.sampler`, and which text reads what to `models.inference.batch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from models.features import columns, given
from models.features.candidates import BUCKETS
from models.features.columns import PITCHED, STATE_COLUMNS
from models.features.inputs import Inputs
from models.inference.checkpoint import EngineError, Shape, read_shape, read_tensors
from models.inference.companion import COMPANION_FILE, POINTERS, read_companion
from models.inference.cross_attention import LISTENER_FILE, Heard, Listener, ListenerError, read_listener
from models.inference.graph_cache import cached_graph
from models.tokens.piano_roll import Rows

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

VERSION = f"onnxruntime-{version('onnxruntime')}-int8"
"""The engine, as recipes name it: another one sums in another order."""
BLOCK = 64
"""Tokens of a prompt that are read at a time: more need more room and are no faster."""
GRAPH_SOURCES = (
    *(f"inference/{name}.py" for name in ("graph", "network_graph", "checkpoint", "companion", "cross_attention")),
    *(f"features/{name}.py" for name in ("candidates", "columns", "given", "tracker")),
    "music/score.py",
    "tokens/vocabulary.py",
)
"""The modules that a graph depends on."""


@dataclass(slots=True)
class Told:
    """What is known at some tokens of each text, as the graph reads it (`network_graph`), without the last axis said.

    state, looked, given: numbers of embeddings, and classes: shares [texts, tokens, …]. candidates, believed,
    references: of each text's last token [texts, …].
    """

    state: Ints
    looked: Ints
    given: Ints
    classes: Floats
    candidates: Ints
    believed: Ints
    references: Ints

    @classmethod
    def empty(cls, texts: int) -> Told:
        """Return room for one token of each text. Nothing is given."""
        return cls(
            state=np.zeros((texts, 1, STATE_COLUMNS), np.int32),
            looked=np.zeros((texts, 1, columns.LOOKUPS - STATE_COLUMNS), np.int32),
            given=np.full((texts, 1, given.LOOKUPS), given.TABLE, np.int32),
            classes=np.zeros((texts, 1, columns.CLASSES), np.float32),
            candidates=np.full((texts, POINTERS), -1, np.int32),
            believed=np.zeros((texts, POINTERS), np.int32),
            references=np.full((texts, PITCHED * (PITCHED + 1)), -1, np.int32),
        )


BELIEVED = (BUCKETS + 1) * np.arange(POINTERS)
"""Where the row of each candidate begins in the table of how far they are believed."""


def told(inputs: Inputs) -> Told:
    """Return what is known at the tokens of each row of inputs, as the graph reads it."""
    texts, tokens = inputs.ids.shape
    ahead = np.full((texts, tokens, given.LOOKUPS), given.TABLE, np.int32)
    ahead[inputs.given_rows] = inputs.given
    last = np.broadcast_to(inputs.last[:, -1, None, :], (texts, PITCHED, PITCHED))
    references = np.concatenate([last, inputs.before[:, -1, :, None]], axis=2).reshape(texts, -1)
    return Told(
        state=inputs.indices[:, :, :STATE_COLUMNS],
        looked=inputs.indices[:, :, STATE_COLUMNS:],
        given=ahead,
        classes=inputs.classes,
        candidates=inputs.tokens[:, -1].astype(np.int32),
        believed=(inputs.buckets[:, -1] + BELIEVED).astype(np.int32),
        references=references.astype(np.int32),
    )


class Engine:
    """A network, ready to run. What texts have read so far is in a `Cache`. Threads may share an engine."""

    def __init__(self, folder: Path) -> None:
        """Open the checkpoint in `folder`. Raise EngineError if the engine cannot run it."""
        self.folder = folder
        self.shape: Shape = read_shape(folder)
        self.context = self.shape.context
        self.companion = (folder / COMPANION_FILE).exists()
        has_listener = (folder / LISTENER_FILE).exists()
        self.listener = Listener(folder, self.shape.width, self.shape.layers) if has_listener else None
        self.session = self._session(listens=False)

    @cached_property
    def listening_session(self) -> onnxruntime.InferenceSession:
        """The graph whose tokens attend to given channels, for a network with a listener."""
        return self._session(listens=True)

    def _session(self, *, listens: bool) -> onnxruntime.InferenceSession:
        files = ["config.json", "model.safetensors", *[COMPANION_FILE] * self.companion, *[LISTENER_FILE] * listens]
        sources = [self.folder / name for name in files]
        if not sources[1].exists():
            raise EngineError(f"There are no weights in {self.folder}.")
        sources += [Path(__file__).parents[1] / name for name in GRAPH_SOURCES]

        def make() -> bytes:
            # Only the first start needs the library that writes graphs.
            from models.inference.network_graph import Weights, build_graph  # noqa: PLC0415

            network = read_tensors(self.folder, self.shape)
            companion = read_companion(self.folder, self.shape.width) if self.companion else None
            listener = read_listener(self.folder, self.shape.width, self.shape.layers) if listens else None
            graph = build_graph(Weights(self.shape, network, companion, listener))
            return bytes(graph.SerializeToString())

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        name = f"{VERSION} {listens}"
        return onnxruntime.InferenceSession(cached_graph(sources, name, make), options, ["CPUExecutionProvider"])


class Cache:
    """What several texts have read so far: keys and values, allocated once. lengths: the tokens of each text."""

    def __init__(self, engine: Engine, texts: int) -> None:
        """Make room for some texts."""
        shape = engine.shape
        self.engine = engine
        self.lengths: Ints = np.zeros(texts, np.int32)
        # Zeros cost nothing until they are written to: the system allocates their pages on first use.
        sizes = (2 * shape.layers, texts, shape.heads, shape.context, shape.head)
        self._kept = np.zeros(sizes, np.int8)
        self._ids = np.zeros((texts, 1), np.int64)
        self._last: Ints = np.zeros(texts, np.int32)
        self._longest: Ints = np.zeros(1, np.int32)
        self._logits = np.zeros((texts, shape.vocabulary), np.float32)
        self.told = Told.empty(texts) if engine.companion else None
        self._bindings: dict[int, onnxruntime.IOBinding] = {}

    def move(self, source: int, target: int) -> None:
        """Let one text take the place of another."""
        length = self.lengths[target] = self.lengths[source]
        self._kept[:, target, :, :length] = self._kept[:, source, :, :length]

    def read(
        self,
        text: int,
        ids: Sequence[int],
        inputs: Inputs | None = None,
        heard: Heard | None = None,
        rows: Rows | None = None,
    ) -> Floats:
        """Read more tokens of one text, a block at a time. Return the logits of what follows [tokens].

        inputs: what is known at each token, in one row, for a network with a companion. heard, rows: what given
        channels said, and the row of it that each token is at [n]; None for a text that does not listen. Raise
        EngineError if `ids` is empty, holds an id outside the vocabulary, or does not fit the context, and if `inputs`
        is missing with a companion or given without one.
        """
        self._check(ids, int(self.lengths[text]) + len(ids))
        if (inputs is None) == self.engine.companion:
            raise EngineError("A network needs what is known at each token if and only if it has a companion.")
        logits = np.zeros(0, np.float32)
        for begin in range(0, len(ids), BLOCK):
            part = slice(begin, min(begin + BLOCK, len(ids)))
            end = int(self.lengths[text]) + part.stop - part.start
            feeds: dict[str, Any] = {
                "ids": np.array([ids[part]], np.int64),
                "lengths": np.array([end - 1], np.int32),
                "longest": np.array([end], np.int32),
            }
            if inputs is not None:
                feeds |= _columns(told(_part(inputs, part)))
            if heard is not None and rows is not None:
                feeds |= self._listener.windows([heard], [rows[part]])
            logits = self._run(feeds, slice(text, text + 1))[0]
            self.lengths[text] = end
        return logits

    def step(self, ids: Sequence[int], heard: Sequence[Heard | None] = (), heard_rows: Sequence[int] = ()) -> Floats:
        """Read the next token of each of the first texts. Return the logits of what follows each [texts, tokens].

        What is known at the tokens is expected in `told`. heard, heard_rows: for each text what given channels said,
        None if it does not listen, and the row of it that its token is at. The next step overwrites the array.
        """
        count = len(ids)
        self._check(ids, int(self.lengths[:count].max(initial=0)) + 1)
        self._ids[:count, 0] = ids
        self._last[:count] = self.lengths[:count]
        self._longest[0] = self.lengths[:count].max() + 1
        if any(heard):
            rows = [np.array([row]) for row in heard_rows]
            logits = self._run(self._arrays(count) | self._listener.windows(heard, rows), slice(0, count))
        else:
            binding = self._bindings.get(count) or self._bindings.setdefault(count, self._bind(count))
            self.engine.session.run_with_iobinding(binding)
            logits = self._logits[:count]
        self.lengths[:count] += 1
        return logits

    def _check(self, ids: Sequence[int], length: int) -> None:
        vocabulary = self.engine.shape.vocabulary
        if not ids or min(ids) < 0 or max(ids) >= vocabulary:
            raise EngineError(f"The network reads tokens from 0 to {vocabulary - 1}, at least one at a time.")
        if length > self.engine.context:
            raise EngineError(f"The network reads {self.engine.context} tokens at most.")

    def _bind(self, count: int) -> onnxruntime.IOBinding:
        """Return the graph's inputs and outputs for a step of so many texts, in memory that stays where it is."""
        binding = self.engine.session.io_binding()
        for name, array in self._arrays(count).items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        self._bind_kept(binding, slice(0, count))
        binding.bind_ortvalue_output("logits", onnxruntime.OrtValue.ortvalue_from_numpy(self._logits[:count]))
        return binding

    def _arrays(self, count: int) -> dict[str, Any]:
        """Return the inputs of a step of so many texts, by name."""
        arrays: dict[str, Any] = {"ids": self._ids[:count], "lengths": self._last[:count], "longest": self._longest}
        if self.told:
            arrays |= {name: array[:count] for name, array in _columns(self.told).items()}
        return arrays

    @property
    def _listener(self) -> Listener:
        if self.engine.listener is None:
            raise ListenerError("The model has no listener.")
        return self.engine.listener

    def _run(self, feeds: dict[str, Any], texts: slice) -> Floats:
        """Run the graph once with arrays of its own. Return the logits [texts, tokens]."""
        session = self.engine.listening_session if "bias" in feeds else self.engine.session
        binding = session.io_binding()
        arrays = {name: np.ascontiguousarray(array) for name, array in feeds.items()}  # they live as long as the run
        for name, array in arrays.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        self._bind_kept(binding, texts)
        logits = self._logits[texts]
        binding.bind_ortvalue_output("logits", onnxruntime.OrtValue.ortvalue_from_numpy(logits))
        session.run_with_iobinding(binding)
        return logits

    def _bind_kept(self, binding: onnxruntime.IOBinding, texts: slice) -> None:
        """Let the graph read and extend the keys and values of some texts in place."""
        for number, kept in enumerate(self._kept):
            layer, values = divmod(number, 2)
            value = onnxruntime.OrtValue.ortvalue_from_numpy(kept[texts])
            name = f"{'values' if values else 'keys'}.{layer}"
            binding.bind_ortvalue_input(name, value)
            binding.bind_ortvalue_output(f"more_{name}", value)


def _columns(known: Told) -> dict[str, Any]:
    return {field.name: getattr(known, field.name) for field in fields(known)}


def _part(inputs: Inputs, part: slice) -> Inputs:
    """Return a run of the tokens of some inputs."""
    columns_of = {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    return Inputs(**{name: array if name == "given_rows" else array[:, part] for name, array in columns_of.items()})
