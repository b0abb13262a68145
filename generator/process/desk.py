"""Has the texts of all jobs written together: one thread steps a batch for each model, and jobs wait for their texts.

A text joins as soon as there is room, those of the job that has the fewest in its batch first, so that eight takes of
one tune do not hold up another. A text that fails, or whose job is cancelled, ends no other.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from models.inference.batch import DEFAULT_ROWS, Batch, Model, Row, Text

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class _Order(Generic[T]):
    """Texts that one caller of `Desk.write` waits for. rows: those that have joined, by the number of the text."""

    model: Model
    texts: Sequence[Text[T]]
    joined: int = 0
    rows: dict[int, Row[T]] = field(default_factory=dict)
    written: dict[int, T] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def over(self) -> bool:
        """Whether all texts are written, or one failed."""
        return self.error is not None or len(self.written) == len(self.texts)


class Desk:
    """Writes texts for any number of threads. rows: texts of one model that are written at once."""

    def __init__(self, rows: int = DEFAULT_ROWS) -> None:
        self._rows = rows
        self._changed = threading.Condition()
        self._orders: list[_Order[Any]] = []
        self._batches: dict[int, Batch] = {}
        self._thread: threading.Thread | None = None

    def write(self, model: Model, texts: Sequence[Text[T]]) -> list[T]:
        """Have texts written. Return what they have become, in their order.

        Raise the first error of any; then the others are given up.
        """
        order = _Order(model, texts)
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._orders.append(order)
            self._changed.notify_all()
            self._changed.wait_for(lambda: order.over)
        if order.error:
            raise order.error
        return [order.written[number] for number in range(len(texts))]

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._orders)
                self._admit()
            # Only this thread touches batches, so callers can leave their texts while it steps.
            for batch in list(self._batches.values()):
                if len(batch):
                    self._step(batch)
            with self._changed:
                self._settle()

    def _admit(self) -> None:
        """Let texts join while there is room."""
        for model in {id(order.model): order.model for order in self._orders}.values():
            if id(model) not in self._batches:
                self._batches[id(model)] = Batch(model, self._rows)
            batch = self._batches[id(model)]
            while batch.room:
                waiting = [o for o in self._orders if o.model is model and o.joined < len(o.texts)]
                if not waiting:
                    break
                order = min(waiting, key=lambda order: len(order.rows))
                order.rows[order.joined] = batch.join(order.texts[order.joined])
                order.joined += 1

    def _step(self, batch: Batch) -> None:
        """Write one token of every text. If the network itself fails, all texts of the batch fail with it."""
        try:
            batch.step()
        except Exception as error:  # noqa: BLE001  whatever it was, jobs wait for an answer
            for order in self._orders:
                if self._batches.get(id(order.model)) is batch and order.rows:
                    order.error = order.error or error
                    order.rows.clear()
            self._batches = {key: other for key, other in self._batches.items() if other is not batch}

    def _settle(self) -> None:
        """Collect what is written, and let the other texts of an order leave after one has failed."""
        for order in list(self._orders):
            for number, row in list(order.rows.items()):
                if row.done:
                    del order.rows[number]
                    self._collect(order, number, row)
            if order.over:
                for row in order.rows.values():
                    self._batches[id(order.model)].leave(row)
                self._orders.remove(order)
                self._changed.notify_all()

    def _collect(self, order: _Order[Any], number: int, row: Row[Any]) -> None:
        try:
            order.written[number] = row.result()
        except Exception as error:  # noqa: BLE001  the job that waits for it raises it
            order.error = order.error or error
