"""Writes several texts at once: each step reads and draws one token of every text. Texts come and go between steps.

A text is a generator that asks for tokens. What it reads, and which tokens it allows, is up to it
(`models.inference.sampler`); the network runs in `models.inference.engine`. A text's result does not depend, to the
bit, on the texts beside it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from models.inference.checkpoint import EngineError
from models.inference.cross_attention import Heard
from models.inference.drawing import Draw, Drawn, draw_tokens
from models.inference.engine import Cache, Engine
from models.inference.score_memory import ScoreMemory, tell
from models.tokens.piano_roll import Rows

T = TypeVar("T")

DEFAULT_ROWS = 8
"""Texts that are written at once: more make each of them hardly cheaper (docs/experiments.md)."""


class Model(Protocol):
    """What a batch needs of a model: the network, and the kind of each token [tokens]."""

    engine: Engine
    token_kinds: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a text wants next: to read some tokens, the last ones of its memory, and then to draw one.

    anew: forget what was read before. heard, rows: what given channels said, and the row of it that each token is at;
    None for a text that does not listen. kept: in a text that begins anew, how many of the first tokens of its memory
    come before the last ones.
    """

    tokens: Sequence[int]
    draw: Draw
    memory: ScoreMemory | None = None
    anew: bool = False
    kept: int = 0
    heard: Heard | None = None
    rows: Rows | None = None


Text = Generator[Ask, Drawn, T]
"""A text that is being written. It returns what it has become."""


class BatchFullError(EngineError):
    """Another text than a batch has room for."""


class Row(Generic[T]):
    """A text in a batch. done: whether it is finished, has failed, or has left."""

    def __init__(self, text: Text[T]) -> None:
        self.text = text
        self.ask: Ask | None = None
        self.unread = 0
        self.done = False
        self.error: Exception | None = EngineError("The text is not finished.")
        self.value: T | None = None

    def result(self) -> T:
        """Return what the text has become. Raise what it raised, or EngineError if it is not finished or has left."""
        if self.error:
            raise self.error
        return self.value  # type: ignore[return-value]


class Batch:
    """Texts that are written together by one model. Not for several threads; two batches may run in two threads."""

    def __init__(self, model: Model, rows: int = DEFAULT_ROWS) -> None:
        """Make room for some texts."""
        self._model = model
        self._cache = Cache(model.engine, rows)
        self._capacity = rows
        self._rows: list[Row[Any]] = []

    def __len__(self) -> int:
        """Return how many texts are being written."""
        return len(self._rows)

    @property
    def room(self) -> int:
        """How many more texts may join."""
        return self._capacity - len(self._rows)

    def join(self, text: Text[T]) -> Row[T]:
        """Let a text join. It starts with the next step. Raise BatchFullError if there is no room."""
        if not self.room:
            raise BatchFullError(f"A batch of {self._capacity} texts is full.")
        row = Row(text)
        self._cache.lengths[len(self._rows)] = 0
        self._rows.append(row)
        return row

    def leave(self, row: Row[Any]) -> None:
        """Give up a text. A row that is done already has left."""
        if row in self._rows:
            row.text.close()
            self._remove(row)

    def step(self) -> list[Row[Any]]:
        """Let every text read and draw a token. Return the rows that are done now; they have left."""
        done = [row for row in self._rows if row.ask is None and not self._advance(row, None)]
        for row in done:
            self._remove(row)
        if not self._rows:
            return done
        logits = self._read()
        ready = [number for number, row in enumerate(self._rows) if not row.unread]
        if not ready:
            return done
        rows = [self._rows[number] for number in ready]
        draws = [row.ask.draw for row in rows if row.ask]
        drawn = draw_tokens(logits[ready], draws, self._model.token_kinds)
        ended = [row for row, one in zip(rows, drawn, strict=True) if not self._advance(row, one)]
        for row in ended:
            self._remove(row)
        return done + ended

    def _advance(self, row: Row[Any], drawn: Drawn | None) -> bool:
        """Give a text what it asked for and get what it wants next. Return False if it is done."""
        try:
            row.ask = next(row.text) if drawn is None else row.text.send(drawn)
            if row.ask.anew:
                self._read_prompt(row, row.ask)
            row.unread = 1 if row.ask.anew else len(row.ask.tokens)
        except StopIteration as stop:
            row.value, row.error = stop.value, None
            return False
        except Exception as error:  # noqa: BLE001  whatever it is ends this text alone; `Row.result` raises it
            row.error = error
            return False
        return True

    def _read_prompt(self, row: Row[Any], ask: Ask) -> None:
        """Let a text that begins anew read all of its tokens but the last."""
        number, before = self._rows.index(row), len(ask.tokens) - 1
        self._cache.lengths[number] = 0
        if before:
            inputs = ask.memory.inputs(ask.memory.latest(ask.kept, before + 1 - ask.kept)[:-1]) if ask.memory else None
            rows = None if ask.rows is None else ask.rows[:-1]
            self._cache.read(number, ask.tokens[:-1], inputs, ask.heard, rows)

    def _read(self) -> Any:
        """Let every text read its next token. Return the logits of what follows each [texts, tokens]."""
        asks = [row.ask for row in self._rows if row.ask]
        lefts = [row.unread for row in self._rows]
        if self._cache.told is not None:
            tell(self._cache.told, [(ask.memory, left) for ask, left in zip(asks, lefts, strict=True) if ask.memory])
        heard = [ask.heard for ask in asks]
        heard_rows = [0 if ask.rows is None else int(ask.rows[-left]) for ask, left in zip(asks, lefts, strict=True)]
        tokens = [ask.tokens[-left] for ask, left in zip(asks, lefts, strict=True)]
        for row in self._rows:
            row.unread -= 1
        return self._cache.step(tokens, heard, heard_rows)

    def _remove(self, row: Row[Any]) -> None:
        """Let a row leave. The last one takes its place."""
        row.done = True
        place, last = self._rows.index(row), len(self._rows) - 1
        if place < last:
            self._cache.move(last, place)
            self._rows[place] = self._rows[last]
        self._rows.pop()


def write_together(model: Model, texts: Iterable[Text[T]], rows: int = DEFAULT_ROWS) -> list[T]:
    """Write texts, so many at once. Return what they have become, in their order. Raise the first error of any."""
    waiting = list(texts)
    batch = Batch(model, max(1, min(rows, len(waiting))))
    joined: list[Row[T]] = []
    while waiting or len(batch):
        while waiting and batch.room:
            joined.append(batch.join(waiting.pop(0)))
        for row in batch.step():
            row.result()
    return [row.result() for row in joined]


def write_alone(model: Model, text: Text[T]) -> T:
    """Write one text. Return what it has become, or raise what it raised."""
    return write_together(model, [text], 1)[0]
