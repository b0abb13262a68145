"""How far a run of training is, in one line, from the files that it keeps in its folder. Loads no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import UsageError

RECENT = 100
"""Steps that the loss and the pace are averaged over."""


@dataclass(frozen=True, slots=True)
class Status:
    """A run's progress. step: steps done. steps: in total; if the run has a time limit, as many as it will reach.

    saved: the step of the saved state, or 0. tokens: trained on so far. loss: nats a token of the last steps. pace:
    tokens a second. seconds: left.
    """

    step: int
    steps: int
    saved: int
    tokens: int
    loss: float
    pace: float
    seconds: float

    def __str__(self) -> str:
        hours, minutes = divmod(round(self.seconds / 60), 60)
        return (
            f"step {self.step:,} of {self.steps:,} ({self.step / self.steps:.1%}), saved at {self.saved:,}; "
            f"{self.tokens / 1e6:.2f} million tokens, {self.loss:.3f} nats a token; "
            f"{self.pace:,.0f} tokens a second, done in {hours} h {minutes:02} min"
        )


def read_status(folder: Path) -> Status:
    """Return the progress of the run in a folder. Raise UsageError if there is none."""
    lines = _records(folder / "log.jsonl")
    state = next((folder / name / "step.json" for name in ("state", "state.old") if (folder / name).exists()), None)
    settings = folder / "settings.json"
    if not lines or not (settings.exists() or state):
        raise UsageError(f"There is no run of training in {folder}, or it has not taken a step yet.")
    kept: dict[str, Any] = json.loads(state.read_text()) if state else {"step": 0}
    chosen = json.loads(settings.read_text()) if settings.exists() else kept["settings"]
    late = lines[-RECENT:]
    spent = max(1e-9, sum(record["seconds"] for record in late))
    last = int(late[-1]["step"])
    steps = int(chosen["steps"])
    if minutes := chosen.get("minutes"):
        left = max(0.0, 60 * minutes - sum(record["seconds"] for record in lines))
        steps = min(steps, last + round(left * len(late) / spent))
    return Status(
        step=last,
        steps=steps,
        saved=int(kept["step"]),
        tokens=int(sum(record["tokens"] for record in lines)),
        loss=sum(record["loss"] for record in late) / len(late),
        pace=sum(record["tokens"] for record in late) / spent,
        seconds=(steps - last) * spent / len(late),
    )


def _records(log: Path) -> list[dict[str, float]]:
    """Return the lines of a log, without a last one that is still being written."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
